"""A run in a process of its own, for tests that interrupt or kill it: `python -m tests.runner.driver JSON`.

The JSON holds `acts`, the rest of `make_suite`'s arguments as `suite`, and `options`; what the run came to is
printed as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlbench.registry import load_plugins
from mlbench.runner import RunOptions, run_suites
from tests.runner.conftest import PLUGINS, make_suite

ROOT = Path(__file__).parents[2]


def command(results: Path, acts: list[Any], suite: dict[str, Any] | None = None, **options: Any) -> list[str]:
    """The command line of a driver."""
    request = {"acts": acts, "suite": suite or {}, "options": {**options, "results": str(results)}}
    return [sys.executable, "-m", "tests.runner.driver", json.dumps(request)]


def start(results: Path, acts: list[Any], before: Sequence[str] = (), **rest: Any) -> subprocess.Popen[str]:
    """Start a driver, `before` being a command that starts it; its output is text."""
    return subprocess.Popen(
        [*before, *command(results, acts, **rest)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )


def main() -> None:
    request = json.loads(sys.argv[1])
    load_plugins(PLUGINS)
    acts = [tuple(act) if isinstance(act, list) else act for act in request["acts"]]
    settings = {
        "engine": "loky",
        "device": "cpu",
        "progress": "plain",
        "cell_function": "tests.runner.faults:run_cell",
        **request["options"],
    }
    settings["results"] = Path(settings["results"])
    if "retry" in settings:
        settings["retry"] = tuple(settings["retry"])
    options = RunOptions(plugins=PLUGINS, **settings)
    summary = run_suites([make_suite(*acts, **request["suite"])], options)
    print(json.dumps(summary.describe()))
    sys.exit(summary.exit_code)


if __name__ == "__main__":
    main()
