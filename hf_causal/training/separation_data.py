"""Training data about d-separation: a premise once, with questions that point at the names that it spells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from hf_causal.graphs.d_separation import bayes_ball
from hf_causal.tasks.d_separation.text import parse_prompt
from hf_causal.training.packing import IGNORED, premise_starts
from hf_causal.training.question_data import encode_premises, node_numbers


@dataclass
class _Premise:
    """A premise and what is asked about it."""

    text: str
    edges: np.ndarray
    """Nodes by their first appearance, (statements, 2)."""
    spelled: np.ndarray
    """The first name in the text that spells each node."""
    pairs: list[tuple[int, int]] = field(default_factory=list)
    given: list[list[int]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    """1 where the two are d-separated, -1 where it is still to be found out."""


class SeparationData:
    """Premises with questions about d-separation, each as pointers to names that the premise spells.

    Beside the answers, every statement is labelled with whether the Bayes ball that starts in the first node in
    question travels along it, with its arrow and against it.

    Args:
        rows (`pa.Table`): With `premise`, `prompt`, `label` and `graph_id`; the rows of a premise stand together.
        tokenizer (`TokenizersBackend`): Encodes the premises.
        drawn_questions (`int`): So many more questions about each premise: two of its nodes at random, and a set of
            random size, 0 to all others.
        seed (`int`): Of what is drawn.

    Raises:
        `ValueError`: If there are no rows, or a question names a node that its premise does not.
    """

    def __init__(self, rows: pa.Table, tokenizer: Any, drawn_questions: int = 0, seed: int = 0):
        starts = premise_starts(rows)
        prompts, labels = rows["prompt"].to_pylist(), rows["label"].to_pylist()
        random = np.random.default_rng(seed)
        premises = [
            _premise(prompts[start:stop], labels[start:stop], drawn_questions, random)
            for start, stop in zip(starts[:-1], starts[1:], strict=True)
        ]
        self._tokens = encode_premises([premise.text for premise in premises], tokenizer)
        self.edges = [premise.edges for premise in premises]
        """The statements of each premise, its nodes numbered by their first appearance: (statements, 2)."""
        self._words = [2 * len(premise.edges) for premise in premises]
        self._asked: list[np.ndarray] = []
        self._given: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []
        self._balls: list[np.ndarray] = []
        for premise, ball in zip(premises, _balls(premises), strict=True):
            pairs = np.array(premise.pairs)
            known, found = np.array(premise.labels), ~ball.reached[np.arange(len(pairs)), pairs[:, 1]]
            most = max(map(len, premise.given))
            given = np.full((len(pairs), most), -1, dtype=np.int64)
            for question, nodes in enumerate(premise.given):
                given[question, : len(nodes)] = premise.spelled[nodes]
            self._asked.append(premise.spelled[pairs])
            self._given.append(given)
            self._labels.append(np.where(known < 0, found, known))
            cause, effect = premise.edges.T
            travels = np.stack([ball.leaves_down[:, cause], ball.leaves_up[:, effect]], axis=-1)
            self._balls.append(travels.astype(np.int64))
        self.questions = np.array([len(answers) for answers in self._labels])
        self.lengths = np.array([travels[..., 0].size for travels in self._balls])

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """One batch, padded on the right.

        Returns:
            `dict`: `input_ids` of shape (packs, length), `question_words` (packs, questions, 2), `question_given`
            (packs, questions, given; -1 where there are fewer), `question_separations` (packs, questions), `labels`
            (packs, questions) and `ball_labels` (packs, questions, statements, 2).
        """
        size, asked = len(packs), int(self.questions[packs].max())
        length = max(len(self._tokens[pack]) for pack in packs)
        statements = max(self._balls[pack].shape[1] for pack in packs)
        given = max(self._given[pack].shape[1] for pack in packs)
        batch = {
            "input_ids": np.full((size, length), pad_token_id, dtype=np.int64),
            "question_words": np.zeros((size, asked, 2), dtype=np.int64),
            "question_given": np.full((size, asked, given), -1, dtype=np.int64),
            "question_separations": np.ones((size, asked), dtype=bool),
            "labels": np.full((size, asked), IGNORED, dtype=np.int64),
            "ball_labels": np.full((size, asked, statements, 2), IGNORED, dtype=np.int64),
        }
        for index, pack in enumerate(packs):
            count, width = self._balls[pack].shape[:2]
            batch["input_ids"][index, : len(self._tokens[pack])] = self._tokens[pack]
            batch["question_words"][index, :count] = self._asked[pack]
            batch["question_given"][index, :count, : self._given[pack].shape[1]] = self._given[pack]
            batch["labels"][index, :count] = self._labels[pack]
            batch["ball_labels"][index, :count, :width] = self._balls[pack]
        return {name: torch.from_numpy(array) for name, array in batch.items()}


def _premise(prompts: list[str], labels: list[int], drawn: int, random: np.random.Generator) -> _Premise:
    """The rows of one premise, and further questions about it."""
    parsed = [parse_prompt(prompt) for prompt in prompts]
    numbers, edges, spelled = node_numbers(parsed[0].edges)
    premise = _Premise(parsed[0].premise, edges, spelled)
    for prompt, label in zip(parsed, labels, strict=True):
        for name in (*prompt.question, *prompt.given):
            if name not in numbers:
                raise ValueError(f"`rows` ask about {name!r}, which their premise {prompt.premise!r} does not name")
        premise.pairs.append((numbers[prompt.question[0]], numbers[prompt.question[1]]))
        premise.given.append([numbers[name] for name in prompt.given])
        premise.labels.append(int(label))
    for _ in range(drawn):
        x, y, *others = random.permutation(len(numbers)).tolist()
        premise.pairs.append((x, y))
        premise.given.append(others[: random.integers(0, len(others) + 1)])
        premise.labels.append(-1)
    return premise


@dataclass
class _Ball:
    """Where the Bayes ball goes in the questions about one premise: booleans of shape (questions, nodes)."""

    reached: np.ndarray
    leaves_down: np.ndarray
    """The nodes from which it goes on to all children."""
    leaves_up: np.ndarray
    """The nodes from which it goes on to all parents."""


def _balls(premises: list[_Premise]) -> list[_Ball]:
    """The Bayes ball of every question of every premise; premises with as many statements and nodes go together."""
    shapes: dict[tuple[int, int], list[int]] = {}
    for index, premise in enumerate(premises):
        shapes.setdefault((len(premise.edges), len(premise.spelled)), []).append(index)
    found: dict[int, _Ball] = {}
    for (_, nodes), members in shapes.items():
        edges = np.stack([premises[index].edges for index in members])
        counts = [len(premises[index].pairs) for index in members]
        x = np.array([pair[0] for index in members for pair in premises[index].pairs])
        sets = [given for index in members for given in premises[index].given]
        given = np.zeros((len(x), nodes), dtype=bool)
        given[np.repeat(np.arange(len(sets)), list(map(len, sets))), np.concatenate(sets).astype(int)] = True
        ball = bayes_ball(edges, nodes, np.repeat(np.arange(len(members)), counts), x, given)
        reached = ball.from_child | ball.from_parent
        parts = (reached, reached & ~given, ball.from_child & ~given | ball.from_parent & ball.ancestors)
        ends = np.cumsum(counts)[:-1]
        for index, *own in zip(members, *(np.split(part, ends) for part in parts), strict=True):
            found[index] = _Ball(*own)
    return [found[index] for index in range(len(premises))]
