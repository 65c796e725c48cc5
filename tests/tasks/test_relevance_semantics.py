"""The notions of relevance: answers against a plain enumeration from the text, proofs, texts and rows."""

import json
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import hf_causal
from hf_causal.graphs.relevance_notions import NOTIONS
from hf_causal.tasks.answering import write_answer
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.proofs import CertificateError

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from model_oracles import Tables

TASK = get_task("relevance_semantics")
CANCELS = "u is a fair coin. A is never 1. B depends on A and u: it is 1 for 01 and 10."
PROBABILITY = "Can setting A change the probability of B?"
EVER = "Can setting A ever change B if perhaps further variables are held fixed?"


@pytest.fixture(scope="module")
def rows():
    config = TASK.configs["relevance_semantics"](rows=180, validation_rows=30, rows_per_cell=4, nodes=(5, 6))
    return [row for split in ("train", "test") for row in TASK.generate_shard(config, split, 0).to_pylist()]


def names_in(text):
    return re.split(r", | and ", text) if text else []


def question_of(text):
    x, y = re.match(r"(?:Is there a causal path from (?=(\w+))|Can setting (?=(\w+)))", text), None
    x = x[1] or x[2]
    y = re.search(rf"from {x} to (\w+)|ever change (\w+)|probability of (\w+)", text)
    held = re.search(r"if (.+?)(?: and perhaps further variables)? (?:is|are) held fixed", text)
    names = [] if held is None or held[1].startswith("perhaps") else names_in(held[1])
    return x, next(filter(None, y.groups())), names


def test_answers_agree_with_a_plain_enumeration(rows):
    counts = Counter()
    for row in rows:
        oracle, (x, y, held) = Tables(row["premise"]), question_of(row["question"])
        for notion in NOTIONS:
            assert oracle.relevant(notion, x, y, held) == row[notion], row
        assert (row["completion"] == "Yes") == row[row["structure"]] and row["num_held"] == len(held)
        counts[row["structure"], row["completion"]] += 1
    assert len(counts) == 6 and len(set(counts.values())) == 1


def test_the_notions_differ_within_every_premise(rows):
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert first["premise"] == second["premise"] and {first["label"], second["label"]} == {0, 1}
        assert any(len({row[notion] for notion in NOTIONS}) > 1 for row in (first, second))
        assert all(row["probabilistic"] <= row["deterministic"] <= row["graphical"] for row in (first, second))


def test_texts_proofs_and_forms(rows):
    for row in rows[::3]:
        assert str(TASK.parse(row["prompt"])) == row["prompt"]
        hf_causal.check(row)
        for form in TASK.forms:
            written = write_answer(row, form)
            assert hf_causal.score(written, row, form).value == 1
            other = written.replace(row["completion"], {"Yes": "No", "No": "Yes"}[row["completion"]], 1)
            assert hf_causal.score(other, row, form).value == 0


def test_every_line_of_a_trace_is_what_the_enumeration_says(rows):
    for row in rows[1::4]:
        oracle, (x, _, _) = Tables(row["premise"]), question_of(row["question"])
        held = {}
        lines = write_answer(row, "trace").split("\n")
        for number, line in enumerate(lines):
            label, _, content = line.partition(": ")
            if label == "Held":
                held = {n: int(v) for n, v in re.findall(r"(\w+) = (\d)", content)}
            elif label.startswith("Values of "):
                name = label.removeprefix("Values of ")
                true = ["".join(str(oracle.value(name, coins, {**held, x: value})) for coins in oracle.outcomes())
                        for value in (0, 1)]  # fmt: skip
                assert content == "; ".join(true)
                changed = content.replace(content[0], "10"[int(content[0])], 1)
                wrong = "\n".join([*lines[:number], f"{label}: {changed}", *lines[number + 1 :]])
                assert hf_causal.score(wrong, row, "trace").first_wrong_line == number + 1
            elif label.startswith("From"):
                true = sorted(set(oracle.graph().successors(label.removeprefix("From "))))
                assert sorted(content.split(", ")) == (true or ["none"])


STEPS = "u is a fair coin. A is never 1. M depends on A: it is 1 for 0. B depends on M and u: it is 1 for 01 and 10."
EITHER_ORDER = "Held: M = 1\nValues of B: 10; 10\nHeld: M = 0\nValues of B: 01; 01\nHeld: none\nValues of M: 11; 00\n"
FREE = "Held: none\nValues of M: 11; 00\nValues of B: 10; 01\n"


@pytest.mark.parametrize(
    ("question", "trace", "value"),
    [
        (EVER, f"{FREE}Answer: Yes", 1),
        (EVER, f"So:\n\n{EITHER_ORDER}Values of B: 10; 01\nAnswer: Yes", 1),
        (EVER, "Held: M = 1\nValues of B: 10; 10\nHeld: M = 0\nValues of B: 01; 01\nAnswer: No", 0),
        (EVER, f"{FREE}Answer: No", 0),
        (EVER, "From A: M\nFrom M: B\nAnswer: Yes", 0),
        (EVER, "Held: none\nValues of B: 10; 01\nAnswer: Yes", 0),
        (EVER, "Held: none\nValues of M: 11; 00\nAnswer: Yes", 0),
        (EVER, "Held: A = 0\nValues of M: 11; 11\nValues of B: 10; 10\nAnswer: No", 0),
        (EVER, f"{FREE}Probabilities: 1/2; 1/2\nAnswer: Yes", 0),
        (PROBABILITY, f"{FREE}Probabilities: 0.5; 50%\nAnswer: No", 1),
        (PROBABILITY, f"{FREE}Answer: No", 0),
        (PROBABILITY, f"{FREE}Probabilities: 1/2; 1/4\nAnswer: Yes", 0),
        (PROBABILITY, "Held: M = 0\nValues of B: 01; 01\nProbabilities: 1/2; 1/2\nAnswer: No", 0),
        ("Is there a causal path from A to B?", "From A: M\nFrom M: B\nAnswer: Yes", 1),
        ("Is there a causal path from A to B?", f"{FREE}Answer: Yes", 0),
        ("Can setting B change the probability of M?", "From B: none\nAnswer: No", 1),
        ("Can setting B change the probability of M?", "Answer: No", 0),
    ],
)
def test_traces_of_others(question, trace, value):
    assert hf_causal.score(trace, {"prompt": f"{STEPS} {question}"}, "trace").value == value


def test_a_question_with_many_settings_has_no_trace():
    chain = " ".join(f"V{i} depends on V{i - 1}: it is 1 for 1." for i in range(1, 8))
    prompt = TASK.parse(f"V0 is never 1. {chain} Can setting V0 ever change V7 if perhaps further variables are held "
                        "fixed?")  # fmt: skip
    assert not TASK.forms["trace"].applies(prompt)


@pytest.mark.parametrize(
    ("question", "answer", "certificate"),
    [
        (PROBABILITY, "No", {"probabilities": {"": "0.5"}}),
        (EVER, "Yes", {"coins": {"u": 1}, "held": {}, "values": [1, 0]}),
        ("Is there a directed path from A to B?", "Yes", {"path": ["A", "B"]}),
        ("can setting B ever change A when perhaps further variables are kept constant", "No", {"unchanged": 2}),
    ],
)
def test_examples(question, answer, certificate):
    task, prompt = read(f"{CANCELS} {question}")
    assert task is TASK and TASK.prove(prompt).answer == answer
    TASK.check(prompt, answer, certificate)


@pytest.mark.parametrize(
    ("question", "answer", "certificate"),
    [
        (PROBABILITY, "No", {"probabilities": {"": "0.4"}}),
        (PROBABILITY, "No", {"probabilities": {}}),
        (PROBABILITY, "Yes", {"held": {}, "probabilities": ["1/2", "1/2"]}),
        (PROBABILITY, "Yes", {"held": {}, "probabilities": ["1/2", "1/4"]}),
        (EVER, "No", {"unchanged": 2}),
        (EVER, "Yes", {"coins": {"u": 1}, "held": {"A": 1}, "values": [1, 0]}),
        (EVER, "Yes", {"coins": {}, "held": {}, "values": [0, 1]}),
        (EVER, "Yes", []),
        ("Is there a causal path from A to B?", "Yes", {"path": ["u", "B"]}),
        ("Is there a causal path from B to A?", "No", {"reached": ["A"]}),
    ],
)
def test_what_proves_nothing_is_refused(question, answer, certificate):
    with pytest.raises(CertificateError):
        TASK.check(TASK.parse(f"{CANCELS} {question}"), answer, certificate)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("it is 1 for 01 and 10", "it is 1 for 01 or 10", "cannot read"),
        ("it is 1 for 01 and 10", "it is 1 for 011", "values should be such as '00'"),
        ("A is never 1", "A depends on B: it is 1 for 1", "cycle"),
        ("u is a fair coin. ", "", "no statement says how 'u'"),
        ("u is a fair coin", "u is a loaded coin", "cannot read"),
        ("A is never 1", "A is never 1. A is always 1", "two statements"),
        ("probability of B", "probability of C", "no statement says how 'C'"),
        ("probability of B", "probability of A", "twice"),
        ("probability of B?", "probability of B soon?", "cannot read"),
    ],
)
def test_what_is_not_understood_is_refused(old, new, message):
    with pytest.raises(ValueError, match=message):
        TASK.prove(TASK.parse(f"{CANCELS} {PROBABILITY}".replace(old, new)))


def test_changes_leave_the_answer_as_it_is(rows):
    prompts = [TASK.parse(row["prompt"]) for row in rows[:30]]
    for change in TASK.invariances.values():
        for before, after in zip(prompts, change(prompts, np.random.default_rng(0)), strict=True):
            assert TASK.prove(after).answer == TASK.prove(before).answer
    assert json.loads(rows[0]["certificate"])
