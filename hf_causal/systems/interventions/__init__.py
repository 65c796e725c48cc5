"""Intervention against co-occurrence: scenes of objects, and P(Y | do X) from counts (VC R-CNN)."""

from hf_causal.systems.system import System
from hf_causal.tasks.shared.dataset import Dataset

SYSTEM = System(
    name="interventions",
    title="Intervention against co-occurrence",
    datasets=(
        Dataset(
            "scenes",
            modules=(f"{__name__}.corpus",),
            title="Scenes: co-occurrence and intervention",
            tag="causal-inference",
            categories=("tabular-classification",),
        ),
    ),
    tab=f"{__name__}.tab:add_tab",
    command=f"{__name__}.command:add_commands",
    metrics=("intervention_effect",),
)
