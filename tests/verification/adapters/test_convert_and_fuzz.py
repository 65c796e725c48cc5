"""Conversion, evaluation and random changes of rows that are written as published data sets have them."""

import json
import re
import sys
from collections import Counter
from copy import deepcopy
from functools import reduce
from operator import getitem
from pathlib import Path

import pytest
from clear_rows import row

from hf_causal.evaluation.questions import file_questions
from hf_causal.tasks.proving import check
from hf_causal.verification import convert, verify
from hf_causal.verification.adapters import VERDICTS, UnreadableError, adapters, find_adapter
from hf_causal.verification.adapters.answer_texts import number_of
from hf_causal.verification.checks.checkers import AdapterChecker
from hf_causal.verification.checks.row import RowResult

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from fuzz_adapters import TEXTS, VALUES, WORD, Fuzzer, is_named, read_at, with_unknown_word, write_at

TREE = "Given a DAG (directed acyclic graph) with nodes A, B, C and directed edges A->B, B->C."
MIXED = (
    "Given an ADMG (acyclic directed mixed graph) with nodes A, B, directed edges A->B and bi-directed edges A<->B."
)
CLEAR = [
    row(TREE, "Are node A and node C d-separated by nodeset {'B'}?", "Yes."),
    row(TREE, "Are node A and node C d-separated by nodeset set()?", "Yes."),
    row(TREE, "Is node C one of descendants of node A?", "Yes."),
    row(TREE, "Is there a directed path from C to A?", "No."),
    row(MIXED, "Can the causal effect of treatment A on outcome B be identified or not?", "No."),
    row(TREE, "How many nodes does this graph have?", "3"),
    row(TREE, "Find one valid topological ordering of the graph.", "A, B, C"),
]
"""The second label is wrong."""
CALM = {"vertices": list("ABC"), "ar_edges": "A causes B, and B causes C", "former": "A", "latter": "C"}
CALM |= {"gt_answer": 1}
PLUS = {
    "query": "Premise:\nSuppose there is a closed system of 3 variables, X, Y, and Z, whose causal structure forms a "
    "directed acyclic graph and satisfies faithfulness. All the conditional independence relations are: X indep Y.\n\n"
    "Hypothesis: Z is directly affected by X.",
    "label": 1,
    "relation_type": "child",
    "forced_edges": [["X", "Z"], ["Y", "Z"]],
}
THREE = {
    "input": "Premise: Suppose there is a closed system of 2 variables, A and B. All the statistical relations among "
    "these 2 variables are as follows: A correlates with B.\nHypothesis: A directly causes B.",
    "label": 0,
}
WORLD = (
    "Imagine a self-contained, hypothetical world with only the following conditions, and without any unmentioned "
    "factors or causal relationships: Rain has a direct effect on mud."
)
DATA = (
    "For those with rain being high, the probability of mud being high is 0.7. "
    "For those with rain being low, the probability of mud being high is 0.2."
)
ASKED = "If rain is changed to be high, will mud be more likely to be high?"
EFFECT = {
    "Background": {"data_info": DATA},
    "given_info": WORLD,
    "Instruction": "Consider the average treatment effect (ATE) of rain on mud.",
    "Question": ASKED,
    "gt_answer": 0.5,
}
GYM = {
    "problem": f"Input Info: {WORLD}\n{DATA}\nInstruction: {EFFECT['Instruction']}\nQuestion: {ASKED}\n"
    'Provide the calculation result to four decimal places and a final "yes" or "no" answer in JSON format, like '
    '{"ANSWER": "Yes", "PROB": "0.1234"}:',
    "answer": '{"ANSWER": "Yes", "PROB": "0.5"}', "Type": "ATE",
}  # fmt: skip
META = {"graph_id": "fork", "query_type": "ate", "given_info": {"P(Y | X)": [0.2, 0.7]}}
LADDER = {
    "given_info": "For those who are not rixq, the probability of xevu is 20%. For those who are rixq, the "
    "probability of xevu is 70%.",
    "question": "Will rixq increase the chance of xevu?",
    "answer": "yes",
    "meta": META | {"treatment": "X", "outcome": "Y"},
}
MODEL = {
    "model_id": 0, "structure": "X->Y,V2->Y", "groundtruth": {"P(X=1)": 0.5},
    "params": {"p(X)": 0.5, "p(V2)": 0.5, "p(Y | X, V2)": [[0.1, 0.2], [0.3, 0.4]]},
}  # fmt: skip
ROWS = {
    "clear": CLEAR, "calm": [CALM, EFFECT], "corr2cause": [THREE], "corr2cause_pp": [PLUS], "caugym": [GYM],
    "cladder": [LADDER], "cladder_models": [MODEL],
}  # fmt: skip


def write(path, rows):
    path.write_text("".join(json.dumps(values) + "\n" for values in rows))
    return path


def test_rows_are_converted_with_proofs(tmp_path):
    paths = [write(tmp_path / f"{name}.jsonl", ROWS[name]) for name in ("clear", "calm", "corr2cause_pp")]
    done = convert(paths, tmp_path / "rows")
    assert [(one.num_rows, one.num_converted) for one in done] == [(7, 5), (2, 1), (1, 1)]
    for one in done:
        rows = [json.loads(line) for line in one.path.read_text().splitlines()]
        for values in rows:
            check(values)
        if one.name == "clear.jsonl":
            assert [values["completion"] for values in rows] == ["Yes", "No", "Yes", "No", "No"]
            assert [values["task"] for values in rows] == ["d_separation"] * 2 + ["transitivity"] * 2 + [
                "identification"
            ]
            assert [values["stated_answer"] for values in rows][:2] == ["Yes.", "Yes."]
    assert verify(tmp_path / "rows").is_clean
    with pytest.raises(ValueError, match="different names"):
        convert([paths[0], paths[0]], tmp_path / "rows")


def test_yes_no_questions_are_scored(tmp_path):
    questions = file_questions(write(tmp_path / "clear.jsonl", CLEAR))
    assert questions.references == [1, 1, 1, 0, 0] and questions.contradicted == [1]
    assert questions.prompts[0] == "A causes B. B causes C. Are A and C d-separated given {B}?"
    with pytest.raises(ValueError, match="asks for Yes or No"):
        file_questions(write(tmp_path / "plus.jsonl", [PLUS]))


@pytest.mark.parametrize("name", ROWS)
def test_changed_rows_never_end_in_a_traceback(name):
    adapter = next(one for one in adapters() if one.name == name)
    assert all(find_adapter(values) is adapter for values in ROWS[name])
    fuzzer = Fuzzer(AdapterChecker(adapter), ROWS[name], seed=1)
    fuzzer.run(150)
    verdicts = Counter(verdict for _, verdict in fuzzer.counts.elements())
    assert sum(verdicts.values()) == 150 and set(verdicts) <= {*VERDICTS, "not recognized"}
    assert verdicts["unreadable"] + verdicts["not recognized"] and not fuzzer.faults


@pytest.mark.parametrize("name", [name for name in ROWS if name != "cladder_models"])
def test_an_unknown_word_anywhere_in_a_text_is_refused(name):
    checker = AdapterChecker(next(one for one in adapters() if one.name == name))
    for values in ROWS[name]:
        for place in TEXTS[name]:
            text = read_at(values, place)
            for gap in re.finditer(r"(?<=\s)(?=\S)", text or ""):
                changed = write_at(values, place, f"{text[: gap.start()]}{WORD} {text[gap.start() :]}")
                assert checker.check(changed).verdict in ("unreadable", "out_of_scope", None) or is_named(changed)


@pytest.mark.parametrize("name", ROWS)
def test_numbers_of_any_length_or_spelling_end_in_a_verdict(name):
    fuzzer = Fuzzer(AdapterChecker(next(one for one in adapters() if one.name == name)), ROWS[name], seed=0)
    for values in ROWS[name]:
        for place in (*fuzzer.texts, *fuzzer.labels):
            text = read_at(values, place)
            if isinstance(text, dict | list | None):
                continue
            for digits in re.finditer(r"\d+", str(text)):
                for number in ("9" * 5000, "0..1", "1e999999999", "1_0"):
                    odd = f"{str(text)[: digits.start()]}{number}{str(text)[digits.end() :]}"
                    verdict = fuzzer.verdict(write_at(values, place, odd))
                    assert verdict in ("not recognized", *VERDICTS)
                    assert place in fuzzer.texts or verdict != "proved"


def paths_of(value, path=()):
    """Yields the keys and positions that lead to each value within a row."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value[:2]):
            yield (*path, key)
            yield from paths_of(inner, (*path, key))


@pytest.mark.parametrize("name", ROWS)
def test_values_of_other_types_end_in_a_verdict(name):
    fuzzer = Fuzzer(AdapterChecker(next(one for one in adapters() if one.name == name)), ROWS[name], seed=0)
    for path in paths_of(ROWS[name][0]):
        for value in (*VALUES, {"x": "y"}, [[1]], b"x", 10**30):
            changed = deepcopy(ROWS[name][0])
            *above, last = path
            reduce(getitem, above, changed)[last] = value
            assert fuzzer.verdict(changed) in ("not recognized", *VERDICTS)


@pytest.mark.parametrize(
    "text", ["nan", "inf", "1e9999", "1e-99999999", "1_0", "0..9", "1/0", "٣", "0x1", "", "9" * 41]
)
def test_what_is_no_number_is_not_read(text):
    with pytest.raises(UnreadableError, match="expected a number"):
        number_of(text)


def test_answers_come_in_one_order_in_every_process():
    """The order of a set of names would depend on the seed of Python's hashes."""
    star = "Given a DAG (directed acyclic graph) with nodes A, B, C, D and directed edges A->B, A->C, A->D."
    fork = row(star, "Does nodes {A, B, C} form a fork in this graph?", "Yes.")
    question = find_adapter(fork).verdict(fork).question
    listed = question.solution.proof["items"]
    assert len(listed) == 3 and listed == sorted(listed)


def test_a_reader_that_ignores_words_or_labels_is_caught():
    """A reader of the question alone, which always says proved, breaks both rules."""
    right = ROWS["clear"][0]

    class Careless(AdapterChecker):
        def check(self, row):
            return RowResult(None, verdict="proved")

        def correct(self, row, result, examples):
            return []

    adapter = next(one for one in adapters() if one.name == "clear")
    fuzzer = Fuzzer(Careless(adapter), [right, {**right, "answer": "No."}], seed=0)
    fuzzer.run(60)
    assert any("unknown word" in fault for fault in fuzzer.faults)
    assert any("does not prove this label" in fault for fault in fuzzer.faults)
    assert WORD in with_unknown_word(right, (("question",),), fuzzer.generator)["question"]
