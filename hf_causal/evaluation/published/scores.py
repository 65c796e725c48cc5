"""The scores of a model on files that other people published, in memory and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hf_causal.evaluation.answers.scores import Share
from hf_causal.evaluation.published.questions import Asked, right_answer
from hf_causal.evaluation.published.replies import Outcome
from hf_causal.evaluation.scores import Json

LISTED = 3
"""Right answers that a result lists."""
MOST_FAILURES = 10


@dataclass(frozen=True)
class Result:
    """A question with what a model answered."""

    file: str
    asked: Asked
    reply: str | None
    outcome: Outcome

    def to_json(self) -> Json:
        """Returns the result as a dictionary for JSON."""
        question = self.asked.question
        listed = question.solution.answers[:LISTED]
        return {
            "file": self.file,
            "row": self.asked.row,
            "question": question.topic,
            "answers": question.form.name,
            "text": question.text,
            "reply": self.reply,
            "outcome": self.outcome.value,
            "right": [question.spell(answer) for answer in listed],
            "stated": [question.spell(answer) for answer in question.stated[:LISTED]],
            "wrong_label": self.asked.wrong_label,
        }


@dataclass(frozen=True)
class TypeScore:
    """The scores of some questions."""

    n: int
    right: Share
    """Right answers, compared with what is proved; rounded wrongly and unreadable ones are not among them."""
    rounded: int
    unreadable: int
    majority: Share
    """Questions to which the most frequent of the right answers is right."""

    @classmethod
    def of(cls, results: Sequence[Result]) -> TypeScore:
        """Counts results, of which there must be one."""
        counts, n = Counter(result.outcome for result in results), len(results)
        answers = Counter(right_answer(result.asked.question) for result in results)
        ((_, most),) = answers.most_common(1)
        return cls(
            n,
            Share(counts[Outcome.RIGHT], n),
            counts[Outcome.ROUNDED],
            counts[Outcome.UNREADABLE],
            Share(most, n),
        )

    def to_json(self) -> Json:
        """Returns the scores as a dictionary for JSON."""
        right = {"count": self.right.count, "share": self.right.value, "stderr": self.right.stderr}
        counts = {"rounded": self.rounded, "unreadable": self.unreadable, "majority": self.majority.value}
        return {"n": self.n, "right": right, **counts}


@dataclass(frozen=True)
class PublishedFile:
    """The scores on one file."""

    dataset: str
    num_rows: int
    types: Mapping[tuple[str, str], TypeScore]
    """From what is asked and the type of answers to the score, in order of first appearance."""
    wrong_labels: tuple[int, ...]
    """Rows, counted from 0, of questions that were asked and whose label the text refutes."""
    left_out: Mapping[str, int]
    """From the reason to the number of questions that were not asked."""

    def to_json(self) -> Json:
        """Returns the scores as a dictionary for JSON."""
        types = [
            {"question": topic, "answers": form, **score.to_json()} for (topic, form), score in self.types.items()
        ]
        wrong = {"wrong_labels": len(self.wrong_labels), "wrong_label_rows": list(self.wrong_labels)}
        return {"dataset": self.dataset, "rows": self.num_rows, **wrong, "left_out": dict(self.left_out)} | {
            "questions": types
        }


@dataclass(frozen=True)
class PublishedScores:
    """The scores of one model on some files."""

    model: str
    hardware: str
    date: str
    seconds: float
    prompting: Mapping[str, Any] | None
    files: Mapping[str, PublishedFile]
    results: tuple[Result, ...]

    @property
    def by_answers(self) -> dict[str, TypeScore]:
        """The scores of all questions with one type of answers."""
        return _scored((result.asked.question.form.name, result) for result in self.results)

    @property
    def total(self) -> TypeScore | None:
        """The scores of all questions; `None` if there are none."""
        return TypeScore.of(self.results) if self.results else None

    def failures(self) -> list[Result]:
        """Returns answers that are not right, one of each type before a second of any."""
        turns: Counter[tuple[str, tuple[str, str]]] = Counter()
        ranked = []
        for number, result in enumerate(self.results):
            if result.outcome is not Outcome.RIGHT:
                key = (result.file, result.asked.type)
                turns[key] += 1
                ranked.append((turns[key], number, result))
        return [result for *_, result in sorted(ranked, key=lambda entry: entry[:2])[:MOST_FAILURES]]

    def to_json(self) -> Json:
        """Returns the scores as a dictionary for JSON."""
        about: Json = {"model": self.model, "dataset": "published files", "hardware": self.hardware}
        if self.prompting is not None:
            about["asked"] = dict(self.prompting)
        return {
            **about,
            "date": self.date,
            "seconds": self.seconds,
            "overall": self.total.to_json() if self.total else None,
            "answers": {name: score.to_json() for name, score in self.by_answers.items()},
            "files": {name: file.to_json() for name, file in self.files.items()},
        }


def score_types(results: Iterable[Result]) -> dict[tuple[str, str], TypeScore]:
    """Scores the questions of each type, in order of first appearance."""
    return _scored((result.asked.type, result) for result in results)


def _scored(pairs: Iterable[tuple[Any, Result]]) -> dict[Any, TypeScore]:
    groups: dict[Any, list[Result]] = {}
    for key, result in pairs:
        groups.setdefault(key, []).append(result)
    return {key: TypeScore.of(results) for key, results in groups.items()}
