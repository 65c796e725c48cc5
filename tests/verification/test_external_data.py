"""The provers on evaluation files of others, where they are there, and on small files like them."""

import json
import re
from pathlib import Path

import networkx as nx
import pytest

from hf_causal.tasks.d_separation import text as d_separation
from hf_causal.tasks.proving import check, prove
from hf_causal.tasks.transitivity.text import parse_prompt

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "benchmarks" / "causal_axioms"
WRITTEN_HERE = Path(__file__).parent / "data"
FILES = sorted([*FOLDER.glob("transitivity_*.jsonl"), *WRITTEN_HERE.glob("transitivity_*.jsonl")])
D_SEPARATION_FILES = sorted([*FOLDER.glob("d_separation_*.jsonl"), *WRITTEN_HERE.glob("d_separation_*.jsonl")])


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def rows(request):
    return read(request.param)


@pytest.fixture(params=D_SEPARATION_FILES, ids=lambda path: path.stem)
def d_separation_rows(request):
    return read(request.param)


def expected_answer(prompt: str) -> str:
    """Answers by plain splitting and networkx, independent of the reader of prompts."""
    *statements, question = prompt.removesuffix("?").split(". ")
    graph = nx.DiGraph(statement.split(" causes ") for statement in statements)
    cause, effect = question.removeprefix("Does ").split(" cause ")
    reached = set() if cause not in graph else set(graph.successors(cause))
    return "Yes" if any(effect == node or effect in nx.descendants(graph, node) for node in reached) else "No"


def test_every_prompt_is_read_and_written_back(rows):
    assert rows
    for row in rows:
        assert str(parse_prompt(row["prompt"])) == row["prompt"]


def test_answers_agree_with_networkx_and_their_proofs_are_accepted(rows):
    for row in rows:
        proof = prove(row["prompt"])
        assert proof.answer == expected_answer(row["prompt"]), row["prompt"]
        check({"prompt": row["prompt"], "completion": proof.answer, "certificate": proof.certificate})


def test_few_released_labels_disagree(rows):
    """Some do: names repeat inside their graphs, which adds paths that the labels ignore."""
    wrong = sum(prove(row["prompt"]).answer != row["completion"] for row in rows)
    assert wrong <= max(1, 0.03 * len(rows))


def test_d_separation_prompts_are_read_and_written_back(d_separation_rows):
    for row in d_separation_rows:
        assert str(d_separation.parse_prompt(row["prompt"])) == row["prompt"]


def test_every_released_d_separation_label_is_proved(d_separation_rows):
    assert len(d_separation_rows) in (500, 20)
    for row in d_separation_rows:
        proof = prove(row["prompt"])
        assert proof.answer == row["completion"], row["prompt"]
        check({"prompt": row["prompt"], "completion": row["completion"], "certificate": proof.certificate})


def test_d_separation_answers_agree_with_networkx(d_separation_rows):
    pattern = re.compile(r"Are (\w+) and (\w+) d-separated(?: given \{(.*)\})?\?")
    for row in d_separation_rows:
        *statements, question = row["prompt"].split(". ")
        x, y, members = pattern.fullmatch(question).groups()
        given = set(members.split(", ")) if members else set()
        graph = nx.DiGraph(statement.split(" causes ") for statement in statements)
        graph.add_nodes_from([x, y, *given])
        separated = nx.is_d_separator(graph, {x}, {y}, given)
        assert prove(row["prompt"]).answer == ("Yes" if separated else "No")
