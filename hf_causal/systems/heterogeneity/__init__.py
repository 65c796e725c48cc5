"""Environments that differ: matrix sensing and spurious cues, pooled or apart (arXiv 2403.01420)."""

from hf_causal.systems.system import System
from hf_causal.tasks.shared.dataset import Dataset

SYSTEM = System(
    name="heterogeneity",
    title="Heterogeneity and invariance",
    datasets=(
        Dataset(
            "environments",
            modules=(f"{__name__}.sensing_corpus", f"{__name__}.cues_corpus"),
            title="Environments: what is invariant and what is not",
            tag="invariance",
            categories=("tabular-regression", "text-classification", "text-generation"),
        ),
    ),
    model_type="matrix_sensing",
    model=f"{__name__}.model",
    objective=f"{__name__}.objective:SquaredError",
    evaluation=f"{__name__}.evaluate:EVALUATION",
    tab=f"{__name__}.tab:add_tab",
    metrics=("invariance",),
)
