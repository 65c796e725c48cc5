"""Questions about sets of nodes for models that read sentences: a premise once, with pointers to its names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import torch

from hf_causal.graphs.adjustment_walks import adjustment_walks
from hf_causal.models.axiom_looped.configuration_axiom_looped import QUESTION_TASKS
from hf_causal.tasks.adjustment import text as adjustment
from hf_causal.tasks.relevance import text as relevance
from hf_causal.training.packing import IGNORED, premise_starts
from hf_causal.training.question_data import encode_premises, number_nodes
from hf_causal.training.tensors import PAD, TensorSpec, empty_batch

_UNKNOWN = -1
"""Label of a drawn question, whose answer the graph decides."""


@dataclass
class PointedPremise:
    """A premise and the questions about it, with nodes numbered by their first appearance."""

    text: str
    names: dict[str, int]
    edges: np.ndarray
    """Statements, (statements, 2)."""
    first_words: np.ndarray
    """The first word of the text that is each node: word 2 s is the cause of statement s, and word 2 s + 1 its
    effect."""
    firsts: list[list[int]] = field(default_factory=list)
    """Nodes that are changed, or the treatment, of each question."""
    seconds: list[list[int]] = field(default_factory=list)
    """Nodes that may be affected, or the outcome."""
    given: list[list[int]] = field(default_factory=list)
    """Nodes that are held fixed, or in the set."""
    labels: list[int] = field(default_factory=list)
    """1 for Yes, [`_UNKNOWN`] for a drawn question."""

    @classmethod
    def of_edges(cls, text: str, sentences: list[tuple[str, str]]) -> PointedPremise:
        """Returns a premise without questions."""
        return cls(text, *number_nodes(sentences))

    def ask(self, firsts: list[int], seconds: list[int], given: list[int], label: int = _UNKNOWN) -> None:
        """Adds a question."""
        self.firsts.append(firsts)
        self.seconds.append(seconds)
        self.given.append(given)
        self.labels.append(label)

    def members(self, sets: list[list[int]]) -> np.ndarray:
        """Returns sets of nodes as booleans, (questions, nodes)."""
        member = np.zeros((len(sets), len(self.first_words)), dtype=bool)
        for row, nodes in zip(member, sets, strict=True):
            row[nodes] = True
        return member

    def words(self, sets: list[list[int]]) -> np.ndarray:
        """Returns the first words of sets of nodes, filled up with -1: (questions, largest set)."""
        words = np.full((len(sets), max(map(len, sets))), -1, dtype=np.int64)
        for row, nodes in zip(words, sets, strict=True):
            row[: len(nodes)] = self.first_words[nodes]
        return words


class PointedData(ABC):
    """Premises with questions about two sets of nodes and a third one, each a pointer to names in the premise's text.

    Besides the answers, every statement has labels: what passes it in the question.

    Args:
        rows (`pa.Table`): With `prompt`, `label` and `graph_id`; rows of a premise are consecutive.
        tokenizer (`TokenizersBackend`): Encodes the premises.
        drawn_questions (`int`): Additional questions about each premise, drawn at random.
        seed (`int`): Seed of the drawn questions.

    Raises:
        `ValueError`: If there are no rows, or a question names a node that its premise does not.
    """

    task: ClassVar[str]
    statement_labels: ClassVar[str]
    """Key of the labels of statements."""
    statement_dims: ClassVar[tuple[str, ...]] = ("questions", "statements")
    """Meanings of their dimensions."""
    tensors: Mapping[str, TensorSpec] = {
        "input_ids": TensorSpec("premises", ("tokens",), PAD),
        "question_words": TensorSpec("premises", ("questions", "cause and effect")),
        "question_given": TensorSpec("premises", ("questions", "given"), -1),
        "question_tasks": TensorSpec("premises", ("questions",)),
        "question_others": TensorSpec("premises", ("questions", "cause and effect", "others"), -1),
        "labels": TensorSpec("premises", ("questions",), IGNORED),
    }

    def __init__(self, rows: pa.Table, tokenizer: Any, drawn_questions: int = 0, seed: int = 0):
        self.tensors = {
            **self.tensors,
            self.statement_labels: TensorSpec("premises", self.statement_dims, IGNORED),
        }
        starts = premise_starts(rows)
        prompts, labels = rows["prompt"].to_pylist(), rows["label"].to_pylist()
        random = np.random.default_rng(seed)
        self._premises: list[PointedPremise] = []
        self._passed: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []
        for start, stop in zip(starts[:-1], starts[1:], strict=True):
            premise = self.read(prompts[start:stop], labels[start:stop])
            for _ in range(drawn_questions):
                self.draw(premise, random)
            passed, answers = self.decide(premise)
            asked = np.array(premise.labels)
            self._premises.append(premise)
            self._passed.append(passed)
            self._labels.append(np.where(asked == _UNKNOWN, answers, asked))
        self._tokens = encode_premises([premise.text for premise in self._premises], tokenizer)
        self.questions = np.array([len(answers) for answers in self._labels])
        # The cost of a premise is its questions times its statements.
        self.lengths = np.array([passed.shape[0] * passed.shape[1] for passed in self._passed])

    @classmethod
    def from_options(cls, rows: pa.Table, tokenizer: Any, options: Any, training: bool, seed: int) -> PointedData:
        """Reads rows as [`SentenceOptions`] say; validation asks the questions of the rows only."""
        return cls(rows, tokenizer, options.drawn_questions if training else 0, seed)

    def __len__(self) -> int:
        return len(self.lengths)

    @abstractmethod
    def read(self, prompts: list[str], labels: list[int]) -> PointedPremise:
        """Reads the rows of one premise."""

    @abstractmethod
    def draw(self, premise: PointedPremise, random: np.random.Generator) -> None:
        """Adds a random question to a premise."""

    @abstractmethod
    def decide(self, premise: PointedPremise) -> tuple[np.ndarray, np.ndarray]:
        """Returns what passes each statement in each question, (questions, statements, …), and the answers."""

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Returns one batch, padded on the right; labels of padding are -100.

        Returns:
            `dict`: `input_ids` of shape (packs, length), `question_words` (packs, questions, 2), `question_given`
            (packs, questions, given), `question_tasks` (packs, questions), `question_others` (packs, questions, 2,
            others), `labels` (packs, questions) and labels of statements (packs, questions, statements, …).
        """
        premises = [self._premises[pack] for pack in packs]
        firsts, seconds, given = (
            [premise.words(getattr(premise, name)) for premise in premises] for name in ("firsts", "seconds", "given")
        )
        sizes = {
            "premises": len(packs),
            "tokens": max(len(self._tokens[pack]) for pack in packs),
            "questions": int(self.questions[packs].max()),
            "cause and effect": 2,
            "given": max(words.shape[1] for words in given),
            "others": max(words.shape[1] for words in (*firsts, *seconds)) - 1,
            "statements": max(self._passed[pack].shape[1] for pack in packs),
            "walks": self._passed[packs[0]].shape[-1],
        }
        batch = empty_batch(self.tensors, sizes, pad_token_id)
        batch["question_tasks"][:] = QUESTION_TASKS.index(self.task)
        for index, pack in enumerate(packs):
            count, width = self._passed[pack].shape[:2]
            batch["input_ids"][index, : len(self._tokens[pack])] = self._tokens[pack]
            for side, words in enumerate((firsts[index], seconds[index])):
                batch["question_words"][index, :count, side] = words[:, 0]
                batch["question_others"][index, :count, side, : words.shape[1] - 1] = words[:, 1:]
            batch["question_given"][index, :count, : given[index].shape[1]] = given[index]
            batch["labels"][index, :count] = self._labels[pack]
            batch[self.statement_labels][index, :count, :width] = self._passed[pack]
        return {name: torch.from_numpy(array) for name, array in batch.items()}


class RelevanceData(PointedData):
    """Questions about relevance; a statement is passed if changes reach its effect through it.

    A drawn question changes one or two nodes, asks about one or two, and holds any number of the others fixed.
    """

    task = "relevance"
    statement_labels = "sentence_labels"

    def read(self, prompts: list[str], labels: list[int]) -> PointedPremise:
        parsed = [relevance.parse_prompt(prompt) for prompt in prompts]
        premise = PointedPremise.of_edges(parsed[0].premise, list(parsed[0].edges))
        for prompt, label in zip(parsed, labels, strict=True):
            sets = (prompt.changed, prompt.targets, prompt.given)
            firsts, seconds, given = (_nodes(premise, names, prompt.premise) for names in sets)
            premise.ask(firsts, seconds, given, int(label))
        return premise

    def draw(self, premise: PointedPremise, random: np.random.Generator) -> None:
        nodes = random.permutation(len(premise.first_words)).tolist()
        changed = int(random.integers(1, 3 if len(nodes) > 2 else 2))
        end = changed + int(random.integers(1, 3 if len(nodes) > changed + 1 else 2))
        held = int(random.integers(0, len(nodes) - end + 1))
        premise.ask(nodes[:changed], nodes[changed:end], nodes[end : end + held])

    def decide(self, premise: PointedPremise) -> tuple[np.ndarray, np.ndarray]:
        changed, targets, held = map(premise.members, (premise.firsts, premise.seconds, premise.given))
        cause, effect = premise.edges.T
        into = effect[:, None] == np.arange(changed.shape[1])
        reached = changed
        while True:
            passed = (reached & ~held)[:, cause]
            more = reached | passed @ into
            if (more == reached).all():
                return passed, (passed @ into & targets).any(1)
            reached = more


class AdjustmentData(PointedData):
    """Questions about adjustment sets; what passes a statement is what [`adjustment_walks`] finds.

    A hidden cause of two nodes is a node that causes both. A drawn question is about a random effect and a random set.
    """

    task = "adjustment"
    statement_labels = "path_labels"
    statement_dims = ("questions", "statements", "walks")

    def read(self, prompts: list[str], labels: list[int]) -> PointedPremise:
        parsed = [adjustment.parse_prompt(prompt) for prompt in prompts]
        statements = enumerate(parsed[0].statements)
        sentences = [edge for number, statement in statements for edge in _as_causes(number, *statement)]
        premise = PointedPremise.of_edges(parsed[0].premise, sentences)
        for prompt, label in zip(parsed, labels, strict=True):
            sets = (prompt.question[:1], prompt.question[1:], prompt.given)
            firsts, seconds, given = (_nodes(premise, names, prompt.premise) for names in sets)
            premise.ask(firsts, seconds, given, int(label))
        return premise

    def draw(self, premise: PointedPremise, random: np.random.Generator) -> None:
        cause, effect = premise.edges.T
        seen = {node for name, node in premise.names.items() if _HIDDEN not in name}
        x = random.choice([node for node in cause.tolist() if node in seen])
        effects, more = set[int](), {x}
        while more:
            more = {int(node) for start in more for node in effect[cause == start]} - effects
            effects |= more
        y = random.choice(sorted(effects))
        others = random.permutation(sorted(seen - {x, y})).tolist()
        premise.ask([int(x)], [int(y)], others[: int(random.integers(0, len(others) + 1))])

    def decide(self, premise: PointedPremise) -> tuple[np.ndarray, np.ndarray]:
        x, y = (np.array(nodes)[:, 0] for nodes in (premise.firsts, premise.seconds))
        return adjustment_walks(premise.edges, len(premise.first_words), x, y, premise.members(premise.given))


_HIDDEN = "~"
"""In the name of a hidden cause, which no name of a prompt can have."""


def _as_causes(number: int, first: str, second: str, causes: bool) -> Iterator[tuple[str, str]]:
    """Yields a statement as causes and effects; a hidden cause is that of two nodes."""
    if causes:
        yield first, second
    else:
        hidden = f"{number}{_HIDDEN}"
        yield from ((hidden, first), (hidden, second))


def _nodes(premise: PointedPremise, names: tuple[str, ...], text: str) -> list[int]:
    for name in names:
        if name not in premise.names:
            raise ValueError(f"`rows` ask about {name!r}, which their premise {text!r} does not name")
    return [premise.names[name] for name in names]
