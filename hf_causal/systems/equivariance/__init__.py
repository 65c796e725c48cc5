"""Equivariant similarity of images and captions: EqBen's scores and EqSim's regularisers (arXiv 2303.14465)."""

from hf_causal.systems.system import System
from hf_causal.tasks.shared.dataset import Dataset

SYSTEM = System(
    name="equivariance",
    title="Equivariance of images and captions",
    datasets=(
        Dataset(
            "shapes",
            modules=(f"{__name__}.corpus",),
            title="Shapes: pictures and captions that differ by a minimal change",
            tag="vision-language",
            categories=("zero-shot-image-classification", "image-to-text"),
        ),
    ),
    model_type="two_tower",
    model=f"{__name__}.model",
    objective=f"{__name__}.objective:ImagesAndCaptions",
    evaluation=f"{__name__}.evaluate:EVALUATION",
    metrics=("equivariance_score",),
)
