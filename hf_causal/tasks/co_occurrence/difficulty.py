"""Difficulty of co-occurrence questions, and its levels."""

from __future__ import annotations

from hf_causal.tasks.co_occurrence.text import Prompt
from hf_causal.tasks.shared.levels import Level
from hf_causal.tasks.shared.measures import count_paths
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.schema import Cell


def measure(prompt: Prompt, proof: Proof) -> dict[str, int]:
    """Returns how many pairs appear together, how many of them are others than the question's, and the valid answers.

    The valid answers are the paths that prove a Yes, or the one reached set that proves a No.
    """
    others = [pair for pair in prompt.together if set(pair) != set(prompt.question)]
    paths = count_paths(prompt.edges, *prompt.question) if proof.answer == "Yes" else 1
    return {"together": len(prompt.together), "other_pairs": len(others), "valid_answers": paths}


def _level(number: int, description: str, nodes: tuple[int, ...], ending: str = "", **shares: int) -> Level:
    """Makes a level; `shares` are the rows of each relation and size in a block."""
    cells = [Cell(relation + ending, size, rows) for relation, rows in shares.items() for size in nodes]
    return Level(number, f"{description}, {' or '.join(map(str, nodes))} nodes", tuple(cells))


LEVELS = (
    _level(1, "direct and confounded pairs", (5, 6), direct=18, confounded=14),
    _level(2, "direct, mediated and confounded pairs", (6, 7), direct=12, mediated=8, confounded=12),
    _level(3, "the same among other pairs", (8, 9), "_distractors", direct=8, mediated=14, confounded=10),
    _level(4, "few direct pairs among others", (10, 12), "_distractors", direct=4, mediated=20, confounded=8),
    _level(5, "mediated and confounded pairs among others", (13, 14), "_distractors", mediated=26, confounded=6),
    _level(6, "mediated and confounded pairs among others", (16, 18), "_distractors", mediated=26, confounded=6),
)
"""From pairs that one sentence decides to pairs whose reason is a path in a large graph."""
