"""What `--column` says."""

from __future__ import annotations

import pytest

from mlbench.cli.options import read_columns


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("labels= tags", " tags"),
        ("separator= ", " "),
        ("separator=\t", "\t"),
        ("separator=; ", "; "),
        ("labels = tags", "tags"),
        ('labels = " tags"', " tags"),
        ("text=true", "true"),
        ('labels=["a", "b"]', ["a", "b"]),
        ("na_values=[]", []),
    ],
)
def test_blanks_that_matter_are_kept(typed: str, value: object) -> None:
    assert read_columns([typed], names=True) == {typed.partition("=")[0].strip(): value}
