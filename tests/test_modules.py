"""The code that a result depends on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mlbench import modules
from mlbench.declarations import PACKAGE_FOLDER, read_declarations
from mlbench.modules import code_hash


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


def test_a_loss_s_code_is_its_file_and_what_it_uses_of_its_room(losses: Path) -> None:
    names = ("msc", "asl", "kmcl")
    before = [hash_of(losses / f"{name}.py") for name in names]
    assert before == [hash_of(losses / f"{name}.py") for name in names]
    shared = losses / "contrast.py"
    shared.write_text(shared.read_text() + "# edited\n")
    after = [hash_of(losses / f"{name}.py") for name in names]
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True, False]


def test_a_loose_file_stands_for_itself(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(
        "from mlbench.losses.contrast import ContrastiveLoss\n@register_loss('own')\nclass Own(ContrastiveLoss): ...\n"
    )
    (declaration,) = read_declarations(file, "register_loss")
    assert code_hash(declaration) == declaration.source_hash
