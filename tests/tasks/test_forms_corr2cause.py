"""Answers about correlation and causation: what is right scores 1, and nothing else does."""

import pickle
import random
import re
import sys
from pathlib import Path

import pytest

from hf_causal.corpora import generate_shard, get_config
from hf_causal.scoring import score
from hf_causal.tasks.answering import form_names, put_question, write_answer
from hf_causal.tasks.corr2cause import pc_trace_checks
from hf_causal.tasks.registry import tasks

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import attack_scores_corr2cause as attack  # noqa: E402

TASK = tasks()["corr2cause"]
SMALL = {
    "balanced": {"nodes": (4, 5, 6), "rows": 60, "rows_per_cell": 12},
    "seven_variables": {"rows_per_cell": 8},
}
STRUCTURE = (
    "Premise: Suppose there is a closed system of 4 variables, A, B, C and D. All the statistical relations among "
    "these 4 variables are as follows: A correlates with B. A correlates with D. B correlates with C. B correlates "
    "with D. C correlates with D. However, A is independent of C. A and D are independent given B. A and D are "
    "independent given B and C. C and D are independent given B. C and D are independent given A and B.\nHypothesis: "
)
"""A -> B <- C with B -> D, the only graph of its class."""
YES, NO = (
    {"prompt": STRUCTURE + "A causes something else which causes D."},
    {"prompt": STRUCTURE + "A directly causes D."},
)
NEUTRAL = {"prompt": TASK.example.replace("However, A is", "A correlates with C. However, A and C are")}
CHAIN = {
    "prompt": "Premise: Suppose there is a closed system of 3 variables, A, B and C. All the statistical relations "
    "among these 3 variables are as follows: A correlates with B. A correlates with C. B correlates with C. However, "
    "A and C are independent given B.\nHypothesis: A directly causes B."
}
TRACE = """\
Remove A - C: independent
Remove A - D: independent given B
Remove C - D: independent given B
Skeleton: A - B, B - C, B - D
V-structure A -> B <- C: independent
Rule 1: A -> B - D, so B -> D
Directed: A -> B, B -> D, C -> B
Undirected: none
Path: A -> B -> D
Answer: Yes"""


def test_the_forms_of_the_task():
    assert form_names(TASK) == ["yes-no", "proof", "trace", "cpdag", "verdict"]


@pytest.mark.parametrize("name", TASK.configs)
@pytest.mark.parametrize("form", ["proof", "trace", "cpdag", "verdict"])
def test_the_written_answer_to_every_row_scores_1(name, form):
    config = get_config("corr2cause", name, **SMALL.get(name, {"nodes": (2, 3, 4, 5)}))
    rows = generate_shard("corr2cause", config, "test", 0).to_pylist()
    for row in rows[-60:]:
        assert score(write_answer(row, form), row, form).value == 1
        # The same without the stored certificate.
        assert write_answer({"prompt": row["prompt"]}, form) == write_answer(row, form)


def test_every_valid_answer_scores_1_and_other_graphs_0():
    questions = list(attack.questions())
    assert len(questions) == 9160
    counts = attack.attack_every_answer(questions[:48] + questions[48::150], random.Random(0), others=6)
    assert counts["proof: counter-models"] > 150 and counts["proof: other DAGs"] > 300


def test_no_corrupted_answer_scores_1_unless_it_is_valid():
    questions = list(attack.questions())[::60]
    counts = attack.attack_with_corruptions(questions, 1500, random.Random(1))
    for form in attack.FORMS:
        assert counts[f"{form}: valid, scores 1"] > 30 and counts[f"{form}: invalid, scores 0"] > 200


@pytest.mark.parametrize(
    ("form", "weakened"),
    [
        ("proof", "hf_causal.tasks.corr2cause.forms.check_counter_model"),
        ("proof", "hf_causal.tasks.corr2cause.forms.check_directed"),
        ("cpdag", "hf_causal.tasks.corr2cause.forms.check_undirected"),
        ("trace", "hf_causal.tasks.corr2cause.pc_trace_checks._check_listed"),
        ("trace", "hf_causal.tasks.corr2cause.pc_trace_checks.check_counter_model"),
    ],
)
def test_a_weakened_judge_is_noticed(form, weakened, monkeypatch):
    questions = [question for question in list(attack.questions((4,)))[::15] if len(question.v_structures) == 1]
    monkeypatch.setattr(weakened, lambda *arguments, **options: None)
    with pytest.raises(AssertionError, match="scores 1"):
        attack.attack_with_corruptions(questions, 3000, random.Random(2), (form,))


@pytest.mark.parametrize(
    ("row", "reply", "reason"),
    [
        (CHAIN, "Yes and No\nCounter-model: B -> A, C -> B", "neither a Yes nor a No"),
        (CHAIN, "No\nCounter-model: none", "it has no edge A - B"),
        (CHAIN, "No", "no line 'Counter-model"),
        (CHAIN, "No\nCounter-model: B -> A, C -> B, A -> C", "has the cycle (A -> C|C -> B|B -> A) ->"),
        (CHAIN, "No\nCounter-model: A -> B, B -> A, B -> C", "has the cycle A -> B -> A"),
        (CHAIN, "No\nCounter-model: A -> B, B -> C", "'A directly causes B.' holds in it"),
        (CHAIN, "No\nCounter-model: A -> B, C -> B", "A -> B <- C, and the premise says 'A and C are independ"),
        (CHAIN, "No\nCounter-model: B -> A, B -> C, B -> C", "twice"),
        (CHAIN, "No\nCounter-model: B -> A, A -> C, B -> C", "edge A - C, but the premise says 'A and C are in"),
        (CHAIN, "No\nCounter-model: B - A, B - C", "no direction"),
        (CHAIN, "No\nCounter-model: B -> A, B -> E", "cannot read 'E'"),
        (CHAIN, "No\nCounter-model: " + CHAIN["prompt"], "should be a list of edges"),
        (CHAIN, CHAIN["prompt"] + "\nNo", "no line 'Counter-model"),
        (CHAIN, "No\nCounter-model: " + "A -> B, " * 20_000, "160\\d+ characters"),
        (CHAIN, "No\nCounter-model: " + "[" * 9_000 + "]" * 9_000, "should be a list of edges"),
        (
            CHAIN,
            "Yes\nDirected: none\nUndirected: A - B, B - C",
            "the class is right, but 'A directly causes B.' does not hold in B -> A",
        ),
        (YES, "Yes\nDirected: none\nUndirected: none", "every DAG of the class has A -> B, which is missing"),
        (
            YES,
            "Yes\nDirected: none\nUndirected: A - B, A - C, A - D, B - C, B - D, C - D",
            "has A -> B, which is missing",
        ),
        (YES, "Yes\nDirected: A -> B, C -> B\nUndirected: B - D", "every DAG of the class has B -> D"),
        (YES, "Yes\nDirected: A -> B, C -> B, D -> B\nUndirected: none", "every DAG of the class has B -> D"),
        (YES, "Yes\nDirected: A -> B, C -> B, B -> D\nUndirected: B - D", "every DAG of the class has B -> D"),
        (YES, "Yes\nDirected: A -> B, C -> B, B -> D", "no line 'Undirected"),
        (YES, "No\nCounter-model: A -> B, C -> B, B -> D", "holds in it"),
        (YES, "No\nCounter-model: A -> B, B -> C, B -> D", "should have A -> B <- C, and the premise says 'A is"),
    ],
)
def test_what_is_no_proof_scores_0_with_the_reason(row, reply, reason):
    result = score(reply, row, "proof")
    assert result.value == 0 and not result.proof_valid
    assert re.search(reason, result.reason), result.reason


@pytest.mark.parametrize(
    ("row", "reply"),
    [
        (CHAIN, "No.\nCounter-model: C→B; B→A."),
        (CHAIN, "no\ncounter-model: A <- B <- C"),
        (CHAIN, "**No**\n\n- **Counter-model:** B -> A and B -> C"),
        (CHAIN, "<think>Yes? A -> B fits.</think>\nNo\nCounter-model: C \\to B, B \\to A"),
        (YES, "Yes\nDirected: C -> B <- A, B -> D\nUndirected: {}"),
        (YES, '{"answer": "Yes", "directed": [["A", "B"], ["C", "B"], ["B", "D"]], "undirected": []}'),
        (CHAIN, 'So:\n```json\n{"answer": "No", "counter_model": ["C -> B", "B -> A"]}\n```'),
        (YES, "Yes\nUndirected: none.\nDirected: {A -> B, C -> B, B -> D}"),
    ],
)
def test_ways_of_writing_that_mean_the_same(row, reply):
    assert score(reply, row, "proof").value == 1


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ("Verdict: neutral", 1.0),
        ("**Neutral.**", 1.0),
        ("It may go either way.\nThe hypothesis is neutral", 1.0),
        ("Verdict: neutral\nVerdict: neutral", 1.0),
        ("Verdict: entailment", 0.0),
        ("Verdict: contradiction", 0.0),
        ("entailment\nneutral\ncontradiction", 0.0),
        ("Verdict: neutral or contradiction", 0.0),
        ("not neutral", 0.0),
        ("Yes. Verdict: neutral", 0.0),
        ("", 0.0),
    ],
)
def test_verdicts(reply, value):
    assert score(reply, CHAIN, "verdict").value == value


def test_a_form_with_a_question_of_its_own_asks_it():
    text = put_question(YES, "cpdag")
    assert "\nQuestion: Which directed edges" in text and "Hypothesis" not in text
    assert score("Directed: C -> B, A -> B, B -> D\nUndirected: none", YES, "cpdag").value == 1
    assert put_question(YES, "proof").startswith(YES["prompt"] + " Does the hypothesis hold")


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        (
            "Remove A - C: independent",
            "Remove A - C: independent given B",
            1,
            "does not say 'A and C are independ",
        ),
        ("given B\nS", "given A\nS", 3, "the premise does not say 'C and D are independent given A.'"),
        ("Remove A - D: independent given B", "Remove A - B: independent", 2, "does not say 'A is independent of B.'"),
        ("Remove A - D", "Remove A - C", 2, "has been removed before"),
        ("Remove C - D: independent given B\n", "", 3, "C - D is not removed yet"),
        ("Skeleton: A - B, B - C", "Skeleton: A - B, C - D", 4, "C - D does not follow"),
        ("Skeleton: A - B, B - C, B - D", "Skeleton: A - B, B - C", 4, "B - D is missing"),
        ("A -> B <- C: independent", "A -> B <- D: independent given B", 5, "the set that separates A and D has B"),
        (
            "A -> B <- C: independent",
            "A -> B <- D: independent given C",
            5,
            "does not say 'A and D are independ",
        ),
        ("A -> B <- C: independent", "A -> D <- C: independent", 5, "the skeleton has no edge A - D"),
        ("V-structure A -> B <- C: independent\n", "", 5, "the v-structure A -> B <- C has to come before"),
        ("Rule 1: A -> B - D, so B -> D\n", "", 6, "'Rule 1: A -> B - D, so B -> D' has to come before"),
        ("so B -> D", "so D -> B", 6, "rule 1 has edges like"),
        ("Rule 1: A -> B - D", "Rule 1: D -> B - A", 6, "D -> B is not directed yet"),
        ("Rule 1", "Rule 2", 6, "rule 2 has a path like"),
        ("Rule 1: A -> B - D, so B -> D", "Rule 3: A -> B - D, so B -> D", 6, "rule 3 has edges like"),
        ("Directed: A -> B, B -> D", "Directed: A -> B, D -> B", 7, "D -> B does not follow"),
        ("Undirected: none", "Undirected: B - D", 8, "B - D does not follow"),
        ("Path: A -> B -> D", "Path: A -> B <- C", 9, "does not join A and D"),
        ("Path: A -> B -> D", "Path: A -> D", 9, "does not make"),
        ("Path: A -> B -> D", "Path: A -> C -> D", 9, "no graph of the class has this path"),
        ("Path: A -> B -> D", "Path: none", 9, "should be a list of edges"),
        ("Path: A -> B -> D\n", "", 9, "no 'Path: …' is in this graph of the class: A -> B, B -> D, C -> B"),
        ("Path: A -> B -> D", "Counter-model: A -> B, B -> D, C -> B", 9, "holds in it"),
        ("Answer: Yes", "Answer: No", 10, "a No needs a line"),
        ("Answer: Yes", "", 10, "do not end with"),
        ("Path", "Clearly,", 9, "is no step of the form"),
    ],
)
def test_the_first_wrong_step_is_named(old, new, line, reason):
    assert score(TRACE, YES, "trace").value == 1 and old in TRACE
    result = score(TRACE.replace(old, new).strip(), YES, "trace")
    assert (result.value, result.first_wrong_line) == (0, line)
    assert result.right_lines == tuple(range(1, line))
    assert reason in result.reason


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Remove A - C: independent\nRemove A - D", "Remove C - A: independent\nRemove D - A"),
        ("Remove A - D: independent given B", "Remove A - D: independent given C and B"),
        ("Remove C - D: independent given B\nSkel", "Remove C - D: independent given {A, B}.\nSkel"),
        ("A -> B <- C: independent", "C -> B <- A: independent given none"),
        ("Rule 1: A -> B - D", "Rule 1: C -> B, D - B"),
        ("Path: A -> B -> D", "Path: D <- B <- A"),
        ("Directed: A -> B, B -> D, C -> B\nUndirected: none", "Undirected: none\nDirected: C -> B -> D, A -> B"),
    ],
)
def test_steps_in_another_order_and_with_other_sets_are_right(old, new):
    assert old in TRACE
    result = score(TRACE.replace(old, new), YES, "trace")
    assert (result.value, result.right_lines) == (1, tuple(range(1, 11)))


@pytest.mark.parametrize(
    ("arrows", "path"),
    [
        ("AB BC", True),
        ("CD AB BC", False),
        ("AX XY YC", True),
        ("AC", True),
        ("AB BC AC", False),
        ("BC CA", False),
        ("AB BA", False),
        ("AB BC DE", False),
        ("", False),
    ],
)
def test_the_path_of_rule_2_may_have_any_length_and_nothing_more(arrows, path):
    assert pc_trace_checks._is_path({tuple(arrow) for arrow in arrows.split()}, "A", "C") == path


def test_scores_can_be_pickled():
    result = score(TRACE, YES, "trace")
    assert pickle.loads(pickle.dumps(result)) == result


@pytest.mark.parametrize("form", ["proof", "trace", "cpdag"])
def test_variables_of_several_words_and_names_of_empty_sets(form):
    text = STRUCTURE + "A causes something else which causes D."
    for letter, name in zip("ABCD", ("ice cream", "well-being", "none", "ice"), strict=True):
        for before, after in ((" ", " "), (" ", ","), (" ", ".")):
            text = text.replace(f"{before}{letter}{after}", f"{before}{name}{after}")
    row = {"prompt": text}
    assert "well-being" in write_answer(row, form)
    assert score(write_answer(row, form), row, form).value == 1


def test_a_premise_without_a_class_is_an_error_of_the_row():
    with pytest.raises(ValueError, match="no DAG has exactly the independences"):
        score(
            "No\nCounter-model: none",
            {"prompt": YES["prompt"].replace(" C and D are independent given B.", "")},
            "proof",
        )
