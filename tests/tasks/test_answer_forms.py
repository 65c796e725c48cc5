"""Forms of answer: the solver's answers score 1 in every config and split, attempts to cheat score 0."""

import itertools
import pickle
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from hf_causal import score
from hf_causal.tasks.answering import form_names, put_question, read_row, write_answer
from hf_causal.tasks.registry import tasks

CONFIGS = [(task, name) for task, spec in tasks().items() for name in spec.configs]
TRANSITIVITY = {
    "Yes": {"prompt": "A causes B. B causes C. D causes C. C causes E. Does A cause C?"},
    "No": {"prompt": "A causes B. B causes C. D causes C. C causes E. Does A cause D?"},
}
D_SEPARATION = {
    "No": {"prompt": "A causes B. C causes B. B causes D. D causes E. Are A and C d-separated given {E}?"},
    "Yes": {"prompt": "A causes B. C causes B. B causes D. D causes E. Are A and C d-separated?"},
}
TOGETHER = {
    "No": {"prompt": "A and B appear together. C causes A. C causes D. D causes B. B causes E. Does A cause B?"},
    "Yes": {"prompt": "A and B appear together. C causes A. A causes D. D causes B. B causes E. Does A cause B?"},
}
CHAIN = {"prompt": "A causes B. B causes C. C causes D. A causes E. E causes D. Are A and D d-separated?"}


@pytest.mark.parametrize(("task_name", "config_name"), CONFIGS)
def test_the_written_answer_scores_1_in_every_form(task_name, config_name):
    task = tasks()[task_name]
    config = task.small_config(config_name)
    for split in config.splits:
        rows = task.generate_shard(config, split, 0).slice(0, 400).to_pylist()
        for row in random.Random(0).sample(rows, min(5, len(rows))):
            for form in form_names(task):
                if form != "yes-no" and not task.forms[form].applies(read_row(row)[1]):
                    continue
                got = score(write_answer(row, form), row, form=form)
                assert got.value == 1 and got.readable and got.first_wrong_line is None
                assert got.answer_right is not False and got.proof_valid is not False
                assert put_question(row, form).startswith(row["prompt"][:20])


def test_every_form_says_how_to_answer():
    for task in tasks().values():
        for name, form in task.forms.items():
            for label in form.labels:
                assert f"'{label}: " in form.instruction, f"{task.name}/{name} does not say {label!r}"
            assert form.instruction.endswith(".") and 0 < form.token_limit <= 4096


CHEATS = [
    (TRANSITIVITY["Yes"], "proof", text)
    for text in (
        "Yes",
        "Yes\nPath: A -> B\nNo\nReached: B",
        "Yes\nNo\nPath: A -> B -> C",
        "Yes\nPath: A -> B -> D -> C -> E",
        "Yes\nPath: A -> C",
        "Yes\nPath: A -> B -> B -> C",
        "Yes\nPath: A -> B -> A -> B -> C",
        "Yes\nPath: A causes B. B causes C. D causes C. C causes E.",
        "A causes B. B causes C. D causes C. C causes E.",
        "Yes\nPath: none",
        "Yes\nPath: {}",
        "Yes\nPath: A",
        "Yes\nPath: C -> A",
        "Yes\nPath: B -> C",
        "Yes\nPath: A -> B",
        "Yes\nPath: A -> B -> C -> E",
        "Yes\nPath: A, B, C",
        "Yes\nPath: А -> В -> С",  # Cyrillic
        "Yes\nPath: a -> b -> c",
        "Yes\nPath: " + "A -> B -> " * 10_000 + "C",
        "Yes\nPath: " + "[" * 9_000,
        "Yes\nPath: " + "{" * 9_000 + "}" * 9_000,
        "<think>Yes\nPath: A -> B -> C</think>",
        "<think>\nYes\nPath: A -> B -> C\n</think>\nYes",
        "<think>Path: A -> B -> C</think>Yes\nPath: see above",
        "<!-- Path: A -> B -> C --> Yes",
        "Yes\nReached: B, C, E",
        "No\nReached: none",
        "No\nReached: B, E",
        "No\nPath: A -> B -> C",
        "Yes\nPath: A -> B -> C\nReached: B, C, E",
        "Yes\nPath: Yes",
        "Yes\nPath: Path: A -> B -> C -> D",
        "Yes\nPath: A -> B -> C\nPath: D -> C",
        '{"answer": "Yes", "answer": "No", "path": ["A", "B", "C"]}',
        '{"answer": ["Yes", "No"], "path": ["A", "B", "C"]}',
        '{"answer": "Yes", "path": ["A", "C"]}',
        '{"score": 1, "value": 1.0, "proof_valid": true}',
        "Score(value=1.0, answer_right=True)",
    )
]
CHEATS += [
    (TRANSITIVITY["No"], "proof", text)
    for text in (
        "No",
        "No\nReached: none",
        "No\nReached:",
        "No\nReached: A, B, C, D, E",
        "No\nReached: B, C",
        "No\nReached: B, C, E, E",
        "No\nReached: A, B, C, E",
        "No\nReached: B, C, E, F",
        "No\nReached: B, C, E and everything else",
        "No\nReached: B, C, E, none",
        "Yes\nPath: A -> D",
        "Yes\nPath: A -> B -> C -> D",
        "Yes\nPath: A -> B -> C <- D",
    )
]
CHEATS += [
    (TRANSITIVITY["Yes"], "trace", text)
    for text in (
        "Answer: Yes",
        "From A: B\nAnswer: Yes",
        "From B: C\nAnswer: Yes",
        "From A: B, C\nAnswer: Yes",
        "From A: B\nFrom A: B\nFrom B: C\nAnswer: Yes",
        "From A: B\nFrom B: C",
        "From A: B\nFrom B: C\nAnswer: No",
        "From A: B\nFrom B: C\nAnswer: Yes\nAnswer: No",
        "From A: B\nFrom B: C\nAnswer: Yes\nFrom C: E",
        "From A: B\nFrom B: C\nAnswer: Yes or No",
        "From A: B\nso we go on\nFrom B: C\nAnswer: Yes",
        "<think>From A: B\nFrom B: C</think>Answer: Yes",
        "From A: B\nFrom B:\nAnswer: Yes",
    )
]
CHEATS += [
    (D_SEPARATION["No"], "proof", text)
    for text in (
        "No\nPath: A -> B <- C",
        "No\nPath: A -> B <- C\nOpen: none",
        "No\nPath: A -> B <- C\nOpen: B collider",
        "No\nPath: A -> B <- C\nOpen: B collider via B",
        "No\nPath: A -> B <- C\nOpen: B collider via B -> D",
        "No\nPath: A -> B <- C\nOpen: B collider via B -> E",
        "No\nPath: A -> B <- C\nOpen: B collider via D -> E",
        "No\nPath: A -> B <- C\nOpen: B chain",
        "No\nPath: A -> B <- C\nOpen: B fork",
        "No\nPath: A -> B -> C\nOpen: B chain",
        "No\nPath: A <- B <- C\nOpen: B chain",
        "No\nPath: A, B, C\nOpen: B collider via B -> D -> E",
        "No\nPath: A -> B <- C\nOpen: B collider via B -> D -> E; B collider via B -> D -> E",
        "No\nPath: A -> B <- C\nOpen: B collider via B -> D -> E; D chain",
        "No\nPath: A -> B <- C\nOpen: B collider via B -> D -> E\nAncestors: E",
        "No\nPath: A -> B -> D <- B <- C\nOpen: B chain; D collider via D -> E; B chain",
        "No\nPath: A -> C\nOpen: none",
        "Yes\nFrom child: A\nFrom parent: B\nAncestors: none",
        '{"answer": "No", "path": ["A", "B", "C"], "open": [{"node": "B", "type": "collider"}]}',
        '{"answer": "No", "path": ["A", "B", "C"], "open": [{"node": "B", "type": "collider", "path": "B"}]}',
        '{"answer": "No", "path": ["A", "B", "C"], "open": [1]}',
        '{"answer": "No", "path": ["A", "B", "C"], "open": {}}',
    )
]
CHEATS += [
    (D_SEPARATION["Yes"], "proof", text)
    for text in (
        "Yes\nFrom child: A\nFrom parent: B, D, E",
        "Yes\nFrom child: A\nFrom parent: B, D, E\nAncestors: A",
        "Yes\nFrom child: none\nFrom parent: B, D, E\nAncestors: none",
        "Yes\nFrom child: A, B, D, E\nFrom parent: B, D, E\nAncestors: none",
        "Yes\nFrom child: A, B, C, D, E\nFrom parent: A, B, C, D, E\nAncestors: A, B, C, D, E",
        "Yes\nFrom child: A\nFrom parent: B, D, D, E\nAncestors: none",
        "No\nPath: A -> B <- C\nOpen: B collider via B",
        "No\nPath: A -> B <- C\nOpen: none",
    )
]
CHEATS += [
    (D_SEPARATION["No"], "trace", text)
    for text in (
        "Answer: No",
        "Ancestors: A, B, C, D, E\nAnswer: No",
        "Up A: down B\nDown B: up A, up C, down D\nAnswer: No",
        "Ancestors: E\nUp A: down B\nDown B: up A, up C, down D\nAnswer: No",
        "Ancestors: A, B, C, D, E\nDown B: up A, up C, down D\nAnswer: No",
        "Ancestors: A, B, C, D, E\nUp A: down B\nDown B: up C\nAnswer: No",
        "Ancestors: A, B, C, D, E\nUp A: down B\nDown B: up A, up C, down D\nAnswer: Yes",
        "Ancestors: A, B, C, D, E\nUp A: up B\nUp B: up A, up C, down D\nAnswer: No",
        "Ancestors: A, B, C, D, E\nAncestors: A, B, C, D, E\nUp A: down B\nDown B: up A, up C, down D\nAnswer: No",
    )
]
CHEATS += [
    (CHAIN, form, text)
    for form in ("separating-set", "minimal-separating-set", "minimum-separating-set")
    for text in (
        "Set: {}",
        "Set: none",
        "Set: impossible",
        "Set: {A}",
        "Set: {A, B, E}",
        "Set: {B, E, F}",
        "Set: {B, B, E}",
        "Set: {B, E}\nSet: {C, E}\nSet: {B}",
        "Set: {B, E} or {B}",
        "Set: {B, E} {C}",
        "Set: B or C, E",
        "{B, E}",
        "Set: all",
    )
]
CHEATS += [
    (TOGETHER["No"], "proof", text)
    for text in (
        "No\nReached: none",
        "No\nReached: none\nTogether: none",
        "No\nReached: none\nTogether: C -> A; C -> B",
        "No\nReached: none\nTogether: C -> A",
        "No\nReached: none\nTogether: C -> A; D -> B",
        "No\nReached: none\nTogether: A -> C -> D -> B",
        "No\nReached: none\nTogether: B -> E",
        "No\nReached: B\nTogether: C -> A; C -> D -> B",
        "Yes\nPath: A -> B",
        "Yes\nPath: A <- C -> D -> B",
    )
]
CHEATS += [
    (TOGETHER["No"], "relation", text)
    for text in (
        "Relation: confounded",
        "Relation: confounded\nBecause: none",
        "Relation: confounded\nBecause: C -> A",
        "Relation: confounded\nBecause: C -> A; C -> B",
        "Relation: confounded\nBecause: C -> A; C -> A",
        "Relation: confounded\nBecause: C -> A; C -> D -> B; C -> A",
        "Relation: direct\nBecause: C -> A; C -> D -> B",
        "Relation: mediated\nBecause: A <- C -> D -> B",
        "Relation: direct, mediated, confounded\nBecause: C -> A; C -> D -> B",
        "Relation: direct\nBecause: A -> B",
        "Yes\nBecause: C -> A; C -> D -> B",
    )
]


@pytest.mark.parametrize(("row", "form", "text"), CHEATS, ids=itertools.count())
def test_attempts_to_cheat_score_0(row, form, text):
    got = score(text, row, form=form)
    assert got.value == 0 and not got.proof_valid and got.reason


@pytest.mark.parametrize(
    ("row", "form", "text"),
    [
        (TRANSITIVITY["Yes"], "proof", "Yes\nPath: A -> B -> C"),
        (TRANSITIVITY["No"], "proof", "No\nReached: E, C and B"),
        (TRANSITIVITY["Yes"], "trace", "1. From A: B\n2. **From B:** C\n\nFinal answer: yes"),
        (
            TRANSITIVITY["No"],
            "trace",
            "From A: B\nAnswer: Yes\n\nAgain.\nFrom A: B\nFrom B: C\nFrom C: E\nFrom E: none\nAnswer: No",
        ),
        (TRANSITIVITY["Yes"], "trace", '{"answer": "Yes", "steps": ["From A: B", "From B: C"]}'),
        (D_SEPARATION["No"], "proof", "No\nPath: A -> B <- C\nOpen: B is a collider via B -> D -> E."),
        (
            D_SEPARATION["No"],
            "proof",
            '{"path": ["A", "B", "C"], "open": [{"node": "B", "type": "collider", "path": ["B", "D", "E"]}], '
            '"answer": "No"}',
        ),
        (D_SEPARATION["Yes"], "proof", "Yes\nFrom child: A\nFrom parent: E, D, B\nAncestors: none"),
        (
            D_SEPARATION["Yes"],
            "proof",
            "{'answer': 'Yes', 'from_child': ['A'], 'from_parent': ['B', 'D', 'E'], 'ancestors': []}",
        ),
        (
            D_SEPARATION["No"],
            "trace",
            "Ancestors: E, D, C, B, A\nUP A: DOWN B\nDown B: down D, up C, up A\nAnswer: No",
        ),
        (TOGETHER["No"], "proof", "No\nReached: none\nTogether: A <- C -> D -> B"),
        (TOGETHER["No"], "proof", "No\nReached: none\nTogether: C -> D -> B and C -> A"),
        (TOGETHER["Yes"], "proof", "Yes\nPath: A -> D -> B"),
        (TOGETHER["No"], "relation", "Relation: Confounded\nBecause: C causes A. C causes D. D causes B."),
        (TOGETHER["Yes"], "relation", "Relation: mediated\nBecause: A -> D -> B"),
        (CHAIN, "separating-set", "Set: {B, C, E}"),
        (CHAIN, "minimal-separating-set", "Set: E, C"),
        (CHAIN, "minimum-separating-set", "The set: \nSet: {E, B}"),
        (D_SEPARATION["No"], "minimum-separating-set", "Set: {}"),
        ({"prompt": "A causes B. Are A and B d-separated?"}, "separating-set", "Set: impossible"),
    ],
    ids=itertools.count(),
)
def test_other_ways_to_write_a_valid_answer_score_1(row, form, text):
    got = score(text, row, form=form)
    assert got.value == 1, got.reason


def test_a_valid_set_that_is_not_small_enough_is_worth_a_half():
    larger, minimal = "Set: {B, C, E}", "Set: {C, E}"
    assert [score(larger, CHAIN, form=form).value for form in _SETS] == [1, 0.5, 0.5]
    assert [score(minimal, CHAIN, form=form).value for form in _SETS] == [1, 1, 1]
    # {C, D} is minimal, and {B} is smaller.
    row = {"prompt": "A causes B. B causes C. B causes D. C causes E. D causes E. Are A and E d-separated?"}
    assert [score("Set: {C, D}", row, form=form).value for form in _SETS] == [1, 1, 0.5]
    got = score("Set: {C, D}", row, form="minimum-separating-set")
    assert got.proof_valid is False and got.answer_right is None and "a smaller one" in got.reason


def test_each_relation_that_holds_is_right():
    statements = "A causes B. A causes C. C causes B. D causes A. D causes B."
    row = {"prompt": f"A and B often appear together. {statements} Does A cause B?"}
    answers = {"direct": "A -> B", "mediated": "A -> C -> B", "confounded": "D -> A; D -> B"}
    for relation, because in answers.items():
        assert score(f"Relation: {relation}\nBecause: {because}", row, form="relation").value == 1
    for relation, because in itertools.product(answers, answers.values()):
        value = score(f"Relation: {relation}\nBecause: {because}", row, form="relation").value
        assert value == (answers[relation] == because)
    # A common cause of which the path leads through the other one does not confound.
    row = {"prompt": "A and B often appear together. D causes A. A causes B. Does A cause B?"}
    assert score("Relation: confounded\nBecause: D -> A; D -> A -> B", row, form="relation").value == 0


def test_a_relation_is_only_asked_where_a_reason_is_stated():
    for statements in ("A and B often appear together.", "A and C often appear together. A causes B."):
        with pytest.raises(ValueError, match="cannot be put in the form 'relation'"):
            put_question({"prompt": f"{statements} Does A cause B?"}, "relation")


def test_separating_sets_replace_the_question():
    text = put_question(D_SEPARATION["No"], "minimal-separating-set")
    assert "Which minimal set of other nodes d-separates A and C?" in text and "given {E}" not in text


def test_the_first_wrong_line_is_named():
    reply = "Let me see.\n\nFrom A: B\nFrom B: C, D\nAnswer: Yes"
    assert score(reply, TRANSITIVITY["Yes"], form="trace").first_wrong_line == 4
    reply = "<think>\nhm\n</think>\nNo\nPath: A -> B <- C\nOpen: B collider via B -> D"
    assert score(reply, D_SEPARATION["No"], form="proof").first_wrong_line == 6
    reply = "Yes\nFrom child: A\nFrom parent: B, D\nAncestors: none"
    assert score(reply, D_SEPARATION["Yes"], form="proof").first_wrong_line == 3


def test_a_reply_of_another_row_scores_0():
    rows = tasks()["transitivity"].generate_shard(tasks()["transitivity"].small_config("transitivity_ts2"), "train", 0)
    rows = rows.slice(0, 200).to_pylist()[::10]
    answers = {row["prompt"]: write_answer(row, "proof") for row in rows}
    for row, other in itertools.permutations(answers, 2):  # the proofs about chains are unique up to their order
        assert score(answers[other], {"prompt": row}, form="proof").value == (answers[row] == answers[other])


def test_a_row_that_cannot_be_asked_is_an_error_and_a_reply_never_is():
    with pytest.raises(ValueError, match="prompt"):
        score("Yes", {"completion": "Yes"}, form="proof")
    with pytest.raises(ValueError, match="'cpdag'|'relation'|separating-set"):
        score("Yes", TRANSITIVITY["Yes"], form="cpdag")
    with pytest.raises(ValueError, match="cycle"):
        score("Yes", {"prompt": "A causes B. B causes A. Are A and C d-separated?"}, form="proof")
    assert score(None, TRANSITIVITY["Yes"], form="proof").readable is False


def test_scores_can_be_pickled_and_computed_in_threads():
    texts = [
        "Yes\nPath: A -> B -> C",
        "No\nReached: none",
        "Yes",
        None,
        "x" * 500,
        '{"answer": "Yes", "path": ["A", "C"]}',
    ]
    cases = [(text, row) for text in texts for row in (*TRANSITIVITY.values(), *D_SEPARATION.values())] * 5
    expected = [score(text, row, form="proof") for text, row in cases]
    assert pickle.loads(pickle.dumps(expected)) == expected
    assert replace(expected[0], value=0.0).value == 0
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda case: score(*case, form="proof"), cases)) == expected


_SETS = ("separating-set", "minimal-separating-set", "minimum-separating-set")
