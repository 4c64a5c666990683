"""Writing the files to start from: what they may be called, and where they go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlbench.errors import ConfigError, UnknownNameError
from mlbench.registry import DATASETS, ENCODERS, LOSSES, METRICS, Registry
from mlbench.scaffolds import dataset, encoder, loss, metric

LOADING = """from mlbench.registry import load_plugins

load_plugins([Path(__file__).with_name("NAME.py")])
"""
"""What the test of a loose file holds in place of the line `# LOADING`."""


@dataclass(frozen=True)
class Scaffold:
    """What is written for one kind of contribution.

    - `registry`: where its names are.
    - `home`: the folder of mlbench that it belongs to.
    - `code`: the file, with NAME and CLASS where its name and its class's stand.
    - `test`: its test, likewise, with the lines PATH and LOADING where a loose file is loaded.
    """

    registry: Registry[Any]
    home: str
    code: str
    test: str


SCAFFOLDS: Mapping[str, Scaffold] = {
    "loss": Scaffold(LOSSES, "losses", loss.CODE, loss.TEST),
    "dataset": Scaffold(DATASETS, "datasets/sources", dataset.CODE, dataset.TEST),
    "metric": Scaffold(METRICS, "metrics/builtin", metric.CODE, metric.TEST),
    "encoder": Scaffold(ENCODERS, "models/encoders", encoder.CODE, encoder.TEST),
}


def write(kind: str, name: str, folder: Path | None = None) -> list[Path]:
    """Write a file of this kind and its test, and return the two; as they stand they pass `mlbench check`.

    Both go into `folder`, as a loose file for `--plugin`. Without one, in a checkout of mlbench they go where
    its own stand, else into the current folder. Raises ConfigError for a kind that there is not, a name that is no
    Python name in lower case or is taken, or a file that is there.
    """
    if kind not in SCAFFOLDS:
        raise UnknownNameError("kind of contribution", kind, SCAFFOLDS)
    scaffold = SCAFFOLDS[kind]
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ConfigError(
            f"{name!r} cannot name a {kind}: use lower-case letters, digits and _, a letter first"
        )
    if name in scaffold.registry:
        raise ConfigError(f"{kind} {name!r} is already registered; choose another name")
    here = Path.cwd()
    in_tree = folder is None and (here / "mlbench/losses/base.py").is_file()
    code, test = (here / top / scaffold.home if in_tree else folder or here for top in ("mlbench", "tests"))
    files = {
        code / f"{name}.py": filled(scaffold.code, name),
        test / f"test_{name}.py": filled(_loading(scaffold.test, loose=not in_tree), name),
    }
    for file in files:
        if file.exists():
            raise ConfigError(f"{file} is there already; choose another name or folder")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return list(files)


def filled(text: str, name: str) -> str:
    """The text of a scaffold, for this name."""
    return text.replace("NAME", name).replace("CLASS", "".join(map(str.capitalize, name.split("_"))))


def _loading(test: str, *, loose: bool) -> str:
    path = "from pathlib import Path\n\n" if loose else ""
    return test.replace("# PATH\n", path).replace("# LOADING\n", LOADING if loose else "")
