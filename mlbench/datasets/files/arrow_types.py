"""Arrow's several ways to store the same values -> the one that the rest reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def is_text(kind: pa.DataType) -> bool:
    """Whether values are strings, as `plain` leaves them."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with extension types, dictionaries, runs, views and fixed sizes undone, in lists too.

    Polars and DuckDB write string views and list views, pandas dictionaries, `datasets` extension types; lists of a
    fixed size hide numbers under a missing row.
    """
    wanted = _plain_type(column.type)
    if wanted == column.type:
        return column
    return pa.chunked_array([_plain_array(chunk) for chunk in column.chunks], type=wanted)


def _plain_array(array: Any) -> Any:
    kind = array.type
    wanted = _plain_type(kind)
    if wanted == kind:
        return array
    if isinstance(kind, pa.BaseExtensionType):
        return _plain_array(array.storage)
    if pa.types.is_run_end_encoded(kind):
        return _plain_array(pc.run_end_decode(array))
    if pa.types.is_dictionary(kind):
        return _plain_array(array.dictionary_decode())
    if _is_list(kind):
        # Pyarrow's cast of a list view empties the lists behind a missing one.
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
        offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        make = pa.ListArray if pa.types.is_list(wanted) else pa.LargeListArray
        at = pa.array(offsets, pa.int32() if pa.types.is_list(wanted) else pa.int64())
        made = make.from_arrays(at, _plain_array(array.flatten()), mask=array.is_null())
        return made.cast(wanted)
    return array.cast(wanted)


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_list_view(kind)
        or pa.types.is_large_list_view(kind)
        or pa.types.is_fixed_size_list(kind)
    )


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.BaseExtensionType):
        return _plain_type(kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    if _is_list(kind):
        inner = _plain_type(kind.value_type)
        if pa.types.is_list(kind):
            return kind if inner == kind.value_type else pa.list_(inner)
        same = pa.types.is_large_list(kind) and inner == kind.value_type
        return kind if same else pa.large_list(inner)
    return kind
