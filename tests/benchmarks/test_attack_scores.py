"""A short run of `make attack` on scores, and that it would notice a judge that accepts too much."""

import random
import sys
from itertools import combinations
from pathlib import Path

import networkx as nx
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import attack_scores  # noqa: E402

PROMPTS = {
    "transitivity": (
        "A causes B. B causes C. D causes C. C causes E. Does A cause E?",
        "none causes Path. Path causes From. Does From cause none?",
    ),
    "d_separation": (
        "A causes B. C causes B. B causes D. D causes E. Are A and C d-separated given {E}?",
        "A causes B. C causes B. B causes D. E causes A. E causes D. Are A and D d-separated given {B}?",
        "via causes chain. chain causes up. Are via and up d-separated given {chain}?",
    ),
    "co_occurrence": (
        "A and B appear together. C causes A. C causes D. D causes B. B causes E. Does A cause B?",
        "Path and and appear together. none causes Path. Path causes and. none causes and. Does and cause Path?",
    ),
}
ROWS = {task: [{"prompt": prompt} for prompt in prompts] for task, prompts in PROMPTS.items()}


@pytest.mark.parametrize("task", attack_scores.TASKS)
def test_no_invalid_answer_scores_1(task):
    outcomes = attack_scores.attack_corruptions(task, 1000, seed=1, rows=ROWS[task])
    assert outcomes["invalid"] > 500 and outcomes["still valid"] > 60


def dags(size):
    """All DAGs up to the names of their nodes: edges lead from earlier to later names."""
    pairs = list(combinations("ABCD"[:size], 2))
    for count in range(1, len(pairs) + 1):
        yield from map(nx.DiGraph, combinations(pairs, count))


def test_every_set_of_every_dag_of_four_nodes_is_judged_as_by_networkx():
    assert sum(attack_scores.attack_separating_sets(graph) for size in (2, 3, 4) for graph in dags(size)) > 5000


def test_every_proof_about_small_graphs_is_judged_as_by_networkx():
    chance = random.Random(0)
    graphs = [*dags(2), *dags(3), *chance.sample(list(dags(4)), 3)]
    assert sum(attack_scores.attack_proofs(graph, chance) for graph in graphs) > 4000


@pytest.mark.parametrize(
    ("task", "form", "weakened"),
    [
        ("transitivity", "proof", "hf_causal.tasks.transitivity.proof.check_nothing_more"),
        ("transitivity", "proof", "hf_causal.tasks.transitivity.proof.check_stated_path"),
        ("d_separation", "proof", "hf_causal.tasks.d_separation.forms.check_reasons"),
        ("d_separation", "proof", "hf_causal.tasks.d_separation.forms._check_arrows"),
        ("d_separation", "trace", "hf_causal.tasks.d_separation.ball_trace.BallWalk.conclude"),
        ("co_occurrence", "proof", "hf_causal.tasks.co_occurrence.forms.check_together"),
        ("co_occurrence", "relation", "hf_causal.tasks.co_occurrence.relations._check_confounding"),
    ],
)
def test_a_weakened_judge_is_noticed(task, form, weakened, monkeypatch):
    monkeypatch.setattr(weakened, lambda *arguments, **options: None)
    with pytest.raises(AssertionError, match="instead of"):
        attack_scores.attack_corruptions(task, 10_000, seed=1, rows=ROWS[task], forms=[form])
