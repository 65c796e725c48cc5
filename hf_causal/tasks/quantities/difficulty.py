"""Difficulty of questions about quantities, and its levels."""

from __future__ import annotations

from hf_causal.tasks.quantities.rows import structures_of
from hf_causal.tasks.quantities.text import Prompt
from hf_causal.tasks.shared.chance_rows import MISSING, ChanceCell
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
        "rung": prompt.quantity.rung,
        "terms": len(combination_of(prompt.quantity, stated).terms),
    }


def _cells(structures: tuple[str, ...], size: int, numbers: str = "twentieths") -> tuple[ChanceCell, ...]:
    rows = max(2, 64 // len(structures) // 2 * 2)
    rungs = (1, 2)
    return tuple(ChanceCell(name, size, rows, numbers=numbers, shuffled=size > 4, rungs=rungs) for name in structures)


_LOW, _HIGH = structures_of((1, 2)), structures_of((3,))
LEVELS = (
    Level(1, "observations and interventions with 3 variables", _cells(tuple(s for s in _LOW if s != MISSING), 3)),
    Level(2, "the same with 4 variables, and sentences that are missing", _cells(_LOW, 4)),
    Level(3, "counterfactuals with 4 variables", _cells(_HIGH, 4)),
    Level(4, "all rungs with 5 variables, shuffled, with fractions", _cells((*_LOW, *_HIGH), 5, "fractions")),
    Level(5, "all rungs with 7 variables, shuffled, with hundredths", _cells((*_LOW, *_HIGH), 7, "hundredths")),
)
"""From small models and the lower rungs to large ones and all rungs."""
