"""The `Task` object: everything that the rest of the package knows about a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from hf_causal.tasks.forms import YES_NO, AnswerForm
from hf_causal.tasks.shared.dataset import Dataset
from hf_causal.tasks.shared.explanations import Explain
from hf_causal.tasks.shared.invariances import STATED_GRAPH_INVARIANCES, Change
from hf_causal.tasks.shared.levels import STATED_GRAPH_LEVELS, Level
from hf_causal.tasks.shared.measures import graph_measures
from hf_causal.tasks.shared.names import RESERVED_WORDS
from hf_causal.tasks.shared.proofs import Facts, Proof, stated_facts
from hf_causal.tasks.shared.published import Curves, F1AndAccuracy
from hf_causal.tasks.shared.schema import CorpusConfig, arrow_schema
from hf_causal.tasks.shared.sentences import STATED_GRAPH, Composition
from hf_causal.tasks.shared.shortcuts import Shortcut
from hf_causal.tasks.shared.stories.wordings import Wording
from hf_causal.tasks.shared.unwrapping import end_sentence


def join_with_space(premise: str, question: str) -> str:
    """Returns the prompt of a premise and a question, with a space between them; a missing full stop is added."""
    return f"{end_sentence(premise)} {question}".strip()


@dataclass(frozen=True)
class Task:
    """One task: its text, proofs, rows, shortcuts and titles.

    Everything that depends on the task (builders, cards, `verify`, harness tasks, prompts, reports) is derived from
    these fields, so that a new task is one folder and one line in the registry.
    """

    name: str
    """Name of the folder, and of the task in recipes and files."""
    title: str
    """Name of the task in cards and reports."""
    example: str
    """A short prompt that cards and pages show, with its answer and proof."""

    # Text
    recognizes: Callable[[str], bool]
    """Whether a text looks like a prompt of this task; it may still be unreadable."""
    parse: Callable[[str], Any]
    """From text to a [`ParsedPrompt`]; raises `ValueError` with the sentence that cannot be read."""
    join: Callable[[str, str], str] = join_with_space
    """From premise and question to the prompt."""
    facts: Callable[[Any], Facts] = stated_facts
    """From a parsed prompt to the stated graph and the nodes of its question."""
    prompt_prefixes: tuple[str, str] = ("", "")
    """Words before the premise and before the question in the prompt."""
    further_reserved_words: frozenset[str] = frozenset()
    """Lower-case words of the task's sentences that no drawn name may be, in addition to `RESERVED_WORDS`."""
    vocabulary: tuple[str, ...] = ()
    """Words and set phrases that a word-level tokenizer needs in addition to those of transitivity."""
    composition: Composition = STATED_GRAPH
    """How prompts are taken apart into sentences, by which variants of rows are made."""
    wordings: Mapping[str, Wording] = field(default_factory=dict)
    """From `"en"` and `"zh"` to the templates of stories and of Chinese prompts."""
    fallback: bool = False
    """Whether the task reads the texts that no other task recognizes; one task of the registry does."""

    # Proof
    prove: Callable[[Any], Proof] = field(kw_only=True)
    """From a parsed prompt to the exact answer and its certificate."""
    check: Callable[[Any, str, Mapping[str, Any]], None] = field(kw_only=True)
    """Takes a parsed prompt, an answer and a decoded certificate; raises [`CertificateError`]."""
    explain: Explain = field(kw_only=True)
    """From a parsed prompt, a decoded certificate and a naming of nodes to the proof in words and drawings."""

    # Answers
    forms: Mapping[str, AnswerForm] = field(default_factory=dict, kw_only=True)
    """Forms of answer in addition to Yes/No, by name; `"proof"` and `"trace"` have these names in every task."""
    answer_form: str = field(default=YES_NO, kw_only=True)
    """The form in which rows ask and answer: Yes/No, or the one of `forms` for a task with other answers. The rows of
    such a task have no `label`, and their `completion` is the answer itself, such as `"3/5"`."""

    # Rows
    dataset: Dataset = field(kw_only=True)
    """The published data set that offers the configs."""
    configs: Mapping[str, Callable[..., CorpusConfig]] = field(kw_only=True)
    """From config name to the function that makes the config; its keyword arguments are the config's options."""
    generate_shard: Callable[[CorpusConfig, str, int], pa.Table] = field(kw_only=True)
    """One shard of a split: a function of (config, split, shard) and nothing else."""
    schema: pa.Schema = field(default_factory=arrow_schema, kw_only=True)
    """Columns of the rows: `arrow_schema()`, with the columns that the task adds."""
    few_shot_config: str = field(kw_only=True)
    """Config whose training split few-shot examples are drawn from; no premise of it is in an evaluation split."""
    few_shot_options: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    """Options of that config, such as fewer rows, where making its first shard takes long."""
    scored_configs: Mapping[str, str] = field(kw_only=True)
    """Configs that models are scored on, the default one first, with their titles in reports."""
    small_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """From config name to options that make it small, for tests, export checks and trials."""
    difficulty: tuple[str, ...] = ("num_nodes", "num_edges", "hops")
    """Columns of the rows that measure how hard a question is; larger is harder."""
    measure: Callable[[Any, Proof], Mapping[str, int]] = lambda prompt, proof: {}
    """From a parsed prompt and its exact proof to measures in addition to those of [`Task.measures`]."""
    levels: tuple[Level, ...] = STATED_GRAPH_LEVELS
    """Levels of difficulty, the easiest first, numbered from 1."""

    # Measurement
    shortcuts: Mapping[str, Shortcut] = field(default_factory=dict)
    """Rules that answer without reasoning, by name; plots show the last one."""
    rare_yes: bool = False
    """Whether Yes is so rare that the F1 of Yes is reported in addition to accuracy."""
    invariances: Mapping[str, Change] = field(default_factory=lambda: STATED_GRAPH_INVARIANCES)
    """Changes to prompts that must leave their answers as they are, by name."""
    published_curves: Curves = field(default_factory=dict)
    """Published accuracies by number of nodes, to show next to scores on the default evaluation config."""
    published_f1: Mapping[str, F1AndAccuracy] = field(default_factory=dict)
    """Published F1 of Yes and accuracies, to show next to scores on any config of the data set."""
    reference: str = ""
    """Source of the published results."""

    @property
    def reserved_words(self) -> frozenset[str]:
        """All lower-case words that no name in a prompt of the task may be."""
        return RESERVED_WORDS | self.further_reserved_words

    @property
    def is_yes_no(self) -> bool:
        """Whether every answer is Yes or No."""
        return self.answer_form == YES_NO

    def require_yes_no(self, use: str) -> None:
        """Raises `ValueError` for a task with other answers than Yes and No, which a use does not have.

        Args:
            use (`str`): What needs Yes and No, as the subject of the message.
        """
        if not self.is_yes_no:
            raise ValueError(
                f"{use} answers Yes or No, and the answers of {self.name} are of the form {self.answer_form!r}"
            )

    @property
    def default_evaluation(self) -> str:
        """The config that is scored when none is named."""
        return next(iter(self.scored_configs))

    def measures(self, row: Mapping[str, Any]) -> dict[str, int]:
        """Computes how hard a row's question is, from its prompt alone.

        Every task has `hops`, the edges on the shortest path that the question is about, -1 where there is none.
        Tasks whose premises state a graph have `nodes`, `edges` and `distractors`, see `graph_measures`. Further
        measures, such as `valid_answers`, are those of the task's `measure`.

        Raises:
            `ValueError`: If the prompt cannot be read.
        """
        prompt = self.parse(row["prompt"])
        proof = self.prove(prompt)
        return {**graph_measures(self.facts(prompt)), "hops": proof.hops, **self.measure(prompt, proof)}

    def level(self, number: int) -> Level:
        """Returns a level of difficulty.

        Raises:
            `ValueError`: For a number that is no level of the task, with the range.
        """
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= len(self.levels):
            raise ValueError(f"`level` of {self.name} must lie in 1 ... {len(self.levels)}, got {number!r}")
        return self.levels[number - 1]

    def small_config(self, name: str) -> CorpusConfig:
        """Returns a config at its small size."""
        return self.configs[name](**self.small_options.get(name, {}))
