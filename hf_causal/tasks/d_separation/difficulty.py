"""Difficulty of d-separation questions, and its levels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from hf_causal.tasks.d_separation.rows import OpenPathCell
from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.shared.levels import Level
from hf_causal.tasks.shared.measures import count_simple_paths
from hf_causal.tasks.shared.proofs import Proof, neighbours, reachable
from hf_causal.tasks.shared.schema import Cell


def measure(prompt: Prompt, proof: Proof) -> dict[str, int]:
    """Returns the size of the conditioning set, the colliders of a shortest open path, and how many answers are valid.

    The valid answers are the open paths that prove a No, or the sets of the Bayes ball, which alone prove a Yes.
    """
    measures = {"conditioning_set": len(set(prompt.given)), "colliders": 0, "valid_answers": 1}
    if proof.answer == "No":
        types = [reason["type"] for reason in json.loads(proof.certificate)["open"]]
        measures |= {"colliders": types.count("collider"), "valid_answers": count_open_paths(prompt)}
    return measures


def count_open_paths(prompt: Prompt) -> int:
    """Counts the open paths between the nodes of a question, with the limits of [`count_simple_paths`]."""
    stated, given = set(prompt.edges), set(prompt.given)
    causes, effects = neighbours(stated)
    adjacent = {node: {*causes.get(node, ()), *effects.get(node, ())} for node in {**causes, **effects}}
    ancestors = reachable(given, causes)

    def steps(path: list[str]) -> Iterator[str]:
        for after in adjacent.get(path[-1], ()):
            collides = len(path) > 1 and (path[-2], path[-1]) in stated and (after, path[-1]) in stated
            if len(path) == 1 or (path[-1] in ancestors if collides else path[-1] not in given):
                yield after

    return count_simple_paths(*prompt.question, steps, adjacent)


def _deep(nodes: tuple[int, ...], branching: float | None, rows: int = 32, descents: int = 1) -> tuple[Cell, ...]:
    """Makes cells without short open paths; with small sets, since large ones block or open nearly everything."""
    structure = "branching" if branching else "tree"
    cell = OpenPathCell(
        structure, nodes[0], rows, branching, fewest_hops=2 + descents, fewest_descents=descents, largest_set=8
    )
    return tuple(replace(cell, num_nodes=size) for size in nodes)


LEVELS = (
    Level(
        1,
        "chains of 3 to 6 nodes with flipped edges, the training family",
        tuple(Cell("flipped", nodes, 16) for nodes in (3, 4, 5, 6)),
    ),
    Level(2, "trees of 6 to 9 nodes", tuple(Cell("tree", nodes, 16) for nodes in (6, 7, 8, 9))),
    Level(3, "trees of 10 and 12 nodes, open paths of at least 2 edges", _deep((10, 12), None, descents=0)),
    Level(
        4,
        "graphs of 12 and 15 nodes with 1.4 edges a node, open paths through a collider that a descendant opens",
        _deep((12, 15), 1.4),
    ),
    Level(5, "the same with 15 and 18 nodes and 1.2 edges a node", _deep((15, 18), 1.2)),
    Level(6, "the same with 18 and 22 nodes and 1.1 edges a node", _deep((18, 22), 1.1)),
    Level(
        7,
        "the same with 25 and 30 nodes and 1.2 edges a node, and trees of 20 and 25 nodes",
        (*_deep((25, 30), 1.2, rows=16), *_deep((20, 25), None, rows=16)),
    ),
)
"""From the training family to large, deep and branching graphs."""
