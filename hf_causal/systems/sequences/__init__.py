"""Sequences with a latent causal graph, and the attention that recovers it (arXiv 2402.14735)."""

from hf_causal.systems.system import System
from hf_causal.tasks.shared.dataset import Dataset

SYSTEM = System(
    name="sequences",
    title="Latent graphs in attention",
    datasets=(
        Dataset(
            "causal_sequences",
            modules=(f"{__name__}.corpus",),
            title="Sequences with a latent causal graph",
            tag="in-context-learning",
            categories=(),
        ),
    ),
    model_type="disentangled",
    model=f"{__name__}.model",
    objective=f"{__name__}.objective:NextState",
    objectives={"axiom": f"{__name__}.objective:NextStateToken"},
    evaluation=f"{__name__}.evaluate:EVALUATION",
    tab=f"{__name__}.tab:add_tab",
    metrics=("graph_recovery",),
)
