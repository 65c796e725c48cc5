"""Questions to score: the splits of a corpus, and files that others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_causal.evaluation.metrics import Cell
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import task_of_prompt
from hf_causal.verification.io import BrokenRow, Columns, Row, open_tables

ANSWERS = {"No": 0, "Yes": 1}


@dataclass
class QuestionSet:
    """The questions of one split or file."""

    name: str
    prompts: list[str] = field(default_factory=list)
    references: list[int] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    contradicted: list[int] = field(default_factory=list)
    """Rows whose label contradicts their own text; such rows are scored, and the score without them is given too."""
    unreadable: list[int] = field(default_factory=list)
    """Rows that no grammar can read, so that nothing can be proved about them."""

    def grammars(self) -> dict[str, str]:
        """The grammars of the readable prompts, each with the first of its prompts."""
        found: dict[str, str] = {}
        unreadable = set(self.unreadable)
        for index, prompt in enumerate(self.prompts):
            if index not in unreadable:
                found.setdefault(task_of_prompt(prompt).name, prompt)
        return found

    def parsed(self) -> Iterator[Any]:
        """The prompts as their grammars read them."""
        return (task_of_prompt(prompt).parse(prompt) for prompt in self.prompts)


def corpus_questions(corpus: str, config: str, data_dir: str | Path | None = None, limit: int | None = None):
    """The evaluation splits of a corpus config, one [`QuestionSet`] a split, generated where no folder is given.

    Args:
        corpus, config (`str`): For example `"axiomatic"` and `"transitivity_generalization"`.
        data_dir (`str` or `Path`, *optional*): Folder that `hf-causal build` wrote, or a data set on the Hub.
        limit (`int`, *optional*): At most this many questions of each cell.

    Yields:
        [`QuestionSet`]

    Raises:
        `ValueError`: If the config has no split to score, or rows that are no questions.
    """
    from hf_causal.corpora import get_config
    from hf_causal.corpora.load import load_corpus

    splits = [split for split in get_config(corpus, config).splits if split != "train"]
    if not splits:
        raise ValueError(f"`config` {config!r} of {corpus!r} has no split to score, only 'train'")
    for split in splits:
        rows = load_corpus(corpus, config, split, data_dir)
        if "prompt" not in rows.column_names:
            found = ", ".join(rows.column_names)
            raise ValueError(f"`config` {config!r} of {corpus!r} has no questions, its columns are {found}")
        questions, taken = QuestionSet(split), dict[Cell, int]()
        # What all premises of a corpus share is no cell: closed systems are told apart by what is asked of them.
        kind = "relation" if "relation" in rows.column_names else "structure"
        columns = ("prompt", "label", kind, "num_nodes", "branching_factor")
        for prompt, label, structure, nodes, factor in zip(*(rows[name].to_pylist() for name in columns), strict=True):
            cell: Cell = (structure, nodes, None if factor is None else round(factor, 3))
            taken[cell] = taken.get(cell, 0) + 1
            if limit is None or taken[cell] <= limit:
                questions.prompts.append(prompt)
                questions.references.append(label)
                questions.cells.append(cell)
        yield questions


def file_questions(path: str | Path) -> QuestionSet:
    """Reads a file of any format and columns that `hf_causal.verification.io` knows, scored as it is.

    Raises:
        `FileNotFoundError`: If there is no such file.
        `ValueError`: With the row that has no text or no label.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no data file {str(path)!r}")
    questions = QuestionSet(path.stem)
    (table,) = open_tables(path)
    for row in table.rows():
        index = len(questions.prompts)
        texts, answer = _texts_and_answer(path, index, row, table.columns)
        prompt = " ".join(texts)
        nodes = 0
        try:
            grammar, parsed = read(*texts)
            prompt = grammar.join(*texts) if len(texts) > 1 else prompt
            nodes = len({name for edge in grammar.facts(parsed).edges or () for name in edge})
            if grammar.prove(parsed).answer != answer:
                questions.contradicted.append(index)
        except ValueError:
            questions.unreadable.append(index)
        questions.prompts.append(prompt)
        questions.references.append(ANSWERS[answer])
        questions.cells.append(("file", nodes, None))
    if not questions.prompts:
        raise ValueError(f"{str(path)!r} holds no rows")
    return questions


def _texts_and_answer(path: Path, index: int, row: Row, columns: Columns) -> tuple[list[str], str]:
    if isinstance(row, BrokenRow):
        raise ValueError(f"{path}, row {index} (counted from 0): {row.reason}, got {row.text[:80]!r}")
    texts, answer = columns.texts(row), columns.answer(row, columns.label)
    if texts is None or answer is None:
        wrong = ", ".join(f"`{column}` {row.get(column)!r:.80}" for column in (*columns.text, columns.label))
        raise ValueError(f"{path}, row {index} (counted from 0): expected a text and a Yes or No, got {wrong}")
    return texts, answer
