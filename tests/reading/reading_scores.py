"""Scores the reader on sentences and questions whose right reading was written by hand."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_causal.reading import Reading, ReadingError, answer, read
from hf_causal.reading.names import key

DATA = Path(__file__).parent / "data"
SYMMETRIC = {"independent", "confounder", "common_cause", "mediator", "collider", "blockers", "hypothesis"}
SAME_KIND = {"affect": "cause"}


@dataclass
class Score:
    """How many texts were read rightly, refused and read wrongly."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    missed: list[tuple[dict[str, Any], str | ReadingError]] = field(default_factory=list)
    refused: list[tuple[dict[str, Any], ReadingError]] = field(default_factory=list)

    @property
    def precision(self) -> float:
        read_at_all = self.counts["right"] + self.counts["wrong"]
        return self.counts["right"] / read_at_all if read_at_all else 1.0

    @property
    def recall(self) -> float:
        return self.counts["right"] / self.counts["readable"]


def load(part: str) -> list[dict[str, Any]]:
    """Returns the rows of `develop` or `held_out`."""
    return [json.loads(line) for line in (DATA / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()]


def score(rows: list[dict[str, Any]]) -> Score:
    """Reads every row, checks every proof, and compares the reading with the one written by hand."""
    result = Score()
    for row in rows:
        result.counts["readable" if row["reading"] else "refuse"] += 1
        try:
            reading = read(row["premises"], row["question"])
        except ReadingError as error:
            result.counts["refused"] += 1
            if row["reading"]:
                result.missed.append((row, str(error)))
            continue
        for evidence in answer(reading).proofs:
            evidence.check()
        if row["reading"] and agrees(reading, row["reading"]):
            result.counts["right"] += 1
        else:
            result.counts["wrong"] += 1
            result.wrong.append((row, f"{reading.statements} {reading.question}"))
    return result


def score_effects(rows: list[dict[str, Any]]) -> Score:
    """Reads every row of questions about effects, checks its proof, and compares its prompt with the row's."""
    result = Score()
    for row in rows:
        result.counts["readable" if row["prompt"] else "refuse"] += 1
        try:
            reading = read(row["premises"], row["question"])
        except ReadingError as error:
            result.counts["refused"] += 1
            (result.missed if row["prompt"] else result.refused).append((row, error))
            continue
        for evidence in answer(reading).proofs:
            evidence.check()
        right = reading.prompt is not None and reading.prompt == row["prompt"]
        result.counts["right" if right else "wrong"] += 1
        if not right:
            result.wrong.append((row, str(reading.prompt)))
    return result


def agrees(reading: Reading, right: dict[str, Any]) -> bool:
    """Whether a reading states the same edges, with the same signs where these were written, and asks the same."""
    stated = {(key(one.cause), key(one.effect)): one.sign for one in reading.statements}
    wanted = {(key(cause), key(effect)): sign for cause, effect, sign in right["edges"]}
    same = stated.keys() == wanted.keys() and all(not sign or stated[edge] == sign for edge, sign in wanted.items())
    pairs = {frozenset(map(key, pair)) for pair in reading.together}
    same &= pairs == {frozenset(map(key, pair)) for pair in right["together"]}
    same &= {frozenset((key(a), key(b))) for a, b, _ in reading.independent} == {
        frozenset(map(key, pair)) for pair in right["independent"]
    }
    return same and _asks_the_same(reading, right)


def _asks_the_same(reading: Reading, right: dict[str, Any]) -> bool:
    asked = reading.question
    names, wanted = [key(name) for name in asked.names], [key(name) for name in right["names"]]
    if asked.kind in SYMMETRIC or asked.kind.startswith("any_"):
        names, wanted = sorted(names), sorted(wanted)
    third = key(right["third"]) if right["third"] else None
    return (
        SAME_KIND.get(asked.kind, asked.kind) == SAME_KIND.get(right["kind"], right["kind"])
        and names == wanted
        and {key(name) for name in asked.given} == {key(name) for name in right["given"]}
        and (key(asked.third) if asked.third else None) == third
        and asked.direction == right["direction"]
    )
