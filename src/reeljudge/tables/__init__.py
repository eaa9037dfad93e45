"""Tables: rows of JSONL, JSON lists, CSV and Parquet; dotted fields; votes; the append-only log."""

from reeljudge.tables.rows import Row, numbered_rows, place_word, read_rows
from reeljudge.tables.writing import write_rows

__all__ = ["Row", "numbered_rows", "place_word", "read_rows", "write_rows"]
