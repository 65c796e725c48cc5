"""Questions about reachability for models that read sentences: a premise once, with pointers to its names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from hf_causal.graphs.dags import reachability
from hf_causal.tasks.shared.statements import STATEMENT
from hf_causal.tasks.transitivity.text import parse_prompt
from hf_causal.training.packing import IGNORED, premise_starts
from hf_causal.training.tensors import PAD, TensorSpec, empty_batch


class QuestionData:
    """Premises with their questions, each of which is two pointers to names in the premise's text.

    Args:
        rows (`pa.Table`): With `premise`, `question`, `label` and `graph_id`; rows of a premise are consecutive.
        tokenizer (`TokenizersBackend`): Encodes the premises.
        all_questions (`bool`): Ask about every ordered pair of a premise's nodes instead of the pairs of the rows.
        repeat_sentences (`float`): Share of the premises that repeat some of their sentences, up to three times their
            number, at random positions. The graph does not change.
        seed (`int`): Seed of the repetitions.

    Raises:
        `ValueError`: If there are no rows, or a question names a node that its premise does not.
    """

    tensors = {
        "input_ids": TensorSpec("premises", ("tokens",), PAD),
        "question_words": TensorSpec("premises", ("questions", "cause and effect")),
        "labels": TensorSpec("premises", ("questions",), IGNORED),
        "sentence_labels": TensorSpec("premises", ("questions", "statements"), IGNORED),
    }

    def __init__(
        self, rows: pa.Table, tokenizer: Any, all_questions: bool, repeat_sentences: float = 0.0, seed: int = 0
    ):
        rows = rows.select(["premise", "question", "label", "graph_id"]).combine_chunks()
        starts = premise_starts(rows)
        premises, questions = rows["premise"].to_pylist(), rows["question"].to_pylist()
        labels = rows["label"].to_numpy()
        random = np.random.default_rng(seed)
        texts = []
        self._pointers: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []
        self._reached: list[np.ndarray] = []
        for start, stop in zip(starts[:-1], starts[1:], strict=True):
            prompts = [parse_prompt(f"{premises[row]} {questions[row]}") for row in range(start, stop)]
            sentences = list(prompts[0].edges)
            if random.random() < repeat_sentences:
                sentences = repeat_some(sentences, random)
            nodes, edges, first_words = number_nodes(sentences)
            reachable = reachability(edges[None], len(nodes))[0]
            if all_questions:
                pairs = np.argwhere(~np.eye(len(nodes), dtype=bool))
                answers = reachable[pairs[:, 0], pairs[:, 1]].astype(np.int64)
            else:
                pairs = np.array([[_node(name, nodes, prompt) for name in prompt.question] for prompt in prompts])
                answers = labels[start:stop].astype(np.int64)
            # A statement is reached if its cause is the first node of the question, or reachable from it.
            from_first = reachable | np.eye(len(nodes), dtype=bool)
            texts.append(" ".join(STATEMENT.format(cause=cause, effect=effect) for cause, effect in sentences))
            self._pointers.append(first_words[pairs])
            self._labels.append(answers)
            self._reached.append(from_first[pairs[:, :1], edges[None, :, 0]].astype(np.int64))
        self._tokens = encode_premises(texts, tokenizer)
        self.questions = np.array([len(answers) for answers in self._labels])
        # The cost of a premise is its questions times its statements.
        self.lengths = np.array([reached.size for reached in self._reached])

    @classmethod
    def from_options(cls, rows: pa.Table, tokenizer: Any, options: Any, training: bool, seed: int) -> QuestionData:
        """Reads rows as [`SentenceOptions`] say; validation asks the questions of the rows only."""
        if not training:
            return cls(rows, tokenizer, all_questions=False)
        return cls(rows, tokenizer, options.all_questions, options.repeat_sentences, seed)

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Returns one batch, padded on the right.

        Returns:
            `dict`: `input_ids` of shape (packs, length), `question_words` (packs, questions, 2), `labels` (packs,
            questions) and `sentence_labels` (packs, questions, statements); labels of padding are -100.
        """
        sizes = {
            "premises": len(packs),
            "tokens": max(len(self._tokens[pack]) for pack in packs),
            "questions": int(self.questions[packs].max()),
            "cause and effect": 2,
            "statements": max(self._reached[pack].shape[1] for pack in packs),
        }
        batch = empty_batch(self.tensors, sizes, pad_token_id)
        for index, pack in enumerate(packs):
            count, width = self._reached[pack].shape
            batch["input_ids"][index, : len(self._tokens[pack])] = self._tokens[pack]
            batch["question_words"][index, :count] = self._pointers[pack]
            batch["labels"][index, :count] = self._labels[pack]
            batch["sentence_labels"][index, :count, :width] = self._reached[pack]
        return {name: torch.from_numpy(array) for name, array in batch.items()}


def number_nodes(sentences: Sequence[tuple[str, str]]) -> tuple[dict[str, int], np.ndarray, np.ndarray]:
    """Numbers the nodes by their first appearance.

    Returns:
        `tuple`: The number of each name; the statements in numbers, shape (statements, 2); and the first word of the
        text that is each node: word 2 s is the cause of statement s, and word 2 s + 1 its effect.
    """
    nodes = {name: index for index, name in enumerate(dict.fromkeys(np.array(sentences).flat))}
    edges = np.array([[nodes[cause], nodes[effect]] for cause, effect in sentences])
    return nodes, edges, np.unique(edges.flatten(), return_index=True)[1]


def encode_premises(texts: list[str], tokenizer: Any) -> list[np.ndarray]:
    """Returns the token ids of premises, each after the start token."""
    encodings = tokenizer.backend_tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return [np.array([tokenizer.bos_token_id, *encoding.ids]) for encoding in encodings]


def repeat_some(sentences: list[Any], random: np.random.Generator) -> list[Any]:
    """Returns the sentences with copies of some of them at random positions."""
    repeated = list(sentences)
    for index in random.integers(0, len(sentences), random.integers(1, 3 * len(sentences) + 1)):
        repeated.insert(int(random.integers(0, len(repeated) + 1)), sentences[index])
    return repeated


def _node(name: str, nodes: dict[str, int], prompt: Any) -> int:
    if name not in nodes:
        raise ValueError(f"`rows` ask about {name!r}, which their premise {prompt.premise!r} does not name")
    return nodes[name]
