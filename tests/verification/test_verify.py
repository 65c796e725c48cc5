"""What is found about rows, held against networkx and against counting."""

import json
from collections import Counter

import networkx as nx
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from other_tasks import CORRELATIONS, SEPARATION

from hf_causal.tasks import registry
from hf_causal.tasks.proving import prove
from hf_causal.tasks.transitivity.text import Prompt, _parse_loose
from hf_causal.verification import DEFECTS, FINDING_TYPES, verify
from hf_causal.verification.checks.premise import find_cycle, find_revisit, premise_facts
from hf_causal.verification.checks.row import check_row
from hf_causal.verification.io import BrokenRow, find_columns, write_rows

NODES = st.sampled_from(["A", "B", "C", "D", "E", "a"])
PAIRS = st.tuples(NODES, NODES)
EDGES = st.lists(PAIRS, max_size=8).map(tuple)
PROMPTS = st.builds(Prompt, EDGES, PAIRS)
COLUMNS = find_columns(["prompt", "completion", "label", "certificate"], "rows")


def findings(row, columns=COLUMNS):
    return {name for name, _ in check_row(row, columns).findings}


def right_row(prompt: Prompt) -> dict:
    proof = prove(prompt)
    return {
        "prompt": str(prompt),
        "completion": proof.answer,
        "label": int(proof.answer == "Yes"),
        "certificate": proof.certificate,
    }


def verify_rows(tmp_path, rows):
    columns = list(dict.fromkeys(name for row in rows for name in row))
    (report,) = verify(write_rows(tmp_path / "rows.jsonl", [rows], columns)).tables
    return report


@st.composite
def written(draw):
    """A prompt, and a canonical or loose text of it."""
    prompt = draw(PROMPTS)
    text = str(prompt)
    for change in draw(st.lists(st.sampled_from(["space", "case", "stop", "newline"]), max_size=2)):
        if change == "space":
            text = text.replace(" ", "  ", 3)
        elif change == "case":
            text = text.replace("causes", "CAUSES", 1).replace("Does", "does")
        elif change == "stop":
            text = text.removesuffix("?")
        else:
            text = text.replace(". ", ".\n", 1)
    return prompt, text


@given(written(), st.sampled_from(["Yes", "No"]))
@settings(max_examples=300)
def test_verdicts_are_those_of_the_plain_reader_and_networkx(case, label):
    prompt, text = case
    result = check_row({"prompt": text, "completion": label}, find_columns(["prompt", "completion"], "rows"))
    assert result.proof == prove(_parse_loose(text)) == prove(prompt)
    names = {name for name, _ in result.findings}
    graph = nx.DiGraph(prompt.edges)
    counts = Counter(prompt.edges)
    expected = {
        "wrong_label": label != result.proof.answer,
        "cyclic_premise": not nx.is_directed_acyclic_graph(graph),
        "self_loop": any(graph.has_edge(node, node) for node in graph),
        "self_question": prompt.question[0] == prompt.question[1],
        "absent_node": not set(prompt.question) <= set(graph),
        "repeated_statement": max(counts.values(), default=0) > 1,
        "case_variants": {"A", "a"} <= set(graph),
    }
    assert {name: name in names for name in expected} == expected
    assert names <= {*expected, "revisited_name"}
    assert result.num_nodes == len(graph)


@given(EDGES)
def test_a_cycle_is_reported_where_there_is_one(edges):
    cycle = find_cycle(edges)
    assert (cycle is None) == nx.is_directed_acyclic_graph(nx.DiGraph(edges))
    if cycle:
        assert cycle[0] == cycle[-1] and len(cycle) > 1
        assert set(zip(cycle, cycle[1:], strict=False)) <= set(edges)


@given(st.lists(NODES, min_size=2, max_size=9), st.lists(st.booleans(), min_size=8, max_size=8))
def test_a_written_chain_whose_names_repeat_is_reported(names, flips):
    steps = zip(names, names[1:], flips, strict=False)
    edges = [(right, left) if flip else (left, right) for left, right, flip in steps]
    if len(set(names)) == len(names):
        assert find_revisit(edges) is None
    elif len(names) > 3:
        # Of shorter ones, the other end may be meant: "A causes B. B causes A." is the path B, A, B as well.
        assert find_revisit(edges) is not None


def test_statements_that_draw_no_path_revisit_nothing():
    assert find_revisit([("A", "B"), ("C", "D"), ("A", "D")]) is None
    assert find_revisit([]) is None
    assert find_revisit([("B", "A"), ("C", "B"), ("D", "C")]) is None  # reversed
    assert find_revisit([("A", "B"), ("C", "B"), ("C", "D"), ("B", "D")]) == ["A", "B", "C", "D", "B"]


def test_premises_in_another_order_have_one_key():
    edges = (("A", "B"), ("B", "C"))
    assert premise_facts(edges).key == premise_facts(edges[::-1]).key
    assert premise_facts(edges).key != premise_facts((("A", "B"), ("C", "B"))).key


CHAIN = Prompt((("A", "B"), ("B", "C")), ("A", "C"))


def test_a_right_row_has_no_findings():
    result = check_row(right_row(CHAIN), COLUMNS)
    assert (result.findings, result.answer, result.task, result.num_nodes) == ([], "Yes", "transitivity", 3)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"completion": "No", "label": 0}, {"wrong_label", "wrong_certificate"}),
        ({"completion": "No"}, {"wrong_label", "wrong_certificate", "contradictory_columns"}),
        ({"label": 0}, {"contradictory_columns"}),
        ({"label": None}, set()),
        ({"completion": "Maybe", "label": None}, {"unreadable_label"}),
        ({"certificate": '{"path": ["A", "C"]}'}, {"wrong_certificate"}),
        ({"certificate": None}, {"wrong_certificate"}),
        ({"certificate": "[" * 100_000}, {"wrong_certificate"}),
        ({"prompt": "A makes B. Does A cause B?"}, {"unreadable_row"}),
        ({"prompt": None}, {"unreadable_row"}),
        ({"prompt": ["A causes B."]}, {"unreadable_row"}),
    ],
)
def test_each_fault_of_a_row_is_reported(change, names):
    assert findings(right_row(CHAIN) | change) == names


def test_a_broken_row_is_unreadable():
    assert check_row(BrokenRow("x", "no JSON"), COLUMNS).findings == [("unreadable_row", "no JSON")]


def test_a_prompt_must_be_its_premise_and_question():
    columns = find_columns(["prompt", "premise", "question", "completion"], "rows")
    row = {"premise": CHAIN.premise, "question": CHAIN.question_text, "prompt": str(CHAIN), "completion": "Yes"}
    assert findings(row, columns) == set()
    assert findings(row | {"premise": "A causes C."}, columns) == {"contradictory_columns"}


def test_premise_and_question_columns_are_joined():
    columns = find_columns(["premise", "question", "label"], "rows")
    result = check_row({"premise": "A causes B.", "question": "Does B cause A?", "label": 1}, columns)
    assert result.findings == [("wrong_label", "{\"reachable\": []} proves 'No'")]


SENTENCES = st.lists(st.sampled_from([("A", "B"), ("B", "C")]), max_size=2).map(tuple)


@given(st.lists(st.tuples(st.builds(Prompt, SENTENCES, st.just(("A", "C"))), st.sampled_from(["Yes", "No"]))))
@settings(max_examples=50)
def test_duplicates_are_those_that_counting_finds(tmp_path_factory, pairs):
    rows = [{"prompt": str(prompt), "completion": label} for prompt, label in [(CHAIN, "Yes"), *pairs]]
    report = verify_rows(tmp_path_factory.mktemp("rows"), rows)
    texts = [row["prompt"] for row in rows]
    says = [frozenset(prompt.edges) for prompt, _ in [(CHAIN, "Yes"), *pairs]]
    labels = [row["completion"] for row in rows]
    later = [row for row in range(len(rows)) if texts[row] in texts[:row]]
    assert report.rows("duplicate_prompt") == later
    assert report.rows("reordered_duplicate") == [
        row for row in range(len(rows)) if says[row] in says[:row] and row not in later
    ]
    assert report.rows("contradictory_duplicate") == [
        row
        for row in range(len(rows))
        if any(says[row] == other and labels[row] != label for other, label in zip(says, labels, strict=True))
    ]
    assert (report.num_premises, report.max_rows_per_premise) == (len(set(says)), max(Counter(says).values()))
    assert (report.num_rows, report.num_yes, report.num_no) == (len(rows), labels.count("Yes"), labels.count("No"))


def test_the_other_row_of_a_pair_is_named(tmp_path):
    rows = [{"prompt": str(CHAIN), "completion": label} for label in ("Yes", "Yes", "No")]
    found = verify_rows(tmp_path, rows).findings
    assert found["contradictory_duplicate"].reasons == ["as row 2", "as row 2", "as row 0"]
    assert found["duplicate_prompt"].reasons == ["as row 0", "as row 0"]


def test_unreadable_rows_may_contradict_each_other_and_rows_without_text_do_not(tmp_path):
    rows = [{"prompt": text, "completion": label} for text in ("?", None) for label in ("Yes", "No")]
    report = verify_rows(tmp_path, rows)
    assert report.rows("contradictory_duplicate") == [0, 1]
    assert report.rows("unreadable_row") == [0, 1, 2, 3]
    assert report.num_premises == 0


def test_a_note_leaves_a_table_clean(tmp_path):
    rows = [right_row(CHAIN), right_row(CHAIN), right_row(Prompt(CHAIN.edges, ("A", "X")))]
    report = verify_rows(tmp_path, rows)
    assert (report.is_clean, report.has_notes, report.defective_rows) == (True, True, [])
    assert set(report.findings) == {"duplicate_prompt", "absent_node"}


def test_the_report_is_json(tmp_path):
    rows = [right_row(CHAIN), right_row(CHAIN) | {"completion": "No", "label": 0}]
    write_rows(tmp_path / "rows.jsonl", [rows])
    report = verify(tmp_path / "rows.jsonl")
    read = json.loads(json.dumps(report.to_dict()))
    assert (read["is_clean"], read["num_rows"]) == (False, 2)
    wrong = read["tables"][0]["findings"]["wrong_label"]
    assert wrong == {
        "is_defect": True,
        "count": 1,
        "rows": [1],
        "reasons": ['{"path": ["A", "B", "C"]} proves \'Yes\''],
    }
    assert read["tables"][0]["num_defective_rows"] == 2
    assert "2 rows in 1 table" in report.summary() and "2 rows have defects" in report.summary()


def test_types_of_findings_have_distinct_names():
    assert len({finding.name for finding in FINDING_TYPES}) == len(FINDING_TYPES)
    assert {finding.name for finding in FINDING_TYPES if not finding.is_defect}.isdisjoint(DEFECTS)


def test_progress_counts_every_row(tmp_path):
    told = []
    table = pa.Table.from_pylist([right_row(CHAIN)] * 5000)
    write_rows(tmp_path / "rows.parquet", [table.to_pylist()], schema=table.schema)

    def progress(name, total):
        told.append((name, total))
        return told.append

    verify(tmp_path / "rows.parquet", progress=progress)
    assert told == [("verifying rows.parquet", 5000), 2000, 2000, 1000]


@pytest.fixture
def more_tasks(monkeypatch):
    added = {"correlations": CORRELATIONS, "separation": SEPARATION}
    monkeypatch.setattr(registry, "_TASKS", {**added, **registry.tasks()})


def test_any_registered_task_is_verified(more_tasks, tmp_path):
    chain = "A causes B. B causes C."
    rows = [
        {"prompt": f"{chain} Are A and C d-separated given {{B}}?", "completion": "Yes"},
        {"prompt": f"{chain} Are A and C d-separated given {{}}?", "completion": "Yes"},
        {"prompt": f"{chain} Are A and A d-separated given {{}}?", "completion": "No"},
        {"prompt": f"{chain} Are A and C d-separated given {{C}}?", "completion": "No"},
        {"prompt": f"{chain} Are A and C d-separated given {{X}}?", "completion": "No"},
        {"prompt": "B causes C. A causes B. Are A and C d-separated given {B}?", "completion": "No"},
        {"prompt": f"{chain} Does A cause C?", "completion": "Yes"},
    ]
    report = verify_rows(tmp_path, rows)
    assert report.tasks == {"separation": 6, "transitivity": 1}
    assert {name: finding.rows for name, finding in report.findings.items()} == {
        "wrong_label": [1, 5],
        "self_question": [2, 3],
        "absent_node": [4],
        "contradictory_duplicate": [0, 5],
        "reordered_duplicate": [5],
    }
    assert report.num_premises == 1


def test_a_task_without_graphs_is_verified_from_two_columns(more_tasks, tmp_path):
    premise = "A correlates with B. B correlates with C."
    rows = [
        {"premise": premise, "hypothesis": "A correlates with B.", "relation": "entailment"},
        {"premise": premise, "hypothesis": "A correlates with C.", "relation": "entailment"},
        {"premise": premise, "hypothesis": "A correlates with C.", "relation": "neutral"},
        {"premise": "A causes B.", "hypothesis": "Does A cause B?", "relation": "entailment"},
        {"premise": "A likes B.", "hypothesis": "A likes B", "relation": "entailment"},
    ]
    report = verify_rows(tmp_path, rows)
    assert report.tasks == {"correlations": 3, "transitivity": 1}
    assert {name: finding.rows for name, finding in report.findings.items()} == {
        "wrong_label": [1],
        "unreadable_row": [4],
        "contradictory_duplicate": [1, 2],
        "duplicate_prompt": [2],
    }
    assert (report.num_premises, report.max_rows_per_premise) == (2, 3)


def test_a_table_is_described_on_one_line(more_tasks, tmp_path):
    described = verify_rows(tmp_path, [right_row(CHAIN), right_row(Prompt(CHAIN.edges, ("C", "A")))]).describe()
    facts = "50.0% Yes, 1 different premise of 3 nodes, at most 2 rows a premise"
    assert described == f"rows.jsonl: 2 rows (transitivity), {facts}"
    rows = [{"input": "Premise: A correlates with B. Hypothesis: A correlates with B.", "label": 1}]
    described = verify_rows(tmp_path, rows).describe()
    assert "100.0% Yes, 1 different premise, at most" in described


def test_what_no_task_recognizes_says_what_could_not_be_read(tmp_path):
    rows = [{"premise": "A likes B.", "hypothesis": "So what", "label": 1}]
    report = verify_rows(tmp_path, rows)
    assert "cannot read the sentence" in report.findings["unreadable_row"].reasons[0]
