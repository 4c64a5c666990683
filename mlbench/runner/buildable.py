"""Whether the losses of a run can be built with the parameters that its suites give them.

It is tried in a process of its own, `python -m mlbench.runner.buildable`, since it loads torch, which the front of
a run never does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlbench.errors import ConfigError
from mlbench.registry import LOSSES, load_plugins
from mlbench.suite import Cell, LossChoice


def check_losses(cells: Iterable[Cell], plugins: Sequence[Path]) -> None:
    """Raise ConfigError for a loss that refuses its parameters, or whose file does not import.

    Built-in losses with their own defaults are known to be built: where there are no others nothing is tried.
    """
    open_question = {
        (cell.suite, cell.loss.id, json.dumps(dict(cell.loss.parameters))): cell.loss
        for cell in cells
        if _open(cell.loss)
    }
    if not open_question:
        return
    asked = {
        "plugins": [str(file) for file in plugins],
        "losses": [[choice.name, dict(choice.parameters)] for choice in open_question.values()],
    }
    tried = subprocess.run(
        [sys.executable, "-m", "mlbench.runner.buildable"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode:
        # It died, of no loss's fault that could be told from here: the cells will say.
        return
    for (suite, loss, _), problem in zip(
        open_question, json.loads(tried.stdout.splitlines()[-1]), strict=True
    ):
        if problem:
            raise ConfigError(f"suite {suite!r}, losses, {loss!r}: {problem}")


def _open(choice: LossChoice) -> bool:
    """Whether it is a question if it can be built. The protocol's reduction is none: its values are known."""
    declared = LOSSES.describe(choice.name)
    defaults = {parameter.name: parameter.default for parameter in declared.parameters}
    own = {name: value for name, value in choice.parameters.items() if name != "reduction"}
    return declared.origin != "built in" or any(defaults[name] != value for name, value in own.items())


def _problem(name: str, parameters: Mapping[str, Any]) -> str:
    """Why a loss cannot be built; "" where it can."""
    try:
        LOSSES.build(name, **parameters)
    except (ConfigError, ValueError) as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main() -> None:
    """Read what to build from standard input; write the problems, or "", as a JSON list on the last line."""
    asked = json.load(sys.stdin)
    load_plugins(Path(file) for file in asked["plugins"])
    print("\n" + json.dumps([_problem(name, parameters) for name, parameters in asked["losses"]]))


if __name__ == "__main__":
    main()
