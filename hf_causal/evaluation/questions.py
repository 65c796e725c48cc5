"""Questions to score: the splits of a corpus, and files that others wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_causal.certificates import prove
from hf_causal.evaluation.scores import Cell
from hf_causal.language import Prompt, parse_prompt

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
    """Rows that the grammar cannot read, so that nothing can be proved about them."""

    def parsed(self) -> Iterator[Prompt]:
        """The prompts as the grammar reads them."""
        return map(parse_prompt, self.prompts)


def corpus_questions(corpus: str, config: str, data_dir: str | Path | None = None, limit: int | None = None):
    """The evaluation splits of a corpus config, one [`QuestionSet`] a split, generated where no folder is given.

    Args:
        corpus, config (`str`): For example `"axiomatic"` and `"transitivity_generalization"`.
        data_dir (`str` or `Path`, *optional*): Folder that `hf-causal build` wrote, or a data set on the Hub.
        limit (`int`, *optional*): At most this many questions of each cell.

    Yields:
        [`QuestionSet`]
    """
    from hf_causal.corpora import get_config
    from hf_causal.dataset_builders import load_corpus

    for split in get_config(corpus, config).splits:
        if split == "train":
            continue
        rows = load_corpus(corpus, config, split, data_dir)
        questions, taken = QuestionSet(split), dict[Cell, int]()
        columns = ("prompt", "label", "structure", "num_nodes", "branching_factor")
        for prompt, label, structure, nodes, factor in zip(*(rows[name].to_pylist() for name in columns), strict=True):
            cell: Cell = (structure, nodes, None if factor is None else round(factor, 3))
            taken[cell] = taken.get(cell, 0) + 1
            if limit is None or taken[cell] <= limit:
                questions.prompts.append(prompt)
                questions.references.append(label)
                questions.cells.append(cell)
        yield questions


def file_questions(path: str | Path) -> QuestionSet:
    """Reads a JSON-lines file with `prompt` and `completion`, scored as it is.

    Raises:
        `FileNotFoundError`: If there is no such file.
        `ValueError`: With the line that is not such a row.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no data file {str(path)!r}")
    questions = QuestionSet(path.stem)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        prompt, answer = _row(path, number, line)
        index = len(questions.prompts)
        nodes = 0
        try:
            parsed = parse_prompt(prompt)
            nodes = len({name for edge in parsed.edges for name in edge})
            if prove(parsed).answer != answer:
                questions.contradicted.append(index)
        except ValueError:
            questions.unreadable.append(index)
        questions.prompts.append(prompt)
        questions.references.append(ANSWERS[answer])
        questions.cells.append(("file", nodes, None))
    if not questions.prompts:
        raise ValueError(f"{str(path)!r} holds no rows")
    return questions


def _row(path: Path, number: int, line: str) -> tuple[str, str]:
    try:
        row: Any = json.loads(line)
        prompt, answer = row["prompt"], str(row["completion"]).strip().capitalize()
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}, line {number}: expected JSON with `prompt` and `completion`, got {line[:80]!r}"
        ) from error
    if answer not in ANSWERS or not isinstance(prompt, str):
        raise ValueError(f"{path}, line {number}: `completion` must be 'Yes' or 'No', got {row['completion']!r}")
    return prompt, answer
