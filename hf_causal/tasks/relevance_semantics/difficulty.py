"""Difficulty of questions about the notions of relevance, and its levels."""

from __future__ import annotations

from hf_causal.graphs.relevance_notions import NOTIONS
from hf_causal.tasks.relevance_semantics.text import Prompt
from hf_causal.tasks.shared.levels import Level
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.schema import Cell


def measure(prompt: Prompt, proof: Proof) -> dict[str, int]:
    """Returns the numbers of variables, edges and coins, and of the variables that are held fixed."""
    return {
        "nodes": len(prompt.numbered.names),
        "edges": len(prompt.edges),
        "coins": len(prompt.coins),
        "held": len(prompt.held),
    }


def _cells(notions: tuple[str, ...], size: int) -> tuple[Cell, ...]:
    return tuple(Cell(notion, size, 64 // len(notions) // 2 * 2, branching_factor=1.25) for notion in notions)


LEVELS = (
    Level(1, "causal paths, 3 variables and 2 coins", _cells(NOTIONS[:1], 5)),
    Level(2, "probabilities, 3 variables and 2 coins", _cells(NOTIONS[1:2], 5)),
    Level(3, "any change, 3 variables and 2 coins", _cells(NOTIONS[2:], 5)),
    Level(4, "all notions, 4 variables and 2 coins", _cells(NOTIONS, 6)),
    Level(5, "all notions, 5 variables and 2 coins", _cells(NOTIONS, 7)),
)
"""From paths in small models to all notions in larger ones."""
