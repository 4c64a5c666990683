"""Kinds of files that are not read here, and how each becomes one that is."""

from __future__ import annotations

from pathlib import Path

from mlbench.errors import DataError

_PANDAS = 'python -c "import pandas; pandas.{call}.to_parquet({out!r})"'
_CALLS = {
    ".xls": "read_excel({file!r})",
    ".ods": "read_excel({file!r})",
    ".dta": "read_stata({file!r})",
    ".sav": "read_spss({file!r})",
    ".sas7bdat": "read_sas({file!r})",
    ".orc": "read_orc({file!r})",
    ".h5": "read_hdf({file!r})",
    ".hdf5": "read_hdf({file!r})",
    ".fwf": "read_fwf({file!r})",
    ".xml": "read_xml({file!r})",
    ".pkl": "read_pickle({file!r})",
    ".pickle": "read_pickle({file!r})",
}
_OTHERWISE = {
    ".zip": "unpack it, and name what is in it",
    ".tar": "unpack it, and name what is in it",
    ".7z": "unpack it, and name what is in it",
    ".zst": "unpack it by `zstd -d`",
    ".txt": "where it is a table, call it .csv or .tsv",
    ".npy": "save vectors and labels in one file: `numpy.savez(file, features=…, labels=…)`",
    ".mat": "`scipy.io.loadmat` reads it; write its arrays by `numpy.savez(file, features=…, labels=…)`",
    ".svm": "`sklearn.datasets.load_svmlight_file(…, multilabel=True)` reads it; write its arrays by `numpy.savez`",
    ".libsvm": "`sklearn.datasets.load_svmlight_file(…, multilabel=True)` reads it; write its arrays by `numpy.savez`",
    ".arff": "`scipy.io.arff.loadarff` reads it; write its table by pandas as Parquet",
    ".sqlite": "write the table that holds the samples by `pandas.read_sql(…).to_parquet(…)`",
    ".db": "write the table that holds the samples by `pandas.read_sql(…).to_parquet(…)`",
}


def not_readable(file: Path, known: str) -> DataError:
    """The error for a file of a kind that is not read, with the line that converts it."""
    suffix = file.suffix.lower()
    start = f"{file}: files ending in {suffix or 'nothing'!r} cannot be read"
    if suffix in _CALLS:
        call = _CALLS[suffix].format(file=str(file))
        line = _PANDAS.format(call=call, out=str(file.with_suffix(".parquet")))
        beware = " (a pickle runs what is in it: only where you trust it)" if "pickle" in call else ""
        return DataError(f"{start}; this writes one that can{beware}: {line}")
    if suffix in _OTHERWISE:
        return DataError(f"{start}; {_OTHERWISE[suffix]}")
    return DataError(f"{start}; known: {known}")
