"""The registry of adapters: one line for each data set."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from hf_causal.verification.adapters.adapter import Adapter, Values

MODULES = [
    "hf_causal.verification.adapters.clear",
]
"""Modules with an `ADAPTER`, in the order in which they are tried."""


@cache
def adapters() -> tuple[Adapter, ...]:
    """Returns all adapters."""
    return tuple(import_module(module).ADAPTER for module in MODULES)


def find_adapter(row: Values) -> Adapter | None:
    """Returns the adapter that recognizes a row by its columns and content, or `None`."""
    return next((adapter for adapter in adapters() if adapter.recognizes(row)), None)
