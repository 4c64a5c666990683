"""The folder that a pull request holds: a suite's records in one file, and what a reader must know of them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlbench.errors import DataError
from mlbench.records import RecordError, Store, stores
from mlbench.runner.submission.checks import Fault, check_records

README = """# {suite}

{cells} cells of the suite `{suite}`, made by mlbench {version} (commit {commit}), TRAINING_VERSION {training}.

- Machine: {machines}
- Packages: {packages}
- Losses: {losses}
- Datasets, each with its fingerprint: {datasets}
- Failed cells: {failed}

`mlbench verify results/{suite}` trains a sample of them again.
"""


def submit(results: Path, output: Path, keys: tuple[str, ...] = ()) -> tuple[list[Path], list[Fault]]:
    """Check the records under `results`, and where all holds write `output/<suite>/` with them, their replicates of the
    metrics `keys`, and a README; returns the folders, and what does not hold.

    Nothing is written where anything does not hold. Raises DataError where there are no results, or `output` has such a
    folder already.
    """
    found = stores(results)
    faults = [fault for store in found for fault in _faults(store)]
    if faults:
        return [], faults
    folders = [output / store.folder.name for store in found]
    for folder in folders:
        if folder.exists():
            raise DataError(f"{folder}: there is one already; name another --output, or remove it")
    for store, folder in zip(found, folders, strict=True):
        packed = store.pack(keys)
        folder.mkdir(parents=True)
        shutil.copyfile(packed, folder / packed.name)
        (folder / "README.md").write_text(_readme(store), encoding="utf-8")
    return folders, []


def _faults(store: Store) -> list[Fault]:
    records, faults = list[dict[str, Any]](), list[Fault]()
    for record in store.records():
        if isinstance(record, RecordError):
            faults.append(Fault(store.folder.name, str(record)))
        else:
            records.append(record)
    return [*faults, *check_records(records)]


def _readme(store: Store) -> str:
    records = [record for record in store.records() if not isinstance(record, RecordError)]
    environments = [record["environment"] for record in records]
    packages = Counter(
        f"{name} {version}"
        for each in environments
        for name, version in each["packages"].items()
        if name != "mlbench"
    )
    data = {
        record["cell"]["dataset"]: (record.get("dataset") or {}).get("fingerprint", "?") for record in records
    }
    failed = Counter(record["error"]["class"] for record in records if record["status"] == "failed")
    return README.format(
        suite=store.folder.name,
        cells=f"{len(records):,}",
        version=_some([each["packages"].get("mlbench", "?") for each in environments]),
        commit=_some([str(each.get("git_commit")) for each in environments]),
        training=_some([str(record["code"]["training"]) for record in records]),
        machines=_some([f"{each['cpu']}, {each['device']}" for each in environments]),
        packages=", ".join(sorted(packages)),
        losses=_some([record["cell"]["loss"]["id"] for record in records]),
        datasets=", ".join(f"{name} ({fingerprint})" for name, fingerprint in sorted(data.items())),
        failed=", ".join(f"{number} {name}" for name, number in failed.items()) or "none",
    )


def _some(values: Sequence[str]) -> str:
    return "; ".join(sorted(set(values)))
