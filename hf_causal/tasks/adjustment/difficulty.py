"""Difficulty of adjustment questions, and its levels."""

from __future__ import annotations

import json

from hf_causal.tasks.adjustment.text import Prompt
from hf_causal.tasks.shared.effect_cells import EffectCell
from hf_causal.tasks.shared.levels import Level
from hf_causal.tasks.shared.proofs import Proof


def measure(prompt: Prompt, proof: Proof) -> dict[str, int]:
    """Returns the number of hidden causes, the size of the set, and the colliders of the open path of a No."""
    reasons = json.loads(proof.certificate).get("open", ())
    colliders = [reason["type"] for reason in reasons].count("collider")
    return {"hidden": len(set(map(frozenset, prompt.hidden))), "set": len(prompt.given), "colliders": colliders}


def _cells(nodes: tuple[int, ...], edges_per_node: float, sizes: tuple[int, int]) -> tuple[EffectCell, ...]:
    """Makes cells of graphs in which half as many pairs as there are nodes share a hidden cause."""
    rows = 64 // len(nodes)
    return tuple(
        EffectCell("hidden", size, rows, edges_per_node, num_hidden=size // 2, set_sizes=sizes, shuffled=True)
        for size in nodes
    )


LEVELS = (
    Level(
        1,
        "graphs of 4 to 6 nodes, half of them with a hidden cause, the training family",
        tuple(
            EffectCell(structure, nodes, 16, num_hidden=int(structure == "hidden"))
            for structure, nodes in (("dag", 4), ("hidden", 5), ("dag", 6), ("hidden", 6))
        ),
    ),
    Level(2, "graphs of 7 and 8 nodes, shuffled, with 3 and 4 hidden causes", _cells((7, 8), 1.25, (1, 2))),
    Level(
        3,
        "graphs of 9 and 10 nodes with 1.6 edges a node, 2 and 3 nodes in a set",
        _cells((9, 10), 1.6, (2, 3)),
    ),
    Level(
        4,
        "graphs of 12 and 14 nodes with 1.6 edges a node, 3 and 4 nodes in a set",
        _cells((12, 14), 1.6, (3, 4)),
    ),
    Level(
        5,
        "graphs of 16 and 18 nodes with 1.6 edges a node, 3 to 5 nodes in a set",
        _cells((16, 18), 1.6, (3, 5)),
    ),
    Level(
        6,
        "graphs of 20 and 24 nodes with 1.8 edges a node, 4 to 6 nodes in a set",
        _cells((20, 24), 1.8, (4, 6)),
    ),
)
"""From the training family to large graphs with many hidden causes and large sets."""
