"""Difficulty of relevance questions, and its levels."""

from __future__ import annotations

from hf_causal.tasks.relevance.configs import FEEDBACK_EDGES, SetCell
from hf_causal.tasks.relevance.text import Prompt
from hf_causal.tasks.shared.levels import Level
from hf_causal.tasks.shared.measures import MOST_COUNTED, count_paths
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.schema import Cell


def measure(prompt: Prompt, proof: Proof) -> dict[str, int]:
    """Returns the sizes of the question's sets, and the number of valid answers, counted up to 100.

    Valid answers are the paths that prove a Yes, or the one reached set that proves a No.
    """
    sizes = {"changed": len(prompt.changed), "targets": len(prompt.targets), "held": len(prompt.given)}
    answers = _count_answers(prompt) if proof.answer == "Yes" else 1
    return {**sizes, "valid_answers": min(answers, MOST_COUNTED)}


def _count_answers(prompt: Prompt) -> int:
    held = set(prompt.given)
    edges = [edge for edge in prompt.edges if held.isdisjoint(edge)]
    return sum(count_paths(edges, cause, effect) for cause in prompt.changed for effect in prompt.targets)


def _branching(nodes: tuple[int, ...], factor: float, fewest: int, held: tuple[int, ...]) -> tuple[Cell, ...]:
    return tuple(SetCell("branching", size, 32, factor, held=held, fewest_hops=fewest) for size in nodes)


LEVELS = (
    Level(
        1,
        "chains of 3 to 6 nodes with flipped edges, the training family",
        tuple(Cell("flipped", nodes, 16) for nodes in (3, 4, 5, 6)),
    ),
    Level(
        2,
        "chains of 7 to 10 nodes with flipped edges in random order",
        tuple(Cell("shuffled_flipped", nodes, 16) for nodes in (7, 8, 9, 10)),
    ),
    Level(
        3,
        "graphs of 10 and 12 nodes with cycles, 1.4 edges a node, one to three nodes held fixed",
        tuple(SetCell("feedback", nodes, 32, FEEDBACK_EDGES, held=(1, 2, 3), fewest_hops=2) for nodes in (10, 12)),
    ),
    Level(4, "branching graphs of 16 and 20 nodes, paths of at least 3 edges", _branching((16, 20), 1.4, 3, (2, 3))),
    Level(5, "branching graphs of 24 and 30 nodes, paths of at least 4 edges", _branching((24, 30), 1.4, 4, (3, 4))),
    Level(6, "branching graphs of 40 and 50 nodes, paths of at least 4 edges", _branching((40, 50), 1.6, 4, (4, 6))),
)
"""From the training family to large, deep and branching graphs of which more is held fixed."""
