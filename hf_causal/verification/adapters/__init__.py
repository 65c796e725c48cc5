"""Reads data sets that other people published: each is an adapter of one file, and one line in the registry.

An adapter says how its rows are recognized by their content, what a row asks and answers, and how an answer is
written. The verdict on a row follows from that, with a proof.
"""

from hf_causal.verification.adapters.adapter import Adapter
from hf_causal.verification.adapters.questions import VERDICTS, Judgement, OutOfScopeError, Question, UnreadableError
from hf_causal.verification.adapters.registry import adapter_of_table, adapters, find_adapter

__all__ = [
    "VERDICTS",
    "Adapter",
    "Judgement",
    "OutOfScopeError",
    "Question",
    "UnreadableError",
    "adapter_of_table",
    "adapters",
    "find_adapter",
]
