"""The table of EqSim: means over seeds, and differences seed by seed to the arm without it."""

import sys
from pathlib import Path

from hf_causal.systems.equivariance.evaluate import SPLITS

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from study_reports.equivariance import eqsim_table  # noqa: E402


def test_differences_are_taken_seed_by_seed():
    def runs(*values):
        return [{"seed": seed, "group": dict.fromkeys(SPLITS, value)} for seed, value in enumerate(values)]

    arms = [{"name": "without", "runs": runs(0.4, 0.6)}, {"name": "v1", "runs": runs(0.6, 0.8)}]
    text = "\n".join(eqsim_table({"steps": 8, "hardware": "none", "date": "today", "arms": arms}))
    assert "| without | 0.500 ± 0.100 |  |" in text
    assert "| v1 | 0.700 ± 0.100 | +0.200 ± 0.000 |" in text
    assert "seeds 0, 1; 8 steps" in text
