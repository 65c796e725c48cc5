"""Generalization reports of the models: cells, accuracies, and the hardest questions of a cell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hf_causal.artifacts import SCORES_FILE
from hf_causal.corpora import generate_shard, get_config
from hf_causal.tasks.proving import prove

if TYPE_CHECKING:
    from hf_causal.evaluation.predictors import ModelPredictor

CORPUS, CONFIG = "axiomatic", "transitivity_generalization"
CANDIDATES = 100
"""Questions of a cell among which the hardest are selected."""
HARDEST = 5


@dataclass(frozen=True)
class Cell:
    """One cell of a split."""

    split: str
    structure: str
    num_nodes: int
    branching_factor: float | None

    @property
    def label(self) -> str:
        """Name in a menu."""
        factor = f", {self.branching_factor} edges a node" if self.branching_factor else ""
        return f"{self.structure.replace('_', ' and ')}, {self.num_nodes} nodes{factor}"


@dataclass(frozen=True)
class HardQuestion:
    """A question with the answer of a model."""

    prompt: str
    right_answer: str
    certificate: str
    probability: float
    """Probability that the model assigns to the right answer."""


def read_reports(folders: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """Reads the reports of the models that have one, by the name of the model."""
    reports = {}
    for name, folder in folders.items():
        path = folder / SCORES_FILE
        if path.is_file():
            scores = json.loads(path.read_text(encoding="utf-8"))
            if scores.get("splits") and scores.get("config") == CONFIG:
                reports[name] = scores
    return reports


def cells_of(reports: dict[str, dict[str, Any]], split: str) -> list[Cell]:
    """Returns the cells of a split in the order of the reports."""
    fields = ("structure", "num_nodes", "branching_factor")
    cells = [
        Cell(split, *(cell[field] for field in fields))
        for report in reports.values()
        for cell in report["splits"].get(split, {}).get("cells", ())
    ]
    return list(dict.fromkeys(cells))


@lru_cache(maxsize=64)
def cell_questions(cell: Cell) -> tuple[str, ...]:
    """Generates the first questions of a cell as they are in the published split.

    Raises:
        `ValueError`: If the split has no such cell.
    """
    rows = _split(cell.split)
    keys = (rows[name].to_pylist() for name in ("prompt", "structure", "num_nodes", "branching_factor"))
    key = (cell.structure, cell.num_nodes, cell.branching_factor)
    prompts = [
        prompt
        for prompt, structure, nodes, factor in zip(*keys, strict=True)
        if (structure, nodes, None if factor is None else round(factor, 3)) == key
    ]
    if not prompts:
        raise ValueError(f"the split {cell.split!r} has no cell {cell.label!r}")
    return tuple(prompts[:CANDIDATES])


@lru_cache(maxsize=8)
def _split(split: str) -> pa.Table:
    config = get_config(CORPUS, CONFIG)
    shards = range(config.num_shards(split))
    return pa.concat_tables([generate_shard(CORPUS, config, split, shard) for shard in shards])


def hardest_questions(predictor: ModelPredictor, cell: Cell) -> list[HardQuestion]:
    """Returns the questions of a cell to whose right answers a model gives the least probability, the worst first."""
    prompts = cell_questions(cell)
    questions = []
    for prompt, yes in zip(prompts, predictor.probabilities(prompts), strict=True):
        proof = prove(prompt)
        right = float(yes if proof.answer == "Yes" else 1 - yes)
        questions.append(HardQuestion(prompt, proof.answer, proof.certificate, right))
    return sorted(questions, key=lambda question: question.probability)[:HARDEST]
