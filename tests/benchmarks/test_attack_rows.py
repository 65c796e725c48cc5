"""A short run of `make attack` on rows and files, and that it would notice a checker that accepts too much."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import attack_rows  # noqa: E402


def test_no_wrong_row_is_accepted():
    outcomes = attack_rows.attack(4000, seed=1)
    assert outcomes["rows right"] > 400 and outcomes["rows refused"] > 2000


def test_no_broken_file_ends_in_another_error():
    outcomes = attack_rows.attack_files(150, seed=1)
    assert outcomes["files read"] > 20 and outcomes["files refused"] > 20


@pytest.mark.parametrize(
    "weakened",
    [
        "hf_causal.tasks.transitivity.proof.check_nothing_more",
        "hf_causal.tasks.transitivity.proof.check_stated_path",
        "hf_causal.tasks.d_separation.proof._check_closed",
        "hf_causal.tasks.co_occurrence.proof.check_together",
        "hf_causal.tasks.relevance.proof.check_nothing_more",
        "hf_causal.tasks.relevance.proof._check_path",
        "hf_causal.tasks.relevance_axioms.proof.check_graph",
        "hf_causal.tasks.relevance_axioms.derivations.Checker.finish",
        "hf_causal.tasks.relevance_semantics.proof.check_stated_path",
        "hf_causal.tasks.quantities.proof.check_models",
        "hf_causal.tasks.corr2cause.proof._check_model",
        "hf_causal.tasks.corr2cause.text._check_pairs",
    ],
)
def test_a_weakened_checker_is_noticed(weakened, monkeypatch):
    task = weakened.split(".")[2]
    attack_rows.source_rows(task)
    monkeypatch.setattr(weakened, lambda *arguments, **options: None)
    with pytest.raises(AssertionError, match="wrong row accepted|a defect was not found"):
        attack_rows.attack(20_000, seed=2, task=task)
