"""Forms that ask for a front-door set, an instrument, or the right ones of some sets."""

import pytest

import hf_causal
from hf_causal.tasks.adjustment.option_form import options_of, right_options
from hf_causal.tasks.answering import applies, put_question, write_answer
from hf_causal.tasks.proving import read

FRONT = {"prompt": "A -> M -> B, A <-> B. Is the effect of A on B identifiable?"}
BOW = {"prompt": "Z -> A -> B, A <-> B. W -> Z, W -> B. Is the effect of A on B identifiable?"}
BARE = {"prompt": "A -> B, A <-> B. Is the effect of A on B identifiable?"}
FORK = {
    "prompt": "C causes A. D causes C. D causes B. A causes B. B causes E. Is {E} a valid adjustment set for the "
    "effect of A on B?"
}


def score(reply, row, form):
    return hf_causal.score(reply, row, form=form).value


@pytest.mark.parametrize("row, reply, value", [
    (FRONT, "Set: {M}", 1), (FRONT, "Set: M", 1), (FRONT, "Set: {}", 0), (FRONT, "Set: {A}", 0), (FRONT, "M", 0),
    (FRONT, "Set: impossible", 0), (BARE, "Set: impossible", 1), (BARE, "Set: {}", 0), (FRONT, "Set: {M, M}", 0),
])  # fmt: skip
def test_front_door_sets_are_judged_by_the_criterion(row, reply, value):
    assert score(reply, row, "front-door-set") == value


@pytest.mark.parametrize("row, reply, value", [
    (BOW, "Instrument: Z\nGiven: {W}", 1), (BOW, "Instrument: Z\nGiven: {}", 0), (BOW, "Instrument: W\nGiven: {}", 0),
    (BOW, "Instrument: Z\nGiven: {Z}", 0), (BOW, "Instrument: A\nGiven: {}", 0), (BOW, "Instrument: Q\nGiven: {}", 0),
    (BOW, "Instrument: Z", 0), (BOW, "Instrument: impossible", 0), (BARE, "Instrument: impossible", 1),
    (BOW, "Instrument: Z and W\nGiven: {}", 0), (BOW, "Instrument: Z\nGiven: impossible", 0),
])  # fmt: skip
def test_instruments_are_judged_by_the_criterion(row, reply, value):
    assert score(reply, row, "instrument") == value


def test_every_right_option_is_accepted_as_stated():
    prompt = read(FORK["prompt"])[1]
    options, right = options_of(prompt), right_options(prompt)
    assert ("E",) in options.values() and right and len(right) < len(options)
    for letter in options:
        assert score(f"Option: {letter}", FORK, "options") == (letter in right)
    assert score(f"Option: {' and '.join(right)}", FORK, "options") == 1
    assert score(f"Option: {', '.join(options)}", FORK, "options") == 0
    for reply in ("Option: none", "Option: D", "Option: ", f"Option: {right[0]} or so", right[0]):
        assert score(reply, FORK, "options") == 0
    assert put_question(FORK, "options") == put_question(dict(FORK), "options")


@pytest.mark.parametrize("task", ["adjustment", "identification"])
def test_what_the_solver_writes_is_right_on_generated_rows(task):
    from hf_causal.corpora.levels import rows_by_index

    forms = {"adjustment": ["options"], "identification": ["front-door-set", "instrument"]}[task]
    written = set()
    for row in rows_by_index(task, 1).table(48).to_pylist():
        for form in forms:
            if applies(row, form):
                answer = write_answer(row, form)
                written.add(answer.split()[1] in ("impossible", "none"))
                assert score(answer, row, form) == 1
                assert answer.split()[0] in ("Set:", "Instrument:", "Option:")
    assert False in written and (task == "adjustment" or True in written)
