from __future__ import annotations

import pytest

from mlbench.errors import ConfigError
from mlbench.runner import RunOptions, parse_size


@pytest.mark.parametrize(
    ("text", "size"), [("800M", 800 * 2**20), ("8G", 2**33), ("1.5GiB", 3 * 2**29), ("2kb", 2048), (77, 77)]
)
def test_sizes(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1G", "0", "eight", "8X"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ConfigError, match="amount of memory"):
        parse_size(text)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"engine": "lokky"}, "did you mean 'loky'"),
        ({"retry": ("ooom",)}, "did you mean 'oom'"),
        ({"rerun": "stael"}, "did you mean 'stale'"),
        ({"jobs": 0}, "--jobs 0"),
        ({"slots_per_device": 0}, "--slots-per-device 0"),
        ({"scheduler": "tcp://x:1"}, "needs --engine dask"),
        ({"engine": "sequential", "jobs": 2}, "one cell at a time"),
    ],
)
def test_bad_options_say_what_is_wrong(given: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        RunOptions(**given)  # type: ignore[arg-type]


def test_retries() -> None:
    assert RunOptions(retry=("failed",)).retries("crash")
    assert RunOptions(retry=("oom", "timeout")).retries("oom")
    assert not RunOptions(retry=("oom",)).retries("crash")
