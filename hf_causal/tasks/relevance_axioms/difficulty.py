"""Difficulty of questions about what follows, and its levels."""

from __future__ import annotations

import json

from hf_causal.tasks.relevance_axioms.text import Prompt
from hf_causal.tasks.shared.levels import Level
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.schema import Cell


def measure(prompt: Prompt, proof: Proof) -> dict[str, int]:
    """Returns the number of nodes, statements and lines of the derivation, and that no graph is stated."""
    lines = json.loads(proof.certificate).get("derivation", ())
    return {"nodes": len(prompt.names), "edges": 0, "statements": len(prompt.statements), "steps": len(lines)}


def _level(number: int, description: str, *structures: str) -> Level:
    return Level(number, description, tuple(Cell(structure, 4, 64 // len(structures)) for structure in structures))


LEVELS = (
    _level(1, "decompositions are needed", "right_decomposition", "left_decomposition"),
    _level(2, "strong union is needed", "strong_union"),
    _level(3, "left-intersection is needed", "left_intersection"),
    _level(4, "right-intersection is needed", "right_intersection"),
    _level(5, "transitivity is needed, and so cases", "transitivity"),
)
"""From axioms that take one statement to one that gives two cases; four nodes in every level."""
