"""Reads rows of other people in batches: from files of several formats, folders and data sets on the Hub."""

from hf_causal.verification.io.columns import Columns, answer_of, find_columns, spell
from hf_causal.verification.io.formats import SUFFIXES, BrokenRow, Row, write_rows
from hf_causal.verification.io.tables import Part, Table, find_files, open_tables

__all__ = [
    "SUFFIXES",
    "BrokenRow",
    "Columns",
    "Part",
    "Row",
    "Table",
    "answer_of",
    "find_columns",
    "find_files",
    "open_tables",
    "spell",
    "write_rows",
]
