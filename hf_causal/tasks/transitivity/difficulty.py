"""Difficulty of transitivity questions, and its levels."""

from __future__ import annotations

from hf_causal.tasks.shared.levels import Level
from hf_causal.tasks.shared.measures import count_paths
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.schema import Cell
from hf_causal.tasks.transitivity.rows import DeepCell
from hf_causal.tasks.transitivity.text import Prompt


def measure(prompt: Prompt, proof: Proof) -> dict[str, int]:
    """Returns the number of valid answers: the paths that prove a Yes, or the one reached set that proves a No."""
    paths = count_paths(prompt.edges, *prompt.question) if proof.answer == "Yes" else 1
    return {"valid_answers": paths}


LEVELS = (
    Level(
        1,
        "sequential chains of 3 to 6 nodes, the training family",
        tuple(Cell("sequential", nodes, 16) for nodes in (3, 4, 5, 6)),
    ),
    Level(2, "sequential chains of 7 to 10 nodes", tuple(Cell("sequential", nodes, 16) for nodes in (7, 8, 9, 10))),
    Level(3, "shuffled chains of 9 to 12 nodes", tuple(Cell("shuffled", nodes, 16) for nodes in (9, 10, 11, 12))),
    Level(4, "shuffled chains of 15 to 18 nodes", tuple(Cell("shuffled", nodes, 16) for nodes in (15, 16, 17, 18))),
    Level(
        5,
        "branching graphs of 16 and 20 nodes, 1.4 edges a node, paths of at least 3 edges",
        tuple(DeepCell("branching", nodes, 32, 1.4, fewest_hops=3) for nodes in (16, 20)),
    ),
    Level(
        6,
        "branching graphs of 24 and 30 nodes, 1.4 edges a node, paths of at least 4 edges",
        tuple(DeepCell("branching", nodes, 32, 1.4, fewest_hops=4) for nodes in (24, 30)),
    ),
    Level(
        7,
        "branching graphs of 40 and 50 nodes, 1.6 edges a node, paths of at least 5 edges",
        tuple(DeepCell("branching", nodes, 32, 1.6, fewest_hops=5) for nodes in (40, 50)),
    ),
)
"""From the training family to large, deep and branching graphs."""
