"""The failures of a language model that teach most."""

from __future__ import annotations

from collections.abc import Iterable

from hf_causal.evaluation.answers.scores import Failure
from hf_causal.evaluation.scores import Cell

MOST_FAILURES = 10
RULE = (
    "The failures with the most lines that hold before the first wrong one, the best of each cell before a second one "
    "of any; a smaller graph and a shorter reply come first among equals."
)
"""How they are chosen, for reports."""


def choose_failures(failures: Iterable[Failure], most: int = MOST_FAILURES) -> tuple[Failure, ...]:
    """Chooses failures by `RULE`: a proof that breaks late shows where a model stops understanding.

    Args:
        failures (iterable of [`Failure`]): In any order.
        most (`int`): Number of failures to choose.
    """
    by_cell: dict[tuple[str, Cell], list[Failure]] = {}
    for failure in sorted(failures, key=_rank):
        by_cell.setdefault((failure.split, failure.cell), []).append(failure)
    turns = [(turn, _rank(failure), failure) for members in by_cell.values() for turn, failure in enumerate(members)]
    return tuple(failure for *_, failure in sorted(turns, key=lambda entry: entry[:2])[:most])


def _rank(failure: Failure) -> tuple[int, bool, int, int, str, str]:
    length = len(failure.reply or "")
    return -failure.depth, not failure.readable, failure.cell.num_nodes, length, failure.split, failure.prompt
