"""The configs and the rows: questions about pairs of nodes in polytrees, chains and random DAGs."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa

from common_cause.proof import prove
from common_cause.text import parse_prompt, render_questions
from hf_causal.graphs.dags import reachability
from hf_causal.tasks.shared.configs import AxisSizes, generalization_config, training_config
from hf_causal.tasks.shared.names import RESERVED_WORDS
from hf_causal.tasks.shared.pair_questions import PairQuestions
from hf_causal.tasks.shared.rows import generate_rows
from hf_causal.tasks.shared.schema import CorpusConfig

WORDS = frozenset({"linked", "to", "by", "a", "common"})
"""Words of the question that no node may be named."""

CONFIGS = {
    "common_cause": partial(
        training_config,
        "common_cause",
        "Polytrees of 3 to 6 nodes.",
        {"tree": 1.0},
        rows=50_000,
        validation_rows=5_000,
    ),
    "common_cause_generalization": partial(
        generalization_config,
        "common_cause_generalization",
        "One split for each axis: longer, flipped, reversed, shuffled, branching, longer names.",
        AxisSizes(chains=(7, 10, 15), small=(4, 6, 8), shuffled=(4, 6, 8), branching=(8, 12), complete_graphs=False),
    ),
}


def have_common_cause(edges: np.ndarray, num_nodes: int) -> np.ndarray:
    """Returns whether a third node causes both of each pair: boolean (graphs, num_nodes, num_nodes)."""
    causes = reachability(edges, num_nodes).astype(np.int16)
    return np.einsum("gca,gcb->gab", causes, causes) > 0


QUESTIONS = PairQuestions(have_common_cause, render_questions, parse_prompt, prove, symmetric=True)


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table."""
    return generate_rows(config, split, shard, QUESTIONS.draw, QUESTIONS.ask, reserved_words=RESERVED_WORDS | WORDS)
