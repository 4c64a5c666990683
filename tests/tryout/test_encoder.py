from mlbench.tryout.encoder import is_english


def test_english_is_told_from_other_languages_by_its_small_words() -> None:
    assert is_english(["The printer on the third floor does not answer, and they have asked for it twice."])
    assert not is_english(
        ["Der Drucker im dritten Stock antwortet nicht, und sie haben schon zweimal gefragt."]
    )
    assert not is_english(
        ["A impressora do terceiro andar não responde, e já perguntaram duas vezes por ela."]
    )
    assert not is_english(["음료가 몇푼이나 한다고", ""])
