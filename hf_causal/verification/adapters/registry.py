"""The registry of adapters: one line for each data set."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from hf_causal.verification.adapters.adapter import Adapter, Values
from hf_causal.verification.io import Table

MODULES = [
    "hf_causal.verification.adapters.clear",
    "hf_causal.verification.adapters.corr2cause",
    "hf_causal.verification.adapters.corr2cause_pp",
    "hf_causal.verification.adapters.calm",
    "hf_causal.verification.adapters.caugym",
    "hf_causal.verification.adapters.rlcausal",
    "hf_causal.verification.adapters.cladder",
    "hf_causal.verification.adapters.cladder_models",
]
"""Modules with an `ADAPTER`, in the order in which they are tried."""


@cache
def adapters() -> tuple[Adapter, ...]:
    """Returns all adapters."""
    return tuple(import_module(module).ADAPTER for module in MODULES)


def adapter_of_table(table: Table) -> Adapter | None:
    """Returns the adapter that reads a table, or `None`."""
    adapter = find_adapter(table.first_row) if isinstance(table.first_row, dict) else None
    return adapter.prepare(adapter, table) if adapter and adapter.prepare else adapter


def find_adapter(row: Values) -> Adapter | None:
    """Returns the adapter that recognizes a row by its columns and content, or `None`."""
    return next((adapter for adapter in adapters() if adapter.recognizes(row)), None)
