"""Difficulty of identification questions, and its levels."""

from __future__ import annotations

import json

from hf_causal.tasks.identification.text import Prompt
from hf_causal.tasks.shared.effect_cells import EffectCell
from hf_causal.tasks.shared.levels import Level
from hf_causal.tasks.shared.proofs import Proof


def measure(prompt: Prompt, proof: Proof) -> dict[str, int]:
    """Returns the number of hidden causes, and that of the factors of a Yes or of the nodes of a hedge."""
    certificate = json.loads(proof.certificate)
    size = len(certificate.get("factors") or certificate.get("outer") or ())
    return {"hidden": len(set(map(frozenset, prompt.hidden))), "proof_size": size}


def _cells(structures: tuple[str, ...], nodes: tuple[int, ...]) -> tuple[EffectCell, ...]:
    rows = 64 // (len(structures) * len(nodes))
    return tuple(
        EffectCell(structure, size, rows, num_hidden=size // 2, shuffled=size > 6)
        for structure in structures
        for size in nodes
    )


_BOTH = ("adjustable", "not_adjustable")
LEVELS = (
    Level(1, "graphs of 4 and 5 nodes, 2 hidden causes, in which sets adjust", _cells(_BOTH[:1], (4, 5))),
    Level(2, "graphs of 5 and 6 nodes, half of the Yes beyond adjustment", _cells(_BOTH, (5, 6))),
    Level(3, "graphs of 7 and 8 nodes, shuffled, every Yes beyond adjustment", _cells(_BOTH[1:], (7, 8))),
    Level(4, "the same with 9 and 10 nodes", _cells(_BOTH[1:], (9, 10))),
    Level(5, "the same with 12 and 14 nodes", _cells(_BOTH[1:], (12, 14))),
)
"""From small graphs in which adjustment suffices to large ones in which it does not."""
