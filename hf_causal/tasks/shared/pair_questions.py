"""Questions about pairs of nodes, for tasks that have an array rule for the answers and a prover for the certificates.

Certificates are made row by row with the task's own `prove`. The larger tasks write them in array operations instead,
which is many times as fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.tasks.shared.balance import choose_balanced
from hf_causal.tasks.shared.named_graphs import names_then_edges
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.rows import QuestionBatch
from hf_causal.tasks.shared.schema import LABELS, Cell
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.tasks.shared.statements import render_premises
from hf_causal.utils.randomness import Stream


@dataclass(frozen=True)
class PairQuestions:
    """Draws graphs and asks about pairs of their nodes, as many Yes as No about each graph.

    Args:
        is_yes (callable): From edges of shape (graphs, edges, 2) and the number of nodes to the answers, boolean of
            shape (graphs, nodes, nodes).
        render (callable): From names, graph, first node and second node to the texts of the questions.
        parse (callable): From a prompt to a parsed prompt.
        prove (callable): From a parsed prompt to its [`Proof`], whose answer must be that of `is_yes`.
        symmetric (`bool`): Whether (i, j) and (j, i) are the same question.
    """

    is_yes: Callable[[np.ndarray, int], np.ndarray]
    render: Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], pa.Array]
    parse: Callable[[str], Any]
    prove: Callable[[Any], Proof]
    symmetric: bool = False

    def draw(self, cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
        """Draws half as many graphs again as rows need: some have no Yes or no No. See `names_then_edges`."""
        return names_then_edges(cell, 1.5 * rows / cell.questions_per_premise, stream, assigner)

    def ask(self, cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> QuestionBatch:
        """Asks about pairs of different nodes; see `AskQuestions`."""
        pair = np.arange(cell.num_nodes**2)
        first, second = pair // cell.num_nodes, pair % cell.num_nodes
        eligible = first < second if self.symmetric else first != second
        yes = self.is_yes(edges, cell.num_nodes).reshape(len(edges), -1)
        used, graph, drawn = choose_balanced(yes & eligible, ~yes & eligible, cell, rows, stream)
        edges, names, answers = edges[used], names[used], yes[used][graph, drawn]
        first, second = first[drawn], second[drawn]
        if self.symmetric:
            swapped = stream.uniform((len(graph),)) < 0.5
            first, second = np.where(swapped, second, first), np.where(swapped, first, second)
        premise, question = render_premises(edges, names), self.render(names, graph, first, second)
        prompts = pc.binary_join_element_wise(premise.take(pa.array(graph)), question, " ").to_pylist()
        hops, certificate = prove_answers(prompts, answers, self.parse, self.prove)
        return QuestionBatch(edges, names, graph, question, answers, hops, certificate, premise)


def prove_answers(
    prompts: Sequence[str], answers: np.ndarray, parse: Callable[[str], Any], prove: Callable[[Any], Proof]
) -> tuple[np.ndarray, pa.Array]:
    """Returns the hops and the certificate of each prompt.

    Raises:
        `ValueError`: If a proof's answer is not that of the array rule, for which `answers` has `True` for Yes.
    """
    proofs = [prove(parse(prompt)) for prompt in prompts]
    for prompt, proof, answer in zip(prompts, proofs, answers, strict=True):
        if proof.answer != LABELS[int(answer)]:
            raise ValueError(f"`prove` answers {proof.answer!r}, the rule says {LABELS[int(answer)]!r}: {prompt}")
    hops = np.array([proof.hops for proof in proofs], dtype=np.int32)
    return hops, pa.array([proof.certificate for proof in proofs], pa.string())
