"""mlbench: which loss should I train a multi-label classifier with?

The public names are loaded when they are first used, so that `import mlbench` costs nothing.

Tested elsewhere than in a file of their own name:

    errors: tests/test_registry.py
    folders: tests/cli/test_folder_datasets.py
    properties: tests/losses/test_conformance.py
    search_space: tests/suite/tuning/test_trials.py
"""

import sys

if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:
    # `python -m mlbench…`: Python has put the current folder first on the path, and what lies there may be called
    # `typing.py`. It goes before anything is imported, so there is no `from __future__` above.
    del sys.path[0]

if sys.argv and sys.argv[0].replace("\\", "/").rpartition("/")[2] in ("-m", "mlbench", "mlbench.exe"):
    from mlbench.safe_path import leave_folder_out

    leave_folder_out()

    # Until `__main__` can catch it, Ctrl-C would show a traceback of whatever is being imported.
    def _quiet(kind: type[BaseException], *rest: object) -> None:
        if kind is not KeyboardInterrupt:
            sys.__excepthook__(kind, *rest)  # type: ignore[arg-type]

    sys.excepthook = _quiet

import importlib
from typing import TYPE_CHECKING, Any

from mlbench.version import __version__

if TYPE_CHECKING:
    from mlbench.losses.base import GaussianKernels, LabelStats, Loss, Memory, Outputs
    from mlbench.records import load_records
    from mlbench.records.stored_scores import load_scores
    from mlbench.report import report as make_report
    from mlbench.runner.one_suite import run_suite
    from mlbench.search_space import Choice, Int, LogUniform, Uniform
    from mlbench.tryout.trial import try_data

_HOMES = {
    "Choice": "mlbench.search_space",
    "Int": "mlbench.search_space",
    "LogUniform": "mlbench.search_space",
    "Uniform": "mlbench.search_space",
    "GaussianKernels": "mlbench.losses.base",
    "LabelStats": "mlbench.losses.base",
    "Loss": "mlbench.losses.base",
    "Memory": "mlbench.losses.base",
    "Outputs": "mlbench.losses.base",
    "load_records": "mlbench.records",
    "load_scores": "mlbench.records.stored_scores",
    "run_suite": "mlbench.runner.one_suite",
    "try_data": "mlbench.tryout.trial",
}
_RENAMED = {"make_report": ("mlbench.report", "report")}
_REGISTERS = {
    "register_loss": "LOSSES",
    "register_dataset": "DATASETS",
    "register_encoder": "ENCODERS",
    "register_metric": "METRICS",
    "register_claim": "CLAIMS",
}

__all__ = [
    "Choice",
    "GaussianKernels",
    "Int",
    "LabelStats",
    "LogUniform",
    "Loss",
    "Memory",
    "Outputs",
    "Uniform",
    "__version__",
    "build_loss",
    "load_records",
    "load_scores",
    "make_report",
    "register_claim",
    "register_dataset",
    "register_encoder",
    "register_loss",
    "register_metric",
    "run_suite",
    "try_data",
]


def build_loss(name: str, /, **parameters: Any) -> "Loss":
    """A loss by its registered name: `build_loss("asl", gamma_neg=2)`.

    With `reduction="none"`, which is for training loops outside mlbench, an elementwise loss gives its terms [B, L].
    Raises UnknownNameError for a name that is not registered, ConfigError for a parameter that the loss
    does not have or a value of the wrong type.
    """
    from mlbench.registry import LOSSES

    if parameters.get("reduction") == "none":
        from mlbench.losses.parts.unreduced import unreduced

        return unreduced(LOSSES.build(name, **{**parameters, "reduction": "sum"}), name)
    loss: Loss = LOSSES.build(name, **parameters)
    return loss


def __getattr__(name: str) -> Any:
    if name in _REGISTERS:
        registry = getattr(importlib.import_module("mlbench.registry"), _REGISTERS[name])
        return registry.register
    if name in _RENAMED:
        home, called = _RENAMED[name]
        return getattr(importlib.import_module(home), called)
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mlbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
