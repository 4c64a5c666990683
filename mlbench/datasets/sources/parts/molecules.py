"""Molecules by their SMILES: fingerprints as RDKit, an optional library, draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mlbench.errors import DataError

BITS, RADIUS = 1024, 2


class Molecule(NamedTuple):
    """The canonical SMILES, and the Morgan fingerprint, float32 [1024] of 0 and 1."""

    smiles: str
    fingerprint: npt.NDArray[np.float32]


def molecule_reader() -> Callable[[str], Molecule | None]:
    """A function from SMILES to a molecule; None for SMILES that cannot be read.

    Raises DataError where RDKit is not installed.
    """
    try:
        from rdkit import Chem, RDLogger
        from rdkit.Chem import rdFingerprintGenerator
    except ImportError:
        raise DataError(
            'fingerprints of molecules need RDKit: `pip install "mlbench[molecules]"`, then fetch it again'
        ) from None
    RDLogger.DisableLog("rdApp.*")
    generator: Any = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)

    def read(smiles: str) -> Molecule | None:
        found: Any = Chem.MolFromSmiles(smiles)
        if found is None:
            return None
        fingerprint = generator.GetFingerprintAsNumPy(found).astype(np.float32)
        return Molecule(Chem.MolToSmiles(found), fingerprint)

    return read


def split_name(fingerprint: npt.NDArray[np.float32]) -> str:
    """What a molecule is dealt to a split by: molecules of one fingerprint stay together."""
    return fingerprint.astype("<f4").tobytes().hex()
