"""Difficulty of comparisons, and its levels."""

from __future__ import annotations

from hf_causal.tasks.comparisons.rows import STRUCTURES
from hf_causal.tasks.comparisons.text import Prompt
from hf_causal.tasks.shared.chance_rows import ChanceCell
from hf_causal.tasks.shared.levels import Level
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.quantity_texts import combination_of


def measure(prompt: Prompt, proof: Proof) -> dict[str, int]:
    """Returns the numbers of variables, edges, sentences and terms, and the rung."""
    stated = prompt.stated.model
    return {
        "nodes": len(stated.names),
        "edges": len(prompt.edges),
        "sentences": len(prompt.stated.chances),
        "rung": max(one.rung for one in prompt.quantities),
        "terms": sum(len(combination_of(one, stated).terms) for one in prompt.quantities),
    }


def _cells(structures: tuple[str, ...], size: int, numbers: str = "twentieths") -> tuple[ChanceCell, ...]:
    rows = 64 // len(structures) // 2 * 2
    return tuple(ChanceCell(name, size, rows, numbers=numbers, shuffled=size > 4) for name in structures)


LEVELS = (
    Level(1, "two values of a variable that is set, 3 variables", _cells(STRUCTURES[1:2], 3)),
    Level(2, "what is observed and what is set, and two treatments, 4 variables", _cells(STRUCTURES[:3], 4)),
    Level(3, "all comparisons with 4 variables", _cells(STRUCTURES, 4)),
    Level(4, "all comparisons with 5 variables, shuffled, with fractions", _cells(STRUCTURES, 5, "fractions")),
    Level(5, "all comparisons with 7 variables, shuffled, with hundredths", _cells(STRUCTURES, 7, "hundredths")),
)
"""From two interventions in small models to counterfactuals in large ones."""
