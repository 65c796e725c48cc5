"""Training data for models that read sentences: a premise once, with questions that point at its names."""

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


class QuestionData:
    """Premises with their questions, each question as two pointers to names that the premise spells.

    Args:
        rows (`pa.Table`): With `premise`, `question`, `label` and `graph_id`; the rows of a premise stand together.
        tokenizer (`TokenizersBackend`): Encodes the premises.
        all_questions (`bool`): Ask about every ordered pair of a premise's nodes instead of the pairs of the rows.
        repeat_sentences (`float`): Share of the premises that repeat some of their own sentences, up to three times as
            many as they have, at random places. The graph stays the same.
        seed (`int`): Of the repetitions.

    Raises:
        `ValueError`: If there are no rows, or a question names a node that its premise does not.
    """

    def __init__(
        self, rows: pa.Table, tokenizer: Any, all_questions: bool, repeat_sentences: float = 0.0, seed: int = 0
    ):
        rows = rows.select(["premise", "question", "label", "graph_id"]).combine_chunks()
        starts = premise_starts(rows)
        premises, asked = rows["premise"].to_pylist(), rows["question"].to_pylist()
        labels = rows["label"].to_numpy()
        random = np.random.default_rng(seed)
        texts = []
        self._asked: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []
        self._reached: list[np.ndarray] = []
        for start, stop in zip(starts[:-1], starts[1:], strict=True):
            prompts = [parse_prompt(f"{premises[row]} {asked[row]}") for row in range(start, stop)]
            sentences = list(prompts[0].edges)
            if random.random() < repeat_sentences:
                sentences = _repeated(sentences, random)
            nodes, edges, spelled = node_numbers(sentences)
            reached = reachability(edges[None], len(nodes))[0]
            if all_questions:
                pairs = np.argwhere(~np.eye(len(nodes), dtype=bool))
                answers = reached[pairs[:, 0], pairs[:, 1]].astype(np.int64)
            else:
                pairs = np.array([[_node(name, nodes, prompt) for name in prompt.question] for prompt in prompts])
                answers = labels[start:stop].astype(np.int64)
            # A statement is reached when its cause is the node in question or lies behind it.
            from_source = reached | np.eye(len(nodes), dtype=bool)
            texts.append(" ".join(STATEMENT.format(cause=cause, effect=effect) for cause, effect in sentences))
            self._asked.append(spelled[pairs])
            self._labels.append(answers)
            self._reached.append(from_source[pairs[:, :1], edges[None, :, 0]].astype(np.int64))
        self._tokens = encode_premises(texts, tokenizer)
        self.questions = np.array([len(answers) for answers in self._labels])
        # What a premise costs is its questions times its sentences; batches of like cost waste little padding.
        self.lengths = np.array([reached.size for reached in self._reached])

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """One batch, padded on the right.

        Returns:
            `dict`: `input_ids` of shape (packs, length), `question_words` (packs, questions, 2), `labels` (packs,
            questions) and `sentence_labels` (packs, questions, statements); labels are -100 where nothing is asked.
        """
        size, asked = len(packs), int(self.questions[packs].max())
        length = max(len(self._tokens[pack]) for pack in packs)
        statements = max(self._reached[pack].shape[1] for pack in packs)
        batch = {
            "input_ids": np.full((size, length), pad_token_id, dtype=np.int64),
            "question_words": np.zeros((size, asked, 2), dtype=np.int64),
            "labels": np.full((size, asked), IGNORED, dtype=np.int64),
            "sentence_labels": np.full((size, asked, statements), IGNORED, dtype=np.int64),
        }
        for index, pack in enumerate(packs):
            count, width = self._reached[pack].shape
            batch["input_ids"][index, : len(self._tokens[pack])] = self._tokens[pack]
            batch["question_words"][index, :count] = self._asked[pack]
            batch["labels"][index, :count] = self._labels[pack]
            batch["sentence_labels"][index, :count, :width] = self._reached[pack]
        return {name: torch.from_numpy(array) for name, array in batch.items()}


def node_numbers(sentences: Sequence[tuple[str, str]]) -> tuple[dict[str, int], np.ndarray, np.ndarray]:
    """Nodes by their first appearance: the number of each name, the statements in numbers, and where the text first
    spells each node (2 s for the cause of statement s, 2 s + 1 for its effect)."""
    nodes = {name: index for index, name in enumerate(dict.fromkeys(np.array(sentences).flat))}
    edges = np.array([[nodes[cause], nodes[effect]] for cause, effect in sentences])
    return nodes, edges, np.unique(edges.flatten(), return_index=True)[1]


def encode_premises(texts: list[str], tokenizer: Any) -> list[np.ndarray]:
    """Token ids of premises, each behind its opening token."""
    encodings = tokenizer.backend_tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return [np.array([tokenizer.bos_token_id, *encoding.ids]) for encoding in encodings]


def _repeated(sentences: list[tuple[str, str]], random: np.random.Generator) -> list[tuple[str, str]]:
    """The sentences with some of them said again at random places."""
    said = list(sentences)
    for index in random.integers(0, len(sentences), random.integers(1, 3 * len(sentences) + 1)):
        said.insert(int(random.integers(0, len(said) + 1)), sentences[index])
    return said


def _node(name: str, nodes: dict[str, int], prompt: Any) -> int:
    if name not in nodes:
        raise ValueError(f"`rows` ask about {name!r}, which their premise {prompt.premise!r} does not name")
    return nodes[name]
