"""What is read from a source is what the imported class says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlbench.code.declarations import read_declarations
from mlbench.registry import LOSSES


@pytest.mark.parametrize("name", LOSSES.names())
def test_the_source_of_a_loss_says_what_its_class_says(name: str) -> None:
    """A run knows a loss from its source alone: what a base class declares belongs to it."""
    declared, loss = LOSSES.describe(name).attributes, LOSSES.get(name)
    assert set(declared.get("needs", ())) == set(loss.needs)
    assert set(declared.get("accepts", ())) == set(loss.accepts)
    assert declared.get("per_sample", False) == loss.per_sample
    assert declared.get("gathers", False) == loss.gathers
    assert declared.get("version", 1) == loss.version
    assert not LOSSES.describe(name).problems


def test_a_base_class_of_mlbench_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from mlbench.losses.parts.elementwise import ElementwiseLoss as Base\n"
        "from elsewhere import Unknown\n"
        "@register_loss('mine')\n"
        "class Mine(Base, Unknown):\n"
        "    needs = {'logits'}\n"
    )
    (declaration,) = read_declarations(file, "register_loss")
    assert declaration.attributes["per_sample"] is True
    assert [parameter.name for parameter in declaration.parameters] == ["reduction"]
