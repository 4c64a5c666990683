"""Verdicts on synthetic records whose truth is known."""

from pathlib import Path

from mlbench.report.one_dataset.answer import verdicts
from mlbench.report.one_dataset.verdict import Verdict, simplest
from mlbench.report.one_dataset.words import how_sure, in_words
from tests.report.synthetic import World, write

ONE = {"datasets": ("reuters21578",), "fractions": (1.0,), "ceiling": ()}


def _verdict(folder: Path, rope: float = 0.02, **changes: object) -> Verdict:
    (found,) = verdicts([write(folder, World(**{**ONE, **changes}))], rope)  # type: ignore[arg-type]
    return found


def test_equal_losses_are_said_to_be_and_the_simplest_is_taken(tmp_path: Path) -> None:
    losses = {"asl": 0.002, "bce": 0.0, "supcon": -0.2}
    found = _verdict(tmp_path, rope=0.1, losses=losses, noise=0.0005, replicates=100)
    relations = {each.loss: each.relation for each in found.standings}
    assert relations["supcon"] == "worse"
    assert {relations["asl"], relations["bce"]} == {"best", "equal"}
    assert found.take == "bce"
    said = " ".join(in_words(found))
    assert "is practically equal to it" in said
    assert "supcon (−0.2" in said
    assert "Take bce" in said
    assert found.by == "test rows and seeds"


def test_a_best_one_that_all_others_are_worse_than_is_taken(tmp_path: Path) -> None:
    found = _verdict(tmp_path, losses={"asl": 0.1, "bce": 0.0}, noise=0.001, replicates=100)
    assert found.take == "asl"
    assert "asl is better than all others" in in_words(found)[0]
    assert found.settled is None


def test_what_is_not_told_apart_says_how_many_more_test_rows_would_do(tmp_path: Path) -> None:
    losses = {"asl": 0.02, "zlpr": 0.005, "bce": -0.2}
    found = _verdict(tmp_path, losses=losses, noise=0.02, replicates=100)
    assert [each.relation in ("open", "likely") for each in found.standings] == [False, True, False]
    assert found.settled is not None
    assert any("more" in sentence and "apart" in sentence for sentence in in_words(found)[-1:])


def test_one_seed_without_scores_tells_no_interval_and_says_so(tmp_path: Path) -> None:
    found = _verdict(tmp_path, seeds=(0,))
    assert found.by == ""
    assert "nothing says how sure" in how_sure(found)
    assert all("nan" not in sentence for sentence in in_words(found))


def test_one_seed_with_scores_is_by_test_rows_alone(tmp_path: Path) -> None:
    assert _verdict(tmp_path, seeds=(0,), replicates=50).by == "test rows alone"


def test_a_loss_that_failed_is_named_with_the_reason(tmp_path: Path) -> None:
    found = _verdict(tmp_path, failed=[("kmcl", None, None, None)])
    assert found.failed == (("kmcl", "oom"),)
    assert "kmcl has no result: oom." in in_words(found)


def test_the_simplest_is_the_control_then_what_reads_logits_alone_with_fewest_parameters() -> None:
    assert simplest(["asl", "supcon", "bce", "zlpr"]) == "bce"
    assert simplest(["asl", "supcon", "zlpr"]) == "zlpr"
    assert simplest(["supcon", "my-own-loss"]) == "supcon"
