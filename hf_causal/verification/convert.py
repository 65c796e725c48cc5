"""Converts other people's files to rows of the package's schema with proofs, for training and rewards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_causal.tasks.proving import check, read
from hf_causal.utils.progress import Progress, start
from hf_causal.verification.checks.checkers import AdapterChecker, TaskChecker, checker_of
from hf_causal.verification.io import BrokenRow, Part, Row, Table, write_rows
from hf_causal.verification.verify import Source, listed, open_all


@dataclass
class Conversion:
    """Counts of the rows of a converted file."""

    name: str
    path: Path
    num_rows: int = 0
    num_converted: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Why rows were left out, with their numbers."""


def convert(
    sources: Source | Sequence[Source],
    out: str | Path,
    config: str | None = None,
    split: str | None = None,
    progress: Progress | None = None,
) -> list[Conversion]:
    """Writes rows of the package's schema, each with the proof of its answer, which `check` has checked.

    A row is converted where one of the tasks asks the same question; its answer is the proved one, whatever the file
    states. The column `stated_answer` keeps what the file states, `source` and `source_row` where a row is from.

    Args:
        sources, config, split, progress: As in [`verify`].
        out (`str` or `Path`): A folder; the files have the names of their originals, and are JSON lines.

    Raises:
        `FileNotFoundError`: If a source does not exist.
        `ValueError`: If the format of a source is unknown.
    """
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"`out` must be a folder, got the file {str(folder)!r}")
    jobs = [(table, part) for table in open_all(listed(sources), config, split) for part in table.parts]
    targets = [(folder / part.name).with_suffix(".jsonl") for _, part in jobs]
    if len(set(targets)) < len(targets):
        raise ValueError("`sources` must have different names, since their rows go into one folder")
    return [_convert(table, part, target, progress) for (table, part), target in zip(jobs, targets, strict=True)]


def _convert(table: Table, part: Part, target: Path, progress: Progress | None) -> Conversion:
    done, checker = Conversion(part.name, target), checker_of(table)
    advance = start(progress, f"converting {part.name}", part.num_rows)

    def batches() -> Iterator[list[dict[str, Any]]]:
        for rows in part.batches():
            converted = [_row(row, checker, done, done.num_rows + index) for index, row in enumerate(rows)]
            kept = [row for row in converted if row is not None]
            done.num_rows += len(rows)
            done.num_converted += len(kept)
            yield kept
            advance(len(rows))

    target.parent.mkdir(parents=True, exist_ok=True)
    write_rows(target, batches())
    return done


def _row(row: Row, checker: Any, done: Conversion, number: int) -> dict[str, Any] | None:
    """Returns the converted row, or `None` with a reason in the counts."""
    text, stated = _prompt(row, checker)
    if text is None:
        done.left_out[stated] += 1
        return None
    try:
        task, prompt = read(text)
        proof = task.prove(prompt)
    except ValueError:
        done.left_out["no task reads the question"] += 1
        return None
    converted = {
        "premise": prompt.premise,
        "question": prompt.question_text,
        "prompt": str(prompt),
        "completion": proof.answer,
        "label": int(proof.answer == "Yes"),
        "certificate": proof.certificate,
        "task": task.name,
        "stated_answer": stated,
        "source": done.name,
        "source_row": number,
    }
    check(converted)
    return converted


def _prompt(row: Row, checker: Any) -> tuple[str | None, str]:
    """Returns the prompt of a task and the stated answer; without a prompt, why there is none."""
    if isinstance(row, BrokenRow):
        return None, "the row cannot be read"
    if isinstance(checker, TaskChecker):
        texts = checker.columns.texts(row)
        return (" ".join(texts) if texts else None), str(row.get(checker.columns.label))
    assert isinstance(checker, AdapterChecker)
    judgement = checker.adapter.verdict(row)
    question = judgement.question
    if question is None:
        return None, "unreadable" if judgement.verdict == "unreadable" else "out of scope"
    if question.prompt is None:
        return None, "no task asks the question"
    return question.prompt, "; ".join(map(question.spell, question.stated))
