"""Questions about d-separation for models that read sentences: a premise once, with pointers to its names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from hf_causal.graphs.d_separation import bayes_ball
from hf_causal.tasks.d_separation.text import parse_prompt
from hf_causal.training.packing import IGNORED, premise_starts
from hf_causal.training.question_data import encode_premises, number_nodes
from hf_causal.training.tensors import PAD, TensorSpec, empty_batch

_UNKNOWN = -1
"""Label of a drawn question, whose answer the Bayes ball decides."""


@dataclass
class _Premise:
    """A premise and the questions about it."""

    text: str
    edges: np.ndarray
    """Nodes by their first appearance, (statements, 2)."""
    first_words: np.ndarray
    """The first word of the text that is each node."""
    pairs: list[tuple[int, int]] = field(default_factory=list)
    given: list[list[int]] = field(default_factory=list)
    """Conditioning set of each question."""
    labels: list[int] = field(default_factory=list)
    """1 where the two nodes are d-separated, [`_UNKNOWN`] for drawn questions."""


class SeparationData:
    """Premises with questions about d-separation, each of which is pointers to names in the premise's text.

    Besides the answers, every statement has two labels: whether the Bayes ball that starts in the first node of the
    question crosses it with its arrow, and against it.

    Args:
        rows (`pa.Table`): With `premise`, `prompt`, `label` and `graph_id`; rows of a premise are consecutive.
        tokenizer (`TokenizersBackend`): Encodes the premises.
        drawn_questions (`int`): Additional questions about each premise: two random nodes, and a conditioning set of
            random size, from no other node to all of them.
        seed (`int`): Seed of the drawn questions.

    Raises:
        `ValueError`: If there are no rows, or a question names a node that its premise does not.
    """

    tensors = {
        "input_ids": TensorSpec("premises", ("tokens",), PAD),
        "question_words": TensorSpec("premises", ("questions", "cause and effect")),
        "question_given": TensorSpec("premises", ("questions", "given"), -1),
        "question_separations": TensorSpec("premises", ("questions",), 0, bool),
        "labels": TensorSpec("premises", ("questions",), IGNORED),
        "ball_labels": TensorSpec("premises", ("questions", "statements", "directions"), IGNORED),
    }

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
        self._pointers: list[np.ndarray] = []
        self._given: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []
        self._crossings: list[np.ndarray] = []
        for premise, ball in zip(premises, _bayes_balls(premises), strict=True):
            pairs, labels_of_rows = np.array(premise.pairs), np.array(premise.labels)
            separated = ~ball.reached[np.arange(len(pairs)), pairs[:, 1]]
            self._pointers.append(premise.first_words[pairs])
            self._given.append(_given_words(premise))
            self._labels.append(np.where(labels_of_rows == _UNKNOWN, separated, labels_of_rows))
            cause, effect = premise.edges.T
            crossings = np.stack([ball.leaves_down[:, cause], ball.leaves_up[:, effect]], axis=-1)
            self._crossings.append(crossings.astype(np.int64))
        self.questions = np.array([len(answers) for answers in self._labels])
        self.lengths = np.array([crossings[..., 0].size for crossings in self._crossings])

    @classmethod
    def from_options(cls, rows: pa.Table, tokenizer: Any, options: Any, training: bool, seed: int) -> SeparationData:
        """Reads rows as [`SentenceOptions`] say; validation asks the questions of the rows only."""
        return cls(rows, tokenizer, options.drawn_questions if training else 0, seed)

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Returns one batch, padded on the right.

        Returns:
            `dict`: `input_ids` of shape (packs, length), `question_words` (packs, questions, 2), `question_given`
            (packs, questions, given; -1 where there are fewer), `question_separations` (packs, questions; all true),
            `labels` (packs, questions) and `ball_labels` (packs, questions, statements, 2).
        """
        sizes = {
            "premises": len(packs),
            "tokens": max(len(self._tokens[pack]) for pack in packs),
            "questions": int(self.questions[packs].max()),
            "cause and effect": 2,
            "given": max(self._given[pack].shape[1] for pack in packs),
            "statements": max(self._crossings[pack].shape[1] for pack in packs),
            "directions": 2,
        }
        batch = empty_batch(self.tensors, sizes, pad_token_id)
        batch["question_separations"][:] = True
        for index, pack in enumerate(packs):
            count, width = self._crossings[pack].shape[:2]
            batch["input_ids"][index, : len(self._tokens[pack])] = self._tokens[pack]
            batch["question_words"][index, :count] = self._pointers[pack]
            batch["question_given"][index, :count, : self._given[pack].shape[1]] = self._given[pack]
            batch["labels"][index, :count] = self._labels[pack]
            batch["ball_labels"][index, :count, :width] = self._crossings[pack]
        return {name: torch.from_numpy(array) for name, array in batch.items()}


def _premise(prompts: list[str], labels: list[int], drawn: int, random: np.random.Generator) -> _Premise:
    """Reads the rows of one premise, and draws further questions about it."""
    parsed = [parse_prompt(prompt) for prompt in prompts]
    nodes, edges, first_words = number_nodes(parsed[0].edges)
    premise = _Premise(parsed[0].premise, edges, first_words)
    for prompt, label in zip(parsed, labels, strict=True):
        for name in (*prompt.question, *prompt.given):
            if name not in nodes:
                raise ValueError(f"`rows` ask about {name!r}, which their premise {prompt.premise!r} does not name")
        premise.pairs.append((nodes[prompt.question[0]], nodes[prompt.question[1]]))
        premise.given.append([nodes[name] for name in prompt.given])
        premise.labels.append(int(label))
    for _ in range(drawn):
        first, second, *rest = random.permutation(len(nodes)).tolist()
        premise.pairs.append((first, second))
        premise.given.append(rest[: random.integers(0, len(rest) + 1)])
        premise.labels.append(_UNKNOWN)
    return premise


def _given_words(premise: _Premise) -> np.ndarray:
    """Returns the words of each conditioning set, shape (questions, largest set), filled up with -1."""
    words = np.full((len(premise.given), max(map(len, premise.given))), -1, dtype=np.int64)
    for question, nodes in enumerate(premise.given):
        words[question, : len(nodes)] = premise.first_words[nodes]
    return words


@dataclass
class _BayesBall:
    """Path of the Bayes ball in the questions about one premise: booleans of shape (questions, nodes)."""

    reached: np.ndarray
    leaves_down: np.ndarray
    """The nodes that pass it on to all children."""
    leaves_up: np.ndarray
    """The nodes that pass it on to all parents."""


def _bayes_balls(premises: list[_Premise]) -> list[_BayesBall]:
    """Returns the Bayes ball of every premise's questions. Premises of one shape are computed at once."""
    members_of_shape: dict[tuple[int, int], list[int]] = {}
    for index, premise in enumerate(premises):
        members_of_shape.setdefault((len(premise.edges), len(premise.first_words)), []).append(index)
    balls: dict[int, _BayesBall] = {}
    for (_, nodes), members in members_of_shape.items():
        edges = np.stack([premises[index].edges for index in members])
        counts = [len(premises[index].pairs) for index in members]
        first = np.array([pair[0] for index in members for pair in premises[index].pairs])
        sets = [given for index in members for given in premises[index].given]
        given = np.zeros((len(first), nodes), dtype=bool)
        given[np.repeat(np.arange(len(sets)), list(map(len, sets))), np.concatenate(sets).astype(int)] = True
        ball = bayes_ball(edges, nodes, np.repeat(np.arange(len(members)), counts), first, given)
        leaves_down = (ball.from_child | ball.from_parent) & ~given
        leaves_up = ball.from_child & ~given | ball.from_parent & ball.ancestors
        ends = np.cumsum(counts)[:-1]
        split = (np.split(array, ends) for array in (ball.from_child | ball.from_parent, leaves_down, leaves_up))
        for index, *arrays in zip(members, *split, strict=True):
            balls[index] = _BayesBall(*arrays)
    return [balls[index] for index in range(len(premises))]
