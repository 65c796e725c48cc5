"""Comparisons of quantities: answers against the enumeration of all responses, texts, forms and rows."""

import json
import re
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import hf_causal
from hf_causal.tasks.answering import write_answer
from hf_causal.tasks.comparisons.rows import STRUCTURES
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.proofs import CertificateError

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import enumerated_models as oracle

TASK = get_task("comparisons")
MODEL = (
    "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0. B is 1 with probability 0.6 if A is 1. "
    "There are no hidden common causes."
)


@pytest.fixture(scope="module")
def rows():
    config = TASK.configs["comparisons"](rows=100, validation_rows=20, rows_per_cell=2, nodes=(3, 5))
    return [row for split in ("train", "test") for row in TASK.generate_shard(config, split, 0).to_pylist()]


def test_answers_agree_with_the_enumeration_of_responses(rows):
    compared = set()
    for row in rows:
        tables, coupling = oracle.read_model(row["premise"])
        if row["num_nodes"] > 3 or (sum(map(len, tables.values())) > 7 and coupling != "threshold"):
            continue
        first, second = re.fullmatch(r"Is (.+) larger than (.+)\?", row["question"]).groups()
        values = [oracle.answer(tables, coupling or "independent", f"What is {side}?") for side in (first, second)]
        assert (values[0] > values[1]) == (row["completion"] == "Yes") and values[0] != values[1]
        compared.add(row["structure"])
    assert compared == set(STRUCTURES)


def test_every_premise_has_a_yes_and_a_no_and_every_form_a_right_answer(rows):
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert first["premise"] == second["premise"] and {first["label"], second["label"]} == {0, 1}
    for row in rows[::9]:
        assert str(TASK.parse(row["prompt"])) == row["prompt"]
        hf_causal.check(row)
        for form in TASK.forms:
            written = write_answer(row, form)
            assert hf_causal.score(written, row, form).value == 1
            flipped = written.replace(row["completion"], {"Yes": "No", "No": "Yes"}[row["completion"]])
            assert hf_causal.score(flipped, row, form).value == 0


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is the average treatment effect of A on B larger than 0.4?", "No"),
        ("Is the average causal effect of A on B greater than 39%?", "Yes"),
        ("Is P(B = 1 | do(A = 1)) higher than P(B = 1 | do(A = 0))?", "Yes"),
    ],
)
def test_numbers_and_notation_are_read(question, answer):
    task, prompt = read(f"{MODEL} {question}")
    assert task is TASK and TASK.prove(prompt).answer == answer


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("Is the average treatment effect of A on B large?", "cannot read"),
        ("Is the probability of necessity of A for B larger than 0.5?", "do not determine"),
        ("Is the average treatment effect of A on B larger than the weather?", "cannot read"),
    ],
)
def test_what_has_no_answer_is_refused(question, message):
    with pytest.raises(ValueError, match=message):
        TASK.prove(TASK.parse(f"{MODEL} {question}"))


def test_a_wrong_term_or_key_proves_nothing():
    prompt = TASK.parse(f"{MODEL} Is the average treatment effect of A on B larger than 0?")
    right = {"P(B[A = 1] = 1)": "3/5", "P(B[A = 0] = 1)": "20%"}
    TASK.check(prompt, "Yes", {"first": right})
    for answer, certificate in (
        ("No", {"first": right}),
        ("Yes", {"first": {**right, "P(B[A = 0] = 1)": "0.1"}}),
        ("Yes", {"first": right, "second": {}}),
        ("Yes", json.loads("[]")),
    ):
        with pytest.raises(CertificateError):
            TASK.check(prompt, answer, certificate)
    assert Fraction(right["P(B[A = 1] = 1)"]) == Fraction(3, 5)


def test_changes_leave_the_answer_as_it_is(rows):
    prompts = [TASK.parse(row["prompt"]) for row in rows[:20]]
    for change in TASK.invariances.values():
        for before, after in zip(prompts, change(prompts, np.random.default_rng(0)), strict=True):
            assert TASK.prove(after).answer == TASK.prove(before).answer
