"""What a finished or failed cell leaves behind: the record's schema, the store, and the frame of many.

Tested elsewhere than in a file of their own name:

    codec, packed: tests/records/test_store.py
    columns: tests/records/test_frame.py
"""

from mlbench.records.codec import RecordError, decode, encode
from mlbench.records.finding import find_record
from mlbench.records.frame import load_records
from mlbench.records.keep import Keep
from mlbench.records.schema import HEAD, READINGS, SCHEMA
from mlbench.records.scores import PRECISIONS, UNREADABLE, enough
from mlbench.records.store import Store, stores

__all__ = [
    "HEAD",
    "PRECISIONS",
    "READINGS",
    "SCHEMA",
    "UNREADABLE",
    "Keep",
    "RecordError",
    "Store",
    "decode",
    "encode",
    "enough",
    "find_record",
    "load_records",
    "stores",
]
