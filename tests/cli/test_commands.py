"""The commands as a user gives them: real processes, real files, exit codes and messages."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

TINY = """
name = "tiny"
description = "Seconds"
seeds = [0]
fractions = [0.5, 1.0]
losses = ["bce", "supcon"]

[train]
epochs = 1
min_steps = 6
batch_size = 32
probe_steps = 20
evaluations = 1

[[datasets]]
name = "synthetic-features"
samples = 300
labels = 9
encoder = "features"
"""

CLAIM = """
import mlbench
from mlbench.report.claims import contest


@mlbench.register_claim("loose")
def loose(analysis):
    \"\"\"A claim in a loose file. | Somebody, 2026\"\"\"
    return contest(analysis, "map", ["supcon"], ["bce"])
"""


def mlbench(*arguments: str, cwd: Path | None = None, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command; its exit code must be `code`."""
    done = subprocess.run(
        [sys.executable, "-m", "mlbench", *arguments], cwd=cwd, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.toml"
    file.write_text(TINY)
    return file


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    shown = mlbench("--help").stdout
    for command in ("run", "plan", "status", "report", "list", "show", "check", "new"):
        assert command in shown
    code = (
        "import sys\n"
        "import mlbench.cli\n"
        "heavy = {'torch', 'numpy', 'pandas', 'pydantic', 'rich', 'matplotlib', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "losses"),
        ("list", "datasets"),
        ("list", "metrics", "--json"),
        ("show", "loss", "asl"),
        ("plan", "quick"),
        ("status", "{results}"),
    ],
)
def test_what_only_looks_loads_no_torch(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "quick" / "cells").mkdir(parents=True)
    given = [argument.format(results=tmp_path) for argument in arguments]
    code = (
        "import sys\n"
        f"sys.argv = ['mlbench', *{given!r}]\n"
        "from mlbench.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=tmp_path)


def test_the_version_and_the_claims_are_said() -> None:
    assert mlbench("--version").stdout.strip() == version("mlbench")
    claims = json.loads(mlbench("list", "claims", "--json").stdout)
    assert "kmcl-beats-asl" in [claim["name"] for claim in claims]


def test_run_again_and_report(suite: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    given = ("run", str(suite), "--results", str(results), "--jobs", "1", "--device", "cpu")
    first = mlbench(*given)
    assert "4" in first.stdout + first.stderr
    cells = results / "tiny" / "cells"
    stamps = {file.name: file.stat().st_mtime_ns for file in cells.iterdir()}
    assert len(stamps) == 4
    mlbench(*given)
    assert {file.name: file.stat().st_mtime_ns for file in cells.iterdir()} == stamps, "nothing is done twice"
    planned = json.loads(mlbench("plan", str(suite), "--results", str(results), "--json").stdout)
    assert planned["states"] == {"done": 4}
    assert planned["to_train"] == 0
    assert planned["gpu_hours"]["hours"] == 0
    assert {claim["name"]: claim["decidable"] for claim in planned["claims"]}["kmcl-beats-asl"] is False
    assert {cell["id"] + ".json" for cell in planned["cells"]} == set(stamps)
    assert "4" in mlbench("status", str(results)).stdout
    redone = ("--rerun", "all", "--slots-per-device", "2", "--time-limit", "1h", "--checkpoint-every", "none")
    planned = json.loads(mlbench("plan", str(suite), "--results", str(results), *redone, "--json").stdout)
    assert planned["to_train"] == 4, "plan says what run would do with the same options"
    claim = tmp_path / "claim.py"
    claim.write_text(CLAIM)
    page = mlbench("report", str(results), "-o", str(tmp_path / "report"), "--plugin", str(claim)).stdout
    assert "A claim in a loose file." in (tmp_path / "report" / "report.md").read_text()
    assert (tmp_path / "report" / "index.html").stat().st_size > 10_000
    assert "index.html" in page
    late = tmp_path / "late"
    shutil.copytree(results, late)
    for file in late.rglob("*.npz"):
        file.unlink()
    said = mlbench("pack", str(late))
    assert "4 records, 0 of them with bootstrap replicates" in said.stdout
    assert "without replicates: 4 finished cells" in said.stderr
    packed = mlbench("pack", str(results))
    assert "4 records, 4 of them with bootstrap replicates" in packed.stdout
    assert packed.stderr == ""
    for file in cells.iterdir():
        file.unlink()
    again = json.loads(mlbench("plan", str(suite), "--results", str(results), "--json").stdout)
    assert again["states"] == {"done": 4}, "packed records count as done"


def test_a_plan_says_which_claims_could_be_decided(tmp_path: Path) -> None:
    shown = mlbench("plan", "quick", cwd=tmp_path).stdout
    assert "claims that these cells could decide: none" in shown
    assert "not kmcl-beats-asl: Too few families" in shown


def test_a_loss_that_the_suite_lacks_is_added(suite: Path, tmp_path: Path) -> None:
    mlbench("new", "loss", "fresh", "--folder", str(tmp_path))
    given = (
        "plan",
        str(suite),
        "--plugin",
        str(tmp_path / "fresh.py"),
        "--loss",
        "fresh",
        "--loss",
        "bce",
        "--json",
    )
    cells = json.loads(mlbench(*given, cwd=tmp_path).stdout)["cells"]
    assert {cell["loss"] for cell in cells} == {"fresh", "bce"}


def test_filters_and_settings(suite: Path, tmp_path: Path) -> None:
    shown = mlbench("plan", str(suite), "--loss", "bce", "--fraction", "1.0", "--json", cwd=tmp_path)
    assert [cell["loss"] for cell in json.loads(shown.stdout)["cells"]] == ["bce"]
    ids = [
        json.loads(mlbench("plan", str(suite), "--json", *more, cwd=tmp_path).stdout)["cells"][0]["id"]
        for more in ((), ("--set", "train.epochs=2"), ("--set", "train.threads=2"))
    ]
    assert ids[0] == ids[2] != ids[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "{folder}/tinny.toml"), "no such suite, neither a file nor a name; did you mean"),
        (("run", "{suite}", "--loss", "bcee"), "unknown loss of this suite 'bcee'; did you mean 'bce'?"),
        (
            ("run", "{suite}", "--set", "train.epoks=3"),
            "--set train.epoks: unknown key; did you mean 'train.epochs'",
        ),
        (("run", "{suite}", "--set", "epochs=3"), "--set epochs: unknown key; did you mean 'train.epochs'?"),
        (("run", "{suite}", "--set", "epochs"), "--set epochs: write KEY=VALUE"),
        (("run", "{suite}", "--engine", "lokey"), "--engine lokey: unknown; did you mean 'loky'?"),
        (("run", "{suite}", "--retry", "omm"), "--retry omm: unknown; did you mean 'oom'"),
        (("run", "{suite}", "--time-limit", "soon"), "--time-limit: 'soon' is not a duration"),
        (("run", "{suite}", "--memory-limit", "much"), "'much' is not an amount of memory"),
        (("run", "{suite}", "--plugin", "{folder}/none.py"), "no such file"),
        (("plan", "{suite}", "--results", "{suite}"), "is a file"),
        (("report", "{folder}"), "no results here"),
        (("compare", "bce", "asl", "--plugin", "{folder}/none.py"), "none.py: no such file"),
        (("recommend", "--like", "reuters21578", "--plugin", "{folder}/none.py"), "none.py: no such file"),
        (("status", "{folder}/nowhere"), "no results here"),
        (("list", "loses"), "unknown kind 'loses'; did you mean 'losses'"),
        (("show", "loss", "aslx"), "unknown loss 'aslx'; did you mean 'asl'"),
        (("show", "los", "asl"), "unknown kind 'los'; did you mean 'loss'"),
        (("check", "aslx"), "unknown loss 'aslx'; did you mean 'asl'"),
    ],
)
def test_bad_usage_says_what_and_exits_with_2(
    arguments: tuple[str, ...], message: str, suite: Path, tmp_path: Path
) -> None:
    given = [argument.format(folder=tmp_path, suite=suite) for argument in arguments]
    error = mlbench(*given, cwd=tmp_path, code=2).stderr
    assert message in error
    assert not (tmp_path / "results").exists(), "nothing was started"


def test_data_that_is_not_there_is_said_and_the_rest_is_done(suite: Path, tmp_path: Path) -> None:
    suite.write_text(TINY + '\n[[datasets]]\nname = "go_emotions"\nencoder = "bag"\n')
    empty = tmp_path / "empty"
    empty.mkdir()
    given = (str(suite), "--results", str(tmp_path / "results"), "--data-root", str(empty))
    done = mlbench("run", *given, "--jobs", "1", "--device", "cpu", code=1)
    text = done.stdout + done.stderr
    assert "go_emotions" in text
    assert str(empty / "go_emotions") in text
    assert len(list((tmp_path / "results" / "tiny" / "cells").iterdir())) == 4
    planned = json.loads(mlbench("plan", *given, "--json").stdout)
    assert planned["states"] == {"done": 4, "not fetched": 4}


@pytest.mark.parametrize("damage", ["truncated", "no label", "text is none"])
def test_broken_data_fails_as_data_and_the_rest_goes_on(suite: Path, tmp_path: Path, damage: str) -> None:
    import pandas as pd

    folder = tmp_path / "data" / "reuters21578"
    folder.mkdir(parents=True)
    texts = [f"word{i % 7} word{i % 5}" for i in range(60)]
    labels = [[f"l{i % 3}"] for i in range(60)]
    if damage == "text is none":
        texts[7] = None  # type: ignore[call-overload]
    for split in ("train", "validation", "test"):
        pd.DataFrame({"text": texts, "labels": labels}).to_parquet(folder / f"{split}.parquet")
    if damage == "truncated":
        content = (folder / "test.parquet").read_bytes()
        (folder / "test.parquet").write_bytes(content[: len(content) // 2])
    if damage == "no label":
        (folder / "dataset.toml").write_text('name = "x"\nmodality = "text"\nlabels = ["l0", "l1"]\n')
    suite.write_text(TINY + '\n[[datasets]]\nname = "reuters21578"\nencoder = "bag"\n')
    given = (str(suite), "--results", str(tmp_path / "results"), "--data-root", str(tmp_path / "data"))
    mlbench("run", *given, "--jobs", "1", "--device", "cpu", "--loss", "bce", "--fraction", "1.0", code=1)
    records = [json.loads(file.read_text()) for file in (tmp_path / "results" / "tiny" / "cells").iterdir()]
    failed = [record for record in records if record["status"] == "failed"]
    assert len(records) == 2
    assert {record["error"]["class"] for record in failed} == {"data"}
    assert {record["cell"]["dataset"] for record in failed} == {"reuters21578"}
    assert "reuters21578" in failed[0]["error"]["message"]
    expected = {"truncated": "test.parquet", "no label": "l2", "text is none": "7"}[damage]
    assert expected in failed[0]["error"]["message"]
