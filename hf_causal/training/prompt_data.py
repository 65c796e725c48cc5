"""Prompts about reachability for models that see tokens only: each question with its premise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import torch

from hf_causal.graphs.dags import hop_counts, shortest_paths
from hf_causal.tasks.transitivity.text import parse_prompt
from hf_causal.training.packing import IGNORED, premise_starts
from hf_causal.training.question_data import number_nodes, repeat_some
from hf_causal.training.tensors import PAD, TensorSpec, empty_batch

_FEWEST_LETTERS, _MOST_LETTERS = 3, 8
"""Letters and digits of a premise with similar names."""


@dataclass(frozen=True)
class Surface:
    """How training varies the text of a premise; its graph stays the same."""

    renamed: float = 0.0
    """Share of the prompts whose names are replaced by random ones."""
    longest_name: int = 10
    """Characters of the longest random name."""
    similar_names: float = 0.0
    """Share of the renamed prompts whose names are spelled with few different characters."""
    shuffled: float = 0.0
    """Share of the prompts whose sentences are in a random order."""
    repeated: float = 0.0
    """Share of the prompts that repeat some of their sentences."""


class _Prompt(NamedTuple):
    tokens: np.ndarray
    mentions: np.ndarray
    """Of each token, 1 if it belongs to the mention of a node that the cause in question is or reaches, 0 if of one
    that it does not, -100 if the certificate does not say or the token is a word."""
    label: int


class PromptData:
    """Prompts as token ids, with the answer and with what its certificate says of each mention of a node.

    The path of a Yes says that its nodes are reached, and nothing of the others; the reached nodes of a No are all
    that there are.

    Args:
        rows (`pa.Table`): With `premise`, `question`, `label` and `graph_id`; rows of a premise are consecutive.
        tokenizer (`TokenizersBackend`): Its vocabulary has the characters and words.
        drawn_questions (`int`): Questions about each premise, half of them Yes, instead of those of the rows.
        hop_balanced (`bool`): Whether every number of hops of a premise is drawn equally often; otherwise every pair.
        surface ([`Surface`]): How the text varies.
        seed (`int`): Seed of everything that is drawn.

    Raises:
        `ValueError`: If there are no rows, or a question names a node that its premise does not.
    """

    tensors = {
        "input_ids": TensorSpec("prompts", ("tokens",), PAD),
        "labels": TensorSpec("prompts", ()),
        "mention_labels": TensorSpec("prompts", ("tokens",), IGNORED),
    }

    def __init__(
        self,
        rows: pa.Table,
        tokenizer: Any,
        drawn_questions: int = 0,
        hop_balanced: bool = True,
        surface: Surface | None = None,
        seed: int = 0,
    ):
        rows = rows.select(["premise", "question", "label", "graph_id"]).combine_chunks()
        starts = premise_starts(rows)
        premises, questions = rows["premise"].to_pylist(), rows["question"].to_pylist()
        random = np.random.default_rng(seed)
        writer = _Writer(tokenizer, surface or Surface(), random)
        self._prompts: list[_Prompt] = []
        for start, stop in zip(starts[:-1], starts[1:], strict=True):
            parsed = [parse_prompt(f"{premises[row]} {questions[row]}") for row in range(start, stop)]
            nodes, edges, _ = number_nodes(parsed[0].edges)
            hops = hop_counts(edges[None], len(nodes))[0]
            if drawn_questions:
                pairs = [draw_question(hops, hop_balanced, random) for _ in range(drawn_questions)]
            else:
                pairs = [_pair(prompt, nodes) for prompt in parsed]
            self._prompts += [writer.write(list(nodes), edges, hops, pair) for pair in pairs]
        self.lengths = np.array([len(prompt.tokens) for prompt in self._prompts])
        self.questions = np.ones(len(self._prompts), dtype=np.int64)

    def __len__(self) -> int:
        return len(self._prompts)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Returns one batch, padded on the right to a multiple of 8.

        Returns:
            `dict`: `input_ids` and `mention_labels` of shape (packs, length), and `labels` of shape (packs,).
        """
        longest = int(self.lengths[packs].max())
        sizes = {"prompts": len(packs), "tokens": -(-longest // 8) * 8}
        batch = empty_batch(self.tensors, sizes, pad_token_id)
        for index, prompt in enumerate(self._prompts[pack] for pack in packs):
            batch["input_ids"][index, : len(prompt.tokens)] = prompt.tokens
            batch["mention_labels"][index, : len(prompt.tokens)] = prompt.mentions
            batch["labels"][index] = prompt.label
        return {name: torch.from_numpy(array) for name, array in batch.items()}


def _pair(prompt: Any, nodes: dict[str, int]) -> tuple[int, int]:
    for name in prompt.question:
        if name not in nodes:
            raise ValueError(f"`rows` ask about {name!r}, which their premise {prompt.premise!r} does not name")
    cause, effect = (nodes[name] for name in prompt.question)
    return cause, effect


def draw_question(hops: np.ndarray, hop_balanced: bool, random: np.random.Generator) -> tuple[int, int]:
    """Draws two different nodes, half of the time such that the first reaches the second.

    Args:
        hops (`np.ndarray`): What [`hop_counts`] returns for one graph.
        hop_balanced (`bool`): Whether a Yes first draws its number of hops, among those of the graph.
        random (`np.random.Generator`): Draws.
    """
    reached = (hops > 0) & ~np.eye(len(hops), dtype=bool)
    if random.random() < 0.5:
        pairs = np.argwhere(hops == random.choice(np.unique(hops[reached]))) if hop_balanced else np.argwhere(reached)
    else:
        pairs = np.argwhere((hops < 0) & ~np.eye(len(hops), dtype=bool))
    cause, effect = pairs[random.integers(len(pairs))].tolist()
    return cause, effect


def certified_nodes(edges: np.ndarray, hops: np.ndarray, cause: int, effect: int) -> np.ndarray:
    """Returns what the certificate of an answer says of each node: 1 for reached, 0 for not, -100 for nothing.

    The cause itself counts as reached.
    """
    if hops[cause, effect] > 0:
        said = np.full(len(hops), IGNORED)
        path = shortest_paths(edges[None], hops[None], np.zeros(1, int), np.array([cause]), np.array([effect]))[0]
        said[path] = 1
        return said
    said = (hops[cause] > 0).astype(np.int64)
    said[cause] = 1
    return said


class _Writer:
    """Writes prompts as tokens: names character by character, words as one token each."""

    def __init__(self, tokenizer: Any, surface: Surface, random: np.random.Generator):
        self.surface, self.random = surface, random
        words = tokenizer.convert_tokens_to_ids(["causes", ".", "Does", "cause", "?"])
        self.causes, self.stop, self.does, self.cause, self.mark = words
        self.start, vocabulary = tokenizer.bos_token_id, tokenizer.get_vocab()
        self.characters = {word: token for word, token in vocabulary.items() if len(word) == 1 and word.isalnum()}
        self.alphabet = np.array(sorted(self.characters.values()))

    def write(self, names: list[str], edges: np.ndarray, hops: np.ndarray, pair: tuple[int, int]) -> _Prompt:
        """Writes one question about a premise."""
        surface, random, (cause, effect) = self.surface, self.random, pair
        spelled = [[self.characters[character] for character in name] for name in names]
        if random.random() < surface.renamed:
            spelled = self.draw_names(len(names))
        said = certified_nodes(edges, hops, cause, effect)
        if random.random() < surface.shuffled:
            edges = random.permutation(edges)
        if random.random() < surface.repeated:
            edges = np.array(repeat_some(list(edges), random))
        pieces: list[tuple[int | None, int | None]] = [(self.start, None)]
        for first, second in edges:
            pieces += [(None, first), (self.causes, None), (None, second), (self.stop, None)]
        pieces += [(self.does, None), (None, cause), (self.cause, None), (None, effect), (self.mark, None)]
        tokens: list[int | None] = []
        mentions: list[int] = []
        for word, node in pieces:
            piece = [word] if node is None else spelled[node]
            tokens += piece
            mentions += [IGNORED if node is None else int(said[node])] * len(piece)
        return _Prompt(np.array(tokens, np.uint8), np.array(mentions, np.int8), int(hops[cause, effect] > 0))

    def draw_names(self, count: int) -> list[list[int]]:
        """Draws different names, as token ids; the longest possible one is drawn for each premise."""
        random, letters = self.random, self.alphabet
        if random.random() < self.surface.similar_names:
            letters = random.choice(letters, random.integers(_FEWEST_LETTERS, _MOST_LETTERS + 1), replace=False)
        longest = random.integers(2, self.surface.longest_name + 1)
        names: dict[tuple[int, ...], None] = {}
        while len(names) < count:
            names[tuple(random.choice(letters, random.integers(1, longest + 1)).tolist())] = None
        return [list(name) for name in names]
