"""A name that the runner gives away is a function or a class, and no module as well."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

import mlbench.runner


@pytest.mark.parametrize("name", mlbench.runner.__all__)
def test_no_name_is_a_module_too(name: str) -> None:
    """`import mlbench.runner.run as r` would otherwise give whichever was bound last."""
    assert find_spec(f"mlbench.runner.{name}") is None
