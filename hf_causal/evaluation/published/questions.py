"""The questions of files that other people published, with what is not asked and why."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hf_causal.utils.progress import Advance, Progress, start
from hf_causal.verification.adapters import Adapter, Question, adapter_of_table
from hf_causal.verification.adapters.reply_forms import YES_NO
from hf_causal.verification.io import Table, open_tables

UNREADABLE, OUT_OF_SCOPE = "the text of the row cannot be read", "rows like these are not covered"
NOTHING_ASKED, NO_ANSWER = "the row asks nothing", "no answer is right"
OVER_LIMIT, EXAMPLE = "over the limit", "used as examples"
"""Reasons why a question is not asked."""


@dataclass(frozen=True)
class Asked:
    """A question of a row that is asked."""

    row: int
    """Number of the row, counted from 0."""
    question: Question
    wrong_label: bool
    """Whether the text refutes what the row states."""

    @property
    def type(self) -> tuple[str, str]:
        """What is asked, in the words of the data set, and the type of its answers."""
        return self.question.topic, self.question.form.name


LARGE = 16 * 2**20
"""Bytes of a file whose reading takes long enough for a progress bar."""
Example = tuple[str, str]
"""A question and its answer."""


@dataclass
class PublishedQuestions:
    """The questions of one file."""

    name: str
    dataset: str
    num_rows: int = 0
    asked: list[Asked] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """From the reason to the number of questions that are not asked."""
    examples: dict[tuple[str, str], tuple[Example, ...]] = field(default_factory=dict)
    """Examples with their answers, for each type of question."""

    def draw_examples(self, shots: int, seed: int) -> None:
        """Takes questions of each type out, at random, as examples for the others of their type.

        Raises:
            `ValueError`: If a file has no type with more questions than that.
        """
        generator, by_type = random.Random(seed), _by_type(self.asked)
        for kind, questions in by_type.items():
            if len(questions) > shots:
                drawn = generator.sample(questions, shots)
                self.examples[kind] = tuple((one.question.text, right_answer(one.question)) for one in drawn)
        taken = sum(map(len, self.examples.values()))
        if not taken:
            raise ValueError(
                f"`shots` must be smaller than the number of questions of a type, which is "
                f"{max(map(len, by_type.values()), default=0)} at most in {self.name!r}, got {shots}"
            )
        texts = {text for examples in self.examples.values() for text, _ in examples}
        kept = [one for one in self.asked if one.type in self.examples and one.question.text not in texts]
        self.left_out[EXAMPLE] += len(self.asked) - len(kept)
        self.asked = kept

    def limit(self, most: int) -> None:
        """Keeps the first questions of each type."""
        kept = [one for questions in _by_type(self.asked).values() for one in questions[:most]]
        self.left_out[OVER_LIMIT] += len(self.asked) - len(kept)
        self.asked = sorted(kept, key=lambda one: one.row)


def published_adapter(path: str | Path) -> Adapter | None:
    """Returns the adapter of a file that other people published, or `None` for another file.

    Raises:
        `FileNotFoundError`: If there is no such file.
        `ValueError`: If its format is unknown.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no data file {str(path)!r}")
    (table,) = open_tables(path)
    return adapter_of_table(table)


def read_published(paths: Sequence[str | Path], progress: Progress | None = None) -> list[PublishedQuestions]:
    """Reads the questions of files, and proves their answers.

    Raises:
        `FileNotFoundError`: If a file does not exist.
        `ValueError`: If none of the data sets that are known has such rows.
    """
    files = [Path(path) for path in paths]
    stems = Counter(path.stem for path in files)
    names = [path.stem if stems[path.stem] == 1 else path.as_posix() for path in files]
    return [_read(path, name, progress) for path, name in zip(files, names, strict=True)]


def _read(path: Path, name: str, progress: Progress | None) -> PublishedQuestions:
    adapter = published_adapter(path)
    if adapter is None:
        raise ValueError(f"{str(path)!r} does not have the rows of a published data set")
    (table,) = open_tables(path)
    questions = PublishedQuestions(name, adapter.title)
    is_large = path.stat().st_size > LARGE
    advance = start(progress if is_large else None, f"reading {name}", table.num_rows)
    _add_rows(questions, table, adapter, advance)
    return questions


def _add_rows(questions: PublishedQuestions, table: Table, adapter: Adapter, advance: Advance) -> None:
    for rows in (rows for part in table.parts for rows in part.batches()):
        for row in rows:
            judgement = adapter.verdict(row) if isinstance(row, dict) else None
            if judgement is None or judgement.question is None:
                out_of_scope = judgement is not None and judgement.verdict == "out_of_scope"
                questions.left_out[OUT_OF_SCOPE if out_of_scope else UNREADABLE] += 1
            else:
                _add(questions, adapter.asks(judgement.question))
            questions.num_rows += 1
        advance(len(rows))


def _add(questions: PublishedQuestions, asked: Sequence[Question]) -> None:
    if not asked:
        questions.left_out[NOTHING_ASKED] += 1
    for question in asked:
        if not question.solution.answers and question.solution.accepts is None:
            questions.left_out[NO_ANSWER] += 1
        else:
            questions.asked.append(Asked(questions.num_rows, question, _is_wrong(question)))


def _is_wrong(question: Question) -> bool:
    """Returns whether the text refutes what a row states, by every definition in use and apart from rounding."""
    solution = question.solution
    return not all(
        solution.is_right(answer) or answer in solution.debatable or (solution.nearly and solution.nearly(answer))
        for answer in question.stated
    )


def right_answer(question: Question) -> str:
    """Returns a right answer, as a model is asked to write it."""
    written = (question.show or question.spell)(question.solution.answers[0])
    return written.rstrip(".") if question.form is YES_NO else written or "[]"


def _by_type(asked: Sequence[Asked]) -> dict[tuple[str, str], list[Asked]]:
    by_type: dict[tuple[str, str], list[Asked]] = {}
    for one in asked:
        by_type.setdefault(one.type, []).append(one)
    return by_type
