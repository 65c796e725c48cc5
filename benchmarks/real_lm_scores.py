"""Scores a language model on the axes, answer by answer, for `real_language_model.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from hf_causal.corpora import generate_shard, get_config
from hf_causal.evaluation.language_models.local import LocalModel, read_reply
from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.scoring import Score, score
from hf_causal.tasks.forms import YES_NO
from hf_causal.tasks.shared.replies import UNPARSABLE

TRAINED = {"transitivity": "transitivity_ts2", "d_separation": "d_separation"}
"""Training configs: chains of 3 to 6 nodes."""
SIZES = (7, 9, 12, 15)
"""Nodes of the graphs on the axes; splits that begin below have the trained sizes 3 to 6 in addition."""
BRANCHING = ((5, 1.4), (8, 1.4), (10, 1.4), (12, 1.4))
IN_FAMILY = "in-family"
_EXAMPLES = 2
"""Wrong replies of a cell that are kept."""


@dataclass(frozen=True)
class Question:
    """A row with the cell that it is scored in."""

    split: str
    nodes: int
    row: dict[str, Any]


def questions(task: str, limit: int) -> list[Question]:
    """Returns the first `limit` questions of each cell: held-out chains of the trained sizes, then every axis."""
    return [*_in_family(task, limit), *_axes(task, limit)]


def _in_family(task: str, limit: int) -> Iterator[Question]:
    config = get_config("axiomatic", TRAINED[task], rows=400, validation_rows=max(400, 40 * limit))
    taken: dict[int, int] = {}
    for row in generate_shard("axiomatic", config, "validation", 0).to_pylist():
        nodes = row["num_nodes"]
        taken[nodes] = taken.get(nodes, 0) + 1
        if taken[nodes] <= limit:
            yield Question(IN_FAMILY, nodes, row)


def _axes(task: str, limit: int) -> Iterator[Question]:
    config = get_config("axiomatic", f"{task}_generalization", rows_per_cell=max(20, limit))
    for split in config.splits:
        taken: dict[tuple[int, float | None], int] = {}
        for row in generate_shard("axiomatic", config, split, 0).to_pylist():
            factor = row["branching_factor"]  # in single precision
            cell = row["num_nodes"], None if factor is None else round(factor, 2)
            if not (cell in BRANCHING if split == "branching" else cell[0] in (5, *SIZES)):
                continue
            taken[cell] = taken.get(cell, 0) + 1
            if taken[cell] <= limit:
                yield Question(split, row["num_nodes"], row)


def score_model(
    folder: Path,
    task: str,
    form: str,
    shots: int,
    limit: int,
    max_new_tokens: int,
    replies: Path,
    seed: int = 0,
) -> dict[str, Any]:
    """Scores a model in a form of answer; Yes/No by likelihood, other forms by greedy text.

    Returns:
        `dict`: `cells`, a list with n, answers right, proofs valid and unreadable replies, and a few wrong replies.
    """
    asked = questions(task, limit)
    model = LocalModel.load(
        folder,
        prompt_format=PromptFormat(form=form, shots=shots, seed=seed),
        generate=form != YES_NO,
        max_new_tokens=max_new_tokens,
        tokens_per_batch=4096,
        answers=replies,
    )
    answers = model.reply([question.row["prompt"] for question in asked], _print_progress(len(asked)))
    cells: dict[tuple[str, int], list[tuple[Question, str, Score]]] = {}
    for question, reply in zip(asked, answers, strict=True):
        text = reply.get("text") if form != YES_NO else _said(read_reply(reply))
        judged = score(text, question.row, form)
        cells.setdefault((question.split, question.nodes), []).append((question, text or "", judged))
    return {
        "task": task,
        "form": form,
        "shots": shots,
        "max_new_tokens": max_new_tokens if form != YES_NO else None,
        "hardware": model.hardware,
        "cells": [_cell(split, nodes, judged) for (split, nodes), judged in cells.items()],
    }


def _said(answer: int) -> str:
    return "" if answer == UNPARSABLE else ("No", "Yes")[answer]


def _cell(split: str, nodes: int, judged: list[tuple[Question, str, Score]]) -> dict[str, Any]:
    n = len(judged)
    scores = [one for _, _, one in judged]
    wrong = [(question, text, one) for question, text, one in judged if one.value < 1]
    return {
        "split": split,
        "nodes": nodes,
        "n": n,
        "answer_right": sum(bool(one.answer_right) for one in scores) / n,
        "proof_valid": sum(one.value == 1 for one in scores) / n,
        "unreadable": sum(not one.readable for one in scores) / n,
        "wrong": [
            {"prompt": question.row["prompt"], "reply": text[:300], "reason": one.reason[:200]}
            for question, text, one in wrong[:_EXAMPLES]
        ],
    }


def standard_error(share: float, n: int) -> float:
    """Returns the standard error of a share of n answers, with one answer more on either side (Agresti-Coull)."""
    smoothed = (share * n + 2) / (n + 4)
    return sqrt(smoothed * (1 - smoothed) / (n + 4))


def pooled(cells: list[dict[str, Any]], measure: str) -> tuple[float, int]:
    """Returns the share over several cells and the number of their questions."""
    n = sum(cell["n"] for cell in cells)
    return (sum(cell[measure] * cell["n"] for cell in cells) / n if n else float("nan")), n


def _print_progress(total: int) -> Any:
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        print(f"  {done} of {total} replies", flush=True)

    return advance
