"""The code that a result depends on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mlbench.code import modules
from mlbench.code.declarations import PACKAGE_FOLDER, read_declarations
from mlbench.code.modules import code_hash, is_current


@pytest.fixture
def losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's losses that stands for them."""
    package = tmp_path / "mlbench"
    shutil.copytree(PACKAGE_FOLDER / "losses", package / "losses")
    monkeypatch.setattr(modules, "PACKAGE_FOLDER", package)
    return package / "losses"


def hash_of(file: Path) -> str:
    modules._code_hash.cache_clear()
    (declaration,) = read_declarations(file, "register_loss")
    return code_hash(declaration)


NAMES = ("msc", "asl", "kmcl")


def hashes(losses: Path) -> list[str]:
    return [hash_of(losses / f"{name}.py") for name in NAMES]


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_loss_s_code_is_its_definition_and_what_that_reaches(losses: Path) -> None:
    """A constant of a helper makes stale what uses it and nothing else, and back again."""
    before = hashes(losses)
    assert before == hashes(losses)
    assert len(set(before)) == 3
    edit(losses / "parts/masking.py", "/ mask.sum().clamp(min=1)", "/ mask.sum().clamp(min=2)")
    assert [one == other for one, other in zip(before, hashes(losses), strict=True)] == [False, True, True]
    edit(losses / "parts/contrast.py", "shared.fill_diagonal_(0)", "shared.fill_diagonal_(1)")
    assert [one == other for one, other in zip(before, hashes(losses), strict=True)] == [False, True, False]
    edit(losses / "parts/contrast.py", "shared.fill_diagonal_(1)", "shared.fill_diagonal_(0)")
    edit(losses / "parts/masking.py", "/ mask.sum().clamp(min=2)", "/ mask.sum().clamp(min=1)")
    assert hashes(losses) == before


def test_code_that_gave_the_same_results_is_named(losses: Path) -> None:
    """A hash that `same_results` names is current, and to name it changes no hash."""
    file = losses / "asl.py"
    before = hash_of(file)
    edit(file, "    search_space = {", "    another = 1\n    search_space = {")
    (declaration,) = read_declarations(file, "register_loss")
    after = hash_of(file)
    assert after != before
    assert not is_current(declaration, before)
    edit(file, "    search_space = {", f'    same_results = {{"{before}": "why"}}\n    search_space = {{')
    assert hash_of(file) == after
    (declaration,) = read_declarations(file, "register_loss")
    assert is_current(declaration, before)
    assert is_current(declaration, after)
    assert not is_current(declaration, "another")
    assert not is_current(declaration, None)


def test_comments_docstrings_and_layout_make_nothing_stale(losses: Path) -> None:
    before = hashes(losses)
    for file in losses.rglob("*.py"):
        text = (
            file.read_text(encoding="utf-8")
            .replace('"""', '"""Edited. ', 1)
            .replace("\n\n", "\n\n\n# A remark.\n")
        )
        file.write_text(f"# Another.\n{text}# And one more.\n", encoding="utf-8")
    edit(losses / "base.py", '    """Raised by hand', '    """Edited. Raised by hand')
    edit(losses / "asl.py", "    return -q_m.log() if", "    # A remark.\n    return -q_m.log()   if")
    assert hashes(losses) == before


def test_what_is_tried_of_a_loss_makes_nothing_stale(losses: Path) -> None:
    """Nor what it is held against; what it reads and how does."""
    before = hashes(losses)
    edit(losses / "asl.py", "search_space = {", 'search_space = {"eps": Choice(1e-8, 1e-7), ')
    edit(losses / "base.py", "search_space: ClassVar[", "identities: ClassVar[")
    edit(losses / "kmcl.py", "without_effect = {", 'without_effect = {"focus_grad": {"clip": 0.0}, ')
    assert hashes(losses) == before
    edit(losses / "asl.py", 'accepts = {"known"}', "accepts = set()")
    assert [one == other for one, other in zip(before, hashes(losses), strict=True)] == [True, False, False]


def test_a_constant_makes_stale_the_losses_that_reach_it(losses: Path) -> None:
    before = hashes(losses)
    edit(losses / "asl.py", "clamp(min=eps)", "clamp(min=2 * eps)")
    assert [one == other for one, other in zip(before, hashes(losses), strict=True)] == [True, False, False]
    edit(losses / "base.py", "dtype = torch.float32", "dtype = torch.float64")
    assert not set(before) & set(hashes(losses))


def test_a_definition_that_moves_makes_nothing_stale(losses: Path) -> None:
    """Straight to where it goes, behind a module that hands it on, and the loss itself within its file."""
    before = hashes(losses)
    shared = losses / "asl.py"
    text = shared.read_text(encoding="utf-8")
    start = text.index("def focused(")
    helper = text[start:]
    (losses / "elsewhere.py").write_text(
        "from torch import Tensor\nfrom mlbench.losses.parts.elementwise import power\n\n\n" + helper,
        encoding="utf-8",
    )
    for imported in (
        "from mlbench.losses.elsewhere import focused",
        "from mlbench.losses.handed import focused",
        "from mlbench.losses.handed import *",
        "from .elsewhere import focused",
    ):
        (losses / "handed.py").write_text("from mlbench.losses.elsewhere import focused\n")
        head = text[:start].replace(
            "from mlbench.losses.base import", f"{imported}\nfrom mlbench.losses.base import"
        )
        shared.write_text(head, encoding="utf-8")
        assert hashes(losses) == before, imported
    first, second = text[:start], text[start:]
    place = first.index("@register_loss")
    shared.write_text(f"{first[:place]}{second}\n\n{first[place:]}", encoding="utf-8")
    assert hashes(losses) == before
    edit(losses / "elsewhere.py", "if gamma == 0", "if gamma == 1")
    shared.write_text(head, encoding="utf-8")
    assert [one == other for one, other in zip(before, hashes(losses), strict=True)] == [True, False, False]


REACHING = """
{imports}

BASE = 1
if BASE:
    SCALE = 2
TABLE = {{}}
TABLE["a"] = SCALE

@register_loss("mine")
class Mine:
    needs = {{"logits"}}

    def forward(self, x):
        {body}
"""


@pytest.mark.parametrize(
    ("imports", "body", "edited"),
    [
        ("", "return SCALE", ("mine.py", "SCALE = 2", "SCALE = 3")),
        ("", "return TABLE", ("mine.py", "SCALE = 2", "SCALE = 3")),
        ("", "return TABLE", ("mine.py", 'TABLE["a"]', 'TABLE["b"]')),
        (
            "import mlbench.losses.parts.one",
            "return mlbench.losses.parts.one.f(x)",
            ("parts/one.py", "7", "8"),
        ),
        ("import mlbench.losses.parts.one as o", "return o.f(x)", ("parts/one.py", "7", "8")),
        ("from mlbench.losses.parts import one", "return one.f(x)", ("parts/one.py", "7", "8")),
        ("from mlbench.losses.parts import one", "return vars(one)", ("parts/one.py", "9", "8")),
        ("from mlbench.losses.parts import f", "return f(x)", ("parts/one.py", "7", "8")),
        ("from .parts.one import f as g", "return g(x)", ("parts/one.py", "7", "8")),
        ("from . import parts", "return parts.h(x)", ("parts/__init__.py", "5", "6")),
        ("", "from mlbench.losses.parts.one import f; return f(x)", ("parts/one.py", "7", "8")),
        ("import mlbench.losses.parts.one as o", "return o.f(x)", ("parts/one.py", "print(1)", "print(2)")),
    ],
)
def test_whatever_way_a_definition_is_reached(
    imports: str, body: str, edited: tuple[str, str, str], losses: Path
) -> None:
    (losses / "parts").mkdir(exist_ok=True)
    (losses / "parts" / "one.py").write_text(
        "from mlbench.losses.parts import h\nK = 7\nprint(1)\ndef f(x): return h(x) * K\ndef other(): return 9\n"
    )
    (losses / "parts" / "__init__.py").write_text(
        "from mlbench.losses.parts.one import f\ndef h(x): return 5 if x else f(x)\n"
    )
    file = losses / "mine.py"
    file.write_text(REACHING.format(imports=imports, body=body))
    before = hash_of(file)
    edit(losses / "parts" / "one.py", "def other(): return 9", "def other():\n    return 9  # untouched")
    assert hash_of(file) == before
    edit(losses / edited[0], edited[1], edited[2])
    assert hash_of(file) != before


def test_a_loose_file_stands_for_itself(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(
        "from mlbench.losses.parts.contrast import ContrastiveLoss\n"
        "@register_loss('own')\nclass Own(ContrastiveLoss): ...\n"
    )
    (declaration,) = read_declarations(file, "register_loss")
    assert code_hash(declaration) == declaration.source_hash
