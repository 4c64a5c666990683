"""A result depends on the modules beside the file that registers a loss: a change there makes it another's."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.code.declarations import read_declarations
from mlbench.code.modules import code_hash
from mlbench.code.siblings import fellows
from mlbench.errors import ConfigError

LOSS = """
{imports}
from mlbench.losses import Loss, register_loss

@register_loss("mine")
class Mine(Loss):
    \"\"\"Mine.\"\"\"
"""


def plugin(folder: Path, imports: str, **others: str) -> Path:
    file = folder / "mine.py"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(LOSS.format(imports=imports))
    for name, source in others.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return file


def hash_of(file: Path, *, installed: bool = False) -> str:
    (declaration,) = read_declarations(file, "register_loss", installed=installed)
    assert code_hash(declaration) == declaration.source_hash
    return declaration.source_hash


def test_what_a_loose_file_imports_counts_and_nothing_else_of_its_folder(tmp_path: Path) -> None:
    file = plugin(
        tmp_path,
        "from helper import scaled",
        helper="import deeper\nscaled = 1",
        deeper="x = 1",
        aside="y = 1",
    )
    before = hash_of(file)
    (tmp_path / "aside.py").write_text("y = 2")
    (tmp_path / "helper.py").write_text("import deeper  # a comment\n\nscaled = 1")
    assert hash_of(file) == before
    (tmp_path / "deeper.py").write_text("x = 2")
    changed = hash_of(file)
    (tmp_path / "helper.py").write_text("import deeper\nscaled = 2")
    assert len({before, changed, hash_of(file)}) == 3


def test_a_file_alone_keeps_its_hash(tmp_path: Path) -> None:
    alone = hash_of(plugin(tmp_path / "one", "import math"))
    assert hash_of(plugin(tmp_path / "two", "import math", aside="y = 1")) == alone


@pytest.mark.parametrize(
    "imports",
    [
        "from .parts import masks",
        "from mine_package.parts import masks",
        "from mine_package.parts.masks import cut",
    ],
)
def test_of_a_package_all_modules_that_it_reaches_count(tmp_path: Path, imports: str) -> None:
    package = tmp_path / "mine_package"
    file = plugin(
        package, imports, **{"__init__": "", "parts/__init__": "", "parts/masks": "cut = 1", "aside": "y = 1"}
    )
    before = hash_of(file, installed=True)
    (package / "aside.py").write_text("y = 2")
    assert hash_of(file, installed=True) == before
    (package / "parts" / "masks.py").write_text("cut = 2")
    assert hash_of(file, installed=True) != before


def test_a_loose_file_in_a_package_has_one_hash_wherever_it_is_carried(tmp_path: Path) -> None:
    """With its siblings, and nothing else of the package: that is what a worker gets."""
    package = tmp_path / "mine_package"
    imports = "from mine_package.parts import masks\nimport helper"
    whole = {"__init__": "", "parts/__init__": "", "parts/masks": "cut = 1", "helper": "x = 1"}
    carried = plugin(tmp_path / "cache", imports, helper="x = 1")
    assert hash_of(plugin(package, imports, **whole)) == hash_of(carried)


def test_an_installed_module_of_its_own_is_not_all_that_is_installed_beside_it(tmp_path: Path) -> None:
    file = plugin(tmp_path, "import torch", **{"torch/__init__": "x = 1"})
    before = hash_of(file, installed=True)
    (tmp_path / "torch" / "__init__.py").write_text("x = 2")
    assert hash_of(file, installed=True) == before


def test_modules_that_import_each_other_are_read_once(tmp_path: Path) -> None:
    package = tmp_path / "ring"
    file = plugin(
        package,
        "from . import other",
        __init__="from .mine import Mine",
        other="from ring import mine",
    )
    assert {each.name for each in fellows(file)} == {"__init__.py", "other.py"}


def test_one_that_is_no_python_is_named(tmp_path: Path) -> None:
    file = plugin(tmp_path, "import helper", helper="def")
    with pytest.raises(ConfigError, match=r"helper\.py, line 1: not valid Python"):
        read_declarations(file, "register_loss")
