"""Questions to score: the splits of a corpus, and external files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from hf_causal.evaluation.scores import Cell
from hf_causal.scoring import score
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import task_of_config, task_of_prompt
from hf_causal.tasks.task import Task
from hf_causal.verification.adapters import Adapter, adapter_of_table
from hf_causal.verification.io import BrokenRow, Columns, Row, Table, open_tables

ANSWERS = {"No": 0, "Yes": 1}
_FACTOR_DIGITS = 3
"""Digits of a branching factor: columns hold 32-bit floats, which read 1.4 back as 1.399999976."""


@dataclass
class QuestionSet:
    """The questions of one split or file."""

    name: str
    prompts: list[str] = field(default_factory=list)
    references: list[int] = field(default_factory=list)
    """The labels: 0 for No, 1 for Yes. Any other answer has 1, and a prediction says whether the reply is right."""
    cells: list[Cell] = field(default_factory=list)
    contradicted: list[int] = field(default_factory=list)
    """Rows whose label contradicts their own text; they are scored, and the accuracy without them is reported too."""
    unreadable: list[int] = field(default_factory=list)
    """Rows that no task can read, so that nothing can be proved about them."""

    task: Task | None = None
    """The task of all prompts, where their config says it; recognized prompt by prompt without."""

    @cached_property
    def tasks(self) -> list[Task]:
        """The task of each prompt, once the questions are complete; to recognize it takes longer than to parse it."""
        if self.task is not None:
            return [self.task] * len(self.prompts)
        return [task_of_prompt(prompt) for prompt in self.prompts]

    def task_examples(self) -> dict[str, str]:
        """Returns the tasks of the readable prompts, each with its first prompt."""
        unreadable = set(self.unreadable)
        examples: dict[str, str] = {}
        for row, (task, prompt) in enumerate(zip(self.tasks, self.prompts, strict=True)):
            if row not in unreadable:
                examples.setdefault(task.name, prompt)
        return examples

    def parsed(self) -> Iterator[Any]:
        """Yields the parsed prompts."""
        return (task.parse(prompt) for task, prompt in zip(self.tasks, self.prompts, strict=True))


def corpus_questions(
    corpus: str, config: str, data_dir: str | Path | None = None, limit: int | None = None
) -> Iterator[QuestionSet]:
    """Yields the questions of each evaluation split of a config, generated where no folder is given.

    Args:
        corpus, config (`str`): For example `"axiomatic"` and `"transitivity_generalization"`.
        data_dir (`str` or `Path`, *optional*): Folder that `hf-causal build` wrote, or a data set on the Hub.
        limit (`int`, *optional*): At most this many questions of each cell, the first ones.

    Raises:
        `ValueError`: If the config has no split to score, or its rows are not questions.
    """
    from hf_causal.corpora import get_config
    from hf_causal.corpora.load import load_corpus

    splits = [split for split in get_config(corpus, config).splits if split != "train"]
    if not splits:
        raise ValueError(f"`config` {config!r} of {corpus!r} has no split to score, only 'train'")
    for split in splits:
        rows = load_corpus(corpus, config, split, data_dir)
        if "prompt" not in rows.column_names:
            columns = ", ".join(rows.column_names)
            raise ValueError(f"`config` {config!r} of {corpus!r} has no questions, its columns are {columns}")
        yield _split_questions(split, rows, limit, task_of_config(corpus, config))


def _split_questions(split: str, rows: Any, limit: int | None, task: Task | None) -> QuestionSet:
    questions, counts = QuestionSet(split, task=task), dict[Cell, int]()
    # All premises of Corr2Cause have the same structure; its cells are the relations in question.
    structure_column = "relation" if "relation" in rows.column_names else "structure"
    columns = ("prompt", "label", structure_column, "num_nodes", "branching_factor")
    values = (rows[name].to_pylist() for name in columns)
    for prompt, label, structure, nodes, factor in zip(*values, strict=True):
        cell = Cell(structure, nodes, None if factor is None else round(factor, _FACTOR_DIGITS))
        counts[cell] = counts.get(cell, 0) + 1
        if limit is None or counts[cell] <= limit:
            questions.prompts.append(prompt)
            questions.references.append(1 if label is None else label)
            questions.cells.append(cell)
    return questions


def file_questions(path: str | Path) -> QuestionSet:
    """Reads a file of questions, of any format and columns that `hf_causal.verification.io` reads.

    Raises:
        `FileNotFoundError`: If there is no such file.
        `ValueError`: With the first row that has no text or no label.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no data file {str(path)!r}")
    questions = QuestionSet(path.stem)
    (table,) = open_tables(path)
    if adapter := adapter_of_table(table):
        return _published_questions(path, questions, table, adapter)
    for index, row in enumerate(table.rows()):
        texts, answer = _texts_and_answer(path, index, row, table.columns)
        prompt, nodes = " ".join(texts), 0
        try:
            task, parsed = read(*texts)
            prompt = task.join(*texts) if len(texts) > 1 else prompt
            nodes = len({name for edge in task.facts(parsed).edges or () for name in edge})
            if not _is_right(answer, task, parsed):
                questions.contradicted.append(index)
        except ValueError:
            questions.unreadable.append(index)
        questions.prompts.append(prompt)
        questions.references.append(ANSWERS.get(answer, 1))
        questions.cells.append(Cell("file", nodes, None))
    if not questions.prompts:
        raise ValueError(f"{str(path)!r} holds no rows")
    return questions


def _published_questions(path: Path, questions: QuestionSet, table: Table, adapter: Adapter) -> QuestionSet:
    """Adds the Yes/No questions of a published data set; those with other answers are left out."""
    for row in (row for part in table.parts for rows in part.batches() for row in rows):
        judgement = adapter.verdict(row) if isinstance(row, dict) else None
        if judgement is None or (question := judgement.question) is None or len(question.stated) != 1:
            continue
        answer = question.spell(question.stated[0]).rstrip(".")
        if answer not in ANSWERS:
            continue
        if judgement.verdict in ("refuted", "contradicts_derivation"):
            questions.contradicted.append(len(questions.prompts))
        questions.prompts.append(question.prompt or question.text)
        if question.prompt is None:
            questions.unreadable.append(len(questions.prompts) - 1)
        questions.references.append(ANSWERS[answer])
        questions.cells.append(Cell("file", 0, None))
    if not questions.prompts:
        raise ValueError(f"no row of {str(path)!r}, which {adapter.title} published, asks for Yes or No")
    return questions


def _is_right(answer: str, task: Task, prompt: Any) -> bool:
    if task.is_yes_no:
        return task.prove(prompt).answer == answer
    return score(answer, {"prompt": str(prompt)}).value == 1.0


def _has_other_answers(texts: list[str]) -> bool:
    """Returns whether a text is of a task with other answers than Yes and No."""
    try:
        return not read(*texts)[0].is_yes_no
    except ValueError:
        return False


def _texts_and_answer(path: Path, index: int, row: Row, columns: Columns) -> tuple[list[str], str]:
    if isinstance(row, BrokenRow):
        raise ValueError(f"{path}, row {index} (counted from 0): {row.reason}, got {row.text[:80]!r}")
    texts, answer = columns.texts(row), columns.answer(row, columns.label)
    label = row.get(columns.label)
    if texts is not None and label is not None and label not in ANSWERS and _has_other_answers(texts):
        answer = str(label)
    if texts is None or answer is None:
        values = ", ".join(f"`{column}` {row.get(column)!r:.80}" for column in (*columns.text, columns.label))
        raise ValueError(f"{path}, row {index} (counted from 0): expected a text and a Yes or No, got {values}")
    return texts, answer
