"""Trains on pairs of images and captions that differ by a minimal change: contrastive loss, and EqSim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from hf_causal.systems.equivariance.drawing import decode_image
from hf_causal.systems.equivariance.losses import eqsim_loss
from hf_causal.training.objectives import BatchLoss, Counts, ObjectiveOptions
from hf_causal.utils.recipe_files import require

_COLUMNS = ("image_0", "image_1", "caption_0", "caption_1")


class ImagePairs:
    """Holds pairs of images and captions as arrays.

    Args:
        rows (`pa.Table`): Rows of `shapes`, with `image_0`, `image_1`, `caption_0` and `caption_1`.
        tokenizer (`PreTrainedTokenizerBase`): Tokenizer of the captions.

    Raises:
        `ValueError`: If there are no rows, or a column is missing.
    """

    def __init__(self, rows: pa.Table, tokenizer: Any):
        if missing := [name for name in _COLUMNS if name not in rows.column_names]:
            raise ValueError(f"`rows` must be pairs of pictures and captions, they have no column {missing[0]!r}")
        if rows.num_rows == 0:
            raise ValueError("`rows` is empty: there is nothing to train on")
        images = [_pixels(rows[name]) for name in ("image_0", "image_1")]
        self.pixels = np.stack(images, 1).transpose(0, 1, 4, 2, 3)
        """`uint8` of shape (pairs, 2, 3, height, width)."""
        captions = [text for name in ("caption_0", "caption_1") for text in rows[name].to_pylist()]
        encoded = tokenizer(captions, padding=True, return_tensors="np")
        self.input_ids = _paired(encoded["input_ids"])
        """`int64` of shape (pairs, 2, length)."""
        self.attention_mask = _paired(encoded["attention_mask"])
        self.lengths = np.ones(rows.num_rows, dtype=np.int64)
        self.questions = np.ones(rows.num_rows, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Makes a batch; image k belongs to caption k, and the two of a pair are neighbors."""
        arrays = {
            "pixel_values": self.pixels[packs],
            "input_ids": self.input_ids[packs],
            "attention_mask": self.attention_mask[packs],
        }
        return {name: torch.from_numpy(array).flatten(0, 1) for name, array in arrays.items()}


def _pixels(column: pa.ChunkedArray) -> np.ndarray:
    contents = pc.struct_field(column, "bytes").to_pylist()
    return np.stack([decode_image(content) for content in contents])


def _paired(array: np.ndarray) -> np.ndarray:
    return np.stack(np.split(array.astype(np.int64), 2), 1)


def pair_similarities(logits: torch.Tensor) -> torch.Tensor:
    """Selects the similarities inside each pair.

    Args:
        logits (`torch.Tensor` of shape `(2 pairs, 2 pairs)`): Images by captions of a batch.

    Returns:
        `torch.Tensor` of shape `(pairs, 2, 2)`: Captions by images, as [`score_equivariance`] takes them.
    """
    pairs = len(logits) // 2
    blocks = logits.view(pairs, 2, pairs, 2)[torch.arange(pairs), :, torch.arange(pairs), :]
    return blocks.transpose(1, 2)


@dataclass(frozen=True)
class PairOptions(ObjectiveOptions):
    """Options of [`ImagesAndCaptions`]."""

    eqsim_weight: float = 0.0
    """Weight of EqSim, the regulariser of equivariant similarity, which is added to the contrastive loss."""
    eqsim_version: str = "both"
    """`v1`, `v2` or `both`, as published: v2 for hard negatives and v1 for all other pairs."""
    eqsim_margin: float = 0.1
    """Margin of the v2 hinge: no loss below it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("eqsim_weight", "eqsim_margin"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "not negative")
        versions = ("v1", "v2", "both")
        require(self.eqsim_version in versions, "eqsim_version", self.eqsim_version, f"one of {', '.join(versions)}")


class ImagesAndCaptions:
    """Two towers: CLIP's contrastive loss over the pictures and captions of a batch, both of every pair among them.

    With `eqsim_weight`, EqSim is added (arXiv 2303.14465), with hard negatives drawn as published. A right answer is a
    pair whose group score is 1. Every process contrasts its own batch.
    """

    Options = PairOptions
    selection_metric = "accuracy"

    def __init__(self, recipe: Any, tokenizer: Any):
        self.options, self.tokenizer = recipe.options, tokenizer

    def family(self, rows: pa.Table) -> dict[str, Any]:
        kinds = sorted(rows["kind"].unique().to_pylist()) if "kind" in rows.column_names else []
        return {"rows": rows.num_rows, "kinds_of_change": kinds}

    def make_data(self, rows: pa.Table, training: bool, task: str = "shapes") -> ImagePairs:
        return ImagePairs(rows, self.tokenizer)

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        pairs = sum(len(batch["pixel_values"]) // 2 for batch in batches)
        return Counts(torch.tensor(pairs), torch.tensor(0))

    def loss_and_hits(self, model, batch, totals, training=True):
        options = self.options
        outputs = model(**batch, return_loss=True)
        logits, pairs = outputs.logits_per_image, len(batch["pixel_values"]) // 2
        loss = outputs.loss
        if options.eqsim_weight and training:
            # Negatives are drawn in training alone, so that how often it is validated changes nothing.
            loss = loss + eqsim_loss(logits, options.eqsim_version, options.eqsim_weight, options.eqsim_margin)
        (c0_i0, c0_i1), (c1_i0, c1_i1) = pair_similarities(logits.detach()).permute(1, 2, 0)
        worst = torch.minimum(c0_i0, c1_i1)
        hits = ((worst > c0_i1) & (worst > c1_i0)).sum()
        return BatchLoss(loss * pairs / totals.answers, (outputs.loss * pairs).detach(), hits)
