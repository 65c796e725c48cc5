"""Difficulty of questions whether a set satisfies a criterion, and its levels."""

from __future__ import annotations

import json

from hf_causal.tasks.shared.effect_cells import EffectCell
from hf_causal.tasks.shared.levels import Level
from hf_causal.tasks.shared.mixed_prompts import SetPrompt
from hf_causal.tasks.shared.proofs import Proof


def measure(prompt: SetPrompt, proof: Proof) -> dict[str, int]:
    """Returns the number of hidden causes, the size of the set, and the colliders of the open paths of the proof."""
    evidence = [one for one in json.loads(proof.certificate).values() if isinstance(one, dict)]
    colliders = [reason["type"] for one in evidence for reason in one.get("open", ())].count("collider")
    return {"hidden": len(set(map(frozenset, prompt.hidden))), "set": len(prompt.given), "colliders": colliders}


def set_levels(nodes: tuple[int, ...], smallest_set: int, num_hidden: int) -> tuple[Level, ...]:
    """Returns levels of questions about sets, from small graphs to large ones with many hidden causes.

    Args:
        nodes (`tuple[int, ...]`): The three sizes of the graphs of the training family.
        smallest_set (`int`): Nodes of the smallest sets.
        num_hidden (`int`): Hidden causes of the graphs of the first level that have some.
    """

    def cells(sizes: tuple[int, int], set_sizes: tuple[int, int]) -> tuple[EffectCell, ...]:
        return tuple(
            EffectCell("hidden", size, 32, num_hidden=size // 2, set_sizes=set_sizes, shuffled=True) for size in sizes
        )

    small, middle, large = nodes
    family = (("dag", small), ("hidden", middle), ("dag", large), ("hidden", large))
    sizes = (smallest_set, 2)
    first = tuple(
        EffectCell(structure, size, 16, num_hidden=num_hidden * (structure == "hidden"), set_sizes=sizes)
        for structure, size in family
    )
    return (
        Level(1, f"graphs of {small} to {large} nodes, half with hidden causes, the training family", first),
        Level(2, "graphs of 8 and 9 nodes, shuffled, with 4 hidden causes", cells((8, 9), (1, 2))),
        Level(3, "graphs of 10 and 11 nodes, 2 nodes in a set", cells((10, 11), (2, 2))),
        Level(4, "graphs of 12 and 14 nodes, 2 and 3 nodes in a set", cells((12, 14), (2, 3))),
        Level(5, "graphs of 16 and 18 nodes, 2 to 4 nodes in a set", cells((16, 18), (2, 4))),
    )
