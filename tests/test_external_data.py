"""The transitivity prover on evaluation files that were written by others; skipped where they are absent."""

import json
from pathlib import Path

import networkx as nx
import pytest

from hf_causal.certificates import check, prove
from hf_causal.language import parse_prompt

FOLDER = Path(__file__).resolve().parents[1].parent / "shared" / "benchmarks" / "causal_axioms"
FILES = sorted(FOLDER.glob("transitivity_*.jsonl"))


@pytest.fixture(params=FILES or [None], ids=lambda path: path.stem if path else "absent")
def rows(request):
    if request.param is None:
        pytest.skip("the Causal_Axioms evaluation files are not here")
    return [json.loads(line) for line in request.param.read_text(encoding="utf-8").splitlines()]


def expected_answer(prompt: str) -> str:
    """By plain splitting, so that the reader of prompts is held against something else too."""
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
    """Some do: names repeat inside their graphs, which adds paths that the labels do not know of."""
    agree = sum(prove(row["prompt"]).answer == row["completion"] for row in rows)
    assert agree >= 0.97 * len(rows)
