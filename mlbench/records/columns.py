"""Rows that become columns as they come: numbers as numbers, so that ten thousand records fit in memory."""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Keys = tuple[str, ...]


class Columns:
    """A data frame in the making. Nested dicts become columns `outer/inner`; None is a gap."""

    def __init__(self) -> None:
        self.rows = 0
        self._objects: dict[str, tuple[array[int], list[Any]]] = {}
        self._blocks: dict[tuple[str, Keys], tuple[array[int], array[float]]] = {}
        self._shared: dict[Hashable, Any] = {}

    def add(self, row: dict[str, Any]) -> int:
        """Append a row; returns its number."""
        for name, value in row.items():
            self._put(name, value)
        self.rows += 1
        return self.rows - 1

    def frame(self, keep: list[int]) -> pd.DataFrame:
        """The rows of these numbers, in this order; what was gathered is gone afterwards."""
        import numpy as np
        import pandas as pd

        every = keep == list(range(self.rows))
        columns: dict[str, Any] = {}
        for name, keys in list(self._blocks):
            places, numbers = self._blocks.pop((name, keys))
            table = np.frombuffer(numbers).reshape(len(places), len(keys))
            at = np.frombuffer(places, dtype=np.int64)
            for index, key in enumerate(keys):
                columns.setdefault(f"{name}/{key}", np.full(self.rows, np.nan))[at] = table[:, index]
        for name, (places, values) in self._objects.items():
            objects = columns.get(name, np.full(self.rows, None)).astype(object)
            for place, value in zip(places, values, strict=True):
                objects[place] = value
            columns[name] = objects
        series = {}
        for name in dict.fromkeys([*self._objects, *columns]):
            column = pd.Series(columns[name] if every else columns[name][keep])
            if column.dtype == object:
                whole = any(type(value) is not float for value in column.dropna())
                # Beside a gap whole numbers stay objects: as floats they would be other values.
                column = column if whole and column.isna().any() else column.infer_objects()
            series[name] = column
        return pd.DataFrame(series, index=range(len(keep)))

    def _put(self, name: str, value: Any) -> None:
        if isinstance(value, dict):
            if not self._put_block(name, value):
                for key, item in value.items():
                    self._put(f"{name}/{key}", item)
            return
        places, values = self._objects.setdefault(name, (array("q"), []))
        if value is not None:
            places.append(self.rows)
            values.append(self._share(value) if isinstance(value, list) else value)

    def _put_block(self, name: str, values: dict[str, Any]) -> bool:
        """Numbers that come together, such as all metrics of a split, are kept together: one step for all."""
        if set(map(type, values.values())) != {float}:
            return False
        places, numbers = self._blocks.setdefault((name, tuple(values)), (array("q"), array("d")))
        places.append(self.rows)
        numbers.extend(values.values())
        return True

    def _share(self, value: list[Any]) -> list[Any]:
        """One and the same list for equal ones: the label counts of a dataset stand in each of its records."""
        try:
            shared: list[Any] = self._shared.setdefault(tuple(value), value)
        except TypeError:
            return value
        return shared
