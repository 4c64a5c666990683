"""How precisely a file of scores keeps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlbench.records.scores import enough
from tests.runner.test_rescore import damage


@pytest.mark.parametrize("kept", ["float16", "float32"])
def test_a_file_is_enough_where_it_is_at_least_as_precise(kept: str, tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    np.savez_compressed(file, test_logits=np.ones((4, 3), kept))
    assert enough(file, "none")
    assert enough(file, "float16")
    assert enough(file, "float32") == (kept == "float32")


def test_a_file_that_is_damaged_or_not_there_is_not_enough(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    assert not enough(file, "float16")
    np.savez_compressed(file, test_logits=np.random.default_rng(0).normal(size=(40, 30)))
    damage(file)
    assert not enough(file, "float16")
    assert enough(file, "none")
