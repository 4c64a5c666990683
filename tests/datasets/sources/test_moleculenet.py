"""MoleculeNet's sets from imitations of their files."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

from mlbench.datasets.sources.moleculenet import Tox21
from mlbench.errors import DataError
from tests.datasets.sources.imitation import everywhere, get, lay

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* (where its card says|was made with other rows)")


def table(smiles: dict[str, str]) -> bytes:
    head = ",".join(Tox21.labels) + ",mol_id,smiles\n"
    return gzip.compress((head + "".join(f"{cells},T1,{name}\n" for name, cells in smiles.items())).encode())


def test_tox21(tmp_path: Path) -> None:
    """Two writings of one molecule are one row, active where either is; what neither measured is not scored."""
    pytest.importorskip("rdkit")
    ones = ",".join("1" * 12)
    content = {f"{'C' * n}O": ones for n in range(2, 30)}
    content |= {"OC(=O)C": "1," + "," * 10, "CC(O)=O": "0,0," + "," * 9 + "0", "not a molecule": ones}
    dataset = get("tox21", [lay(tmp_path, {"tox21.csv.gz": table(content)})])
    found = everywhere(dataset)
    assert len(found) == 29
    assert found["CC(=O)O"] == {"NR-AR"}
    split = next(split for split in dataset.splits.values() if "CC(=O)O" in split.ids)
    row = split.ids.index("CC(=O)O")
    assert split.unscored is not None
    assert np.flatnonzero(~split.unscored[row]).tolist() == [0, 1, 11]
    assert np.asarray(split.inputs).shape[1] == 1024


def test_without_rdkit_the_remedy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pytest.raises(DataError, match=r'need RDKit: `pip install "mlbench\[molecules\]"`'):
        get("tox21", [lay(tmp_path, {"tox21.csv.gz": table({"CO": ",".join("1" * 12)})})])
