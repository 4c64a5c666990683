"""`ral` against sums written from its formula: APL with Hill's factor on the negatives."""

from __future__ import annotations

from typing import Any

import pytest

from tests.losses.harness import assert_agrees
from tests.losses.test_apl import CASES, reference


@pytest.mark.parametrize("lam", [1.0, 1.5])
@pytest.mark.parametrize("given", [*CASES, {"focus_grad": False}])
def test_agrees_with_the_formula(given: dict[str, Any], lam: float) -> None:
    given = {"focus_grad": True, **given, "lam": lam}
    assert_agrees("ral", lambda out, y: reference(out, y, **given), **given)
