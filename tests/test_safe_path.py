"""A folder that is full of traps: modules of every name that anything imports. No command runs one of them."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.runner.conftest import FOLDER

ROOT = Path(__file__).parents[1]
SUITE = """
name = "toys"
seeds = [0, 1]
fractions = [1.0]
losses = [{ name = "sibling_loss" }, { name = "bce" }]
[train]
epochs = 1
min_steps = 2
batch_size = 32
probe_steps = 5
evaluations = 1
[[datasets]]
name = "synthetic-features"
samples = 200
labels = 9
encoder = "features"
"""
PLUGIN = '''
import mlbench
from torch.nn.functional import binary_cross_entropy_with_logits

from helper_of_mine import double


@mlbench.register_loss("sibling_loss")
class SiblingLoss(mlbench.Loss):
    """Twice the binary cross-entropy. | Nobody, 2026"""

    needs = {"logits"}
    search_space = {}

    def forward(self, out, targets):
        return double(binary_cross_entropy_with_logits(out.logits, targets.to(out.logits.dtype)))
'''


@pytest.fixture
def trapped(tmp_path: Path) -> Path:
    """A folder with a trap for every module there is, and a plugin that imports a module beside it."""
    trap = f"open({str(tmp_path / 'caught')!r}, 'a').write(__name__ + '\\n')\nraise ImportError('a trap')\n"
    folder = tmp_path / "here"
    folder.mkdir()
    named = {*sys.stdlib_module_names, *packages_distributions(), "tensorflow", "flax", "cupy"}
    # What Python itself imports to find `-m mlbench` is beyond mlbench's reach.
    first = subprocess.check_output(
        [sys.executable, "-I", "-c", "import runpy, sys; print(*sys.modules)"], text=True
    )
    for name in named - set(first.split()) - {"mlbench"}:
        if name.isidentifier():
            (folder / f"{name}.py").write_text(trap)
    (folder / "matplotlibrc").write_text("text.usetex: True\n")
    (folder / ".pdbrc").write_text(f"!open({str(tmp_path / 'caught')!r}, 'a').write('pdbrc')\n")
    (folder / "helper_of_mine.py").write_text("def double(value):\n    return 2 * value\n")
    (folder / "mine.py").write_text(PLUGIN)
    (folder / "toys.toml").write_text(SUITE)
    return folder


def mlbench(
    folder: Path,
    *arguments: str,
    code: int = 0,
    start: tuple[str, ...] = ("-m", "mlbench"),
    places: str = str(ROOT),
) -> str:
    """`python -m mlbench` in a folder, which leads the path then, with `places` as PYTHONPATH."""
    environment = {**os.environ, "PYTHONPATH": places, "MLBENCH_OFFLINE": "1"}
    environment.pop("PYTHONSAFEPATH", None)
    done = subprocess.run(
        [sys.executable, *start, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    caught = folder.parent / "caught"
    assert not caught.exists(), f"{arguments}: {caught.read_text()}"
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_what_starts_at_once_runs_nothing_of_the_current_folder(trapped: Path) -> None:
    assert "asl" in mlbench(trapped, "list", "losses")
    assert mlbench(trapped, "--help", start=("-m", "mlbench.cli"))


@pytest.mark.parametrize("places", [f":{ROOT}", f"{ROOT}:", f"/nowhere::{ROOT}"])
def test_an_empty_part_of_the_path_is_not_the_current_folder(trapped: Path, places: str) -> None:
    assert "asl" in mlbench(trapped, "list", "losses", places=places)
    # The command `mlbench`: a file of that name, beside which nothing lies.
    command = trapped.parent / "bin" / "mlbench"
    command.parent.mkdir()
    command.write_text("from mlbench.__main__ import main\nmain()\n")
    assert "asl" in mlbench(trapped, str(command), "list", "losses", start=(), places=places)


def test_no_child_has_an_empty_part_of_the_path(trapped: Path, tmp_path: Path) -> None:
    """`doctor` asks a process of its own whether torch can be imported."""
    code = (
        "import os; from mlbench.safe_path import guard_children, safe_variables; "
        "print(safe_variables()['PYTHONPATH']); guard_children(); print(os.environ['PYTHONPATH'])"
    )
    said = mlbench(tmp_path, code, start=("-P", "-c"), places=f":{ROOT}::/nowhere:")
    assert said.splitlines() == [f"{ROOT}:/nowhere"] * 2
    assert "hub" in mlbench(trapped, "doctor", places=f":{ROOT}")


@pytest.mark.parametrize("part", [".", "{here}"])
def test_a_folder_that_is_named_stays_on_the_path(tmp_path: Path, part: str) -> None:
    (tmp_path / "mlbench_of_mine.py").write_text("")
    script = tmp_path / "bin" / "mlbench"
    script.parent.mkdir()
    script.write_text("import mlbench\nimport mlbench_of_mine\nprint('there')\n")
    places = f":{part.format(here=tmp_path)}:{ROOT}"
    assert mlbench(tmp_path, str(script), start=(), places=places) == "there\n"


@pytest.mark.slow
def test_no_command_runs_what_lies_in_the_current_folder(trapped: Path) -> None:
    run = ("run", "toys.toml", "--plugin", "mine.py", "--device", "cpu")
    mlbench(trapped, "plan", "toys.toml", "--plugin", "mine.py")
    mlbench(trapped, *run, "--jobs", "2")
    cells = sorted((trapped / "results" / "toys" / "cells").iterdir())
    assert len(cells) == 4
    plugin = ("--plugin", "mine.py")
    for arguments in (
        ("status", "results"),
        ("rescore", "results", *plugin),
        ("report", "results", "-o", "out", "--cells", *plugin),
        ("pack", "results"),
        ("compare", "bce", "sibling_loss", "--results", "results"),
        ("recommend", "--like", "synthetic-features", "--results", "results"),
        ("cell", str(cells[0]), "--pdb", *plugin),
        ("verify", "results", "--cells", "1", *plugin),
        ("list", "datasets"),
        ("list", "encoders"),
        ("list", "metrics"),
        ("list", "suites"),
        ("show", "loss", "asl"),
        ("show", "loss", "sibling_loss", *plugin),
        ("check", "loss", "sibling_loss", *plugin),
        ("describe", "synthetic-features"),
        ("cache", "list"),
        ("new", "loss", "another_loss"),
        ("fetch", "toys.toml", *plugin),
    ):
        mlbench(trapped, *arguments)
    mlbench(trapped, "doctor", code=0)


@pytest.mark.slow
def test_a_loky_process_and_its_tracker_run_nothing_of_the_current_folder(trapped: Path) -> None:
    code = (
        "import sys\n"
        "sys.path = [place for place in sys.path if place]\n"
        "from mlbench.safe_path import guard_children\n"
        "guard_children()\n"
        "from joblib import Parallel, delayed\n"
        "print(Parallel(n_jobs=2)(delayed(abs)(-n) for n in range(2)))\n"
    )
    assert mlbench(trapped, "-c", code, start=("-P",)) == "[0, 1]\n"
    assert FOLDER.is_dir()
