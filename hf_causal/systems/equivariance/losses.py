"""EqSim, the regularisers of equivariant similarity (arXiv 2303.14465), as in the authors' code for FIBER.

`s[i, j]` is the similarity of image i and caption j of a batch, with the matches on the diagonal; the published code
takes the row-softmax of the scaled similarities. If an image and its caption change together, the similarity should
change equally in both directions. v2 asks this of every image and its hard negatives; v1 asks `s[i, j] = s[j, i]` of
the remaining pairs, to which equivariance reduces for unrelated pairs.
"""

from __future__ import annotations

import torch
from torch import nn

SAMPLES = 4
"""Number of hard negatives of each image and of each caption, as published."""


def eqsim_v2(
    similarities: torch.Tensor,
    partners: torch.Tensor,
    weight: float = 0.5,
    margin: float = 0.1,
    margin_of_each: bool = False,
) -> torch.Tensor:
    """Computes EqSim v2 of images and their hard negatives.

    With i an image, j a partner of it, and means over all such (i, j), the loss is `weight` times

        [mean((s[i, i] - s[i, j]) - (s[j, j] - s[j, i]))^2 - margin]_+
        + [mean((s[i, i] - s[j, i]) - (s[j, j] - s[i, j]))^2 - margin]_+

    where `mean(...)^2` is the mean of the squares.

    Args:
        similarities (`torch.Tensor` of shape `(n, n)`): Images by captions.
        partners (`torch.LongTensor` of shape `(n, partners)`): The hard negatives of each image, as indices in the
            batch; see [`hard_partners`].
        weight (`float`): Weight; published is 0.5.
        margin (`float`): Mean square up to which the loss is zero; published is 0.1.
        margin_of_each (`bool`): Subtract the margin from every square instead of the mean. The authors' code has both
            forms.

    Returns:
        `torch.Tensor`: The loss, a scalar.

    Raises:
        `ValueError`: If a shape is wrong, a partner is outside the batch, or `weight` or `margin` is
            negative.
    """
    size = _size(similarities)
    _check_not_negative(weight=weight, margin=margin)
    if partners.dim() != 2 or len(partners) != size or partners.numel() == 0:
        raise ValueError(f"`partners` must be of shape ({size}, partners), got {tuple(partners.shape)}")
    if int(partners.min()) < 0 or int(partners.max()) >= size:
        raise ValueError(
            f"`partners` must lie in 0 ... {size - 1}, got {int(partners.min())} ... {int(partners.max())}"
        )
    own = torch.arange(size, device=similarities.device)[:, None].expand_as(partners)
    match, other = similarities.diagonal()[own], similarities.diagonal()[partners]
    other_caption, other_image = similarities[own, partners], similarities[partners, own]
    text = ((match - other_caption) - (other - other_image)).square()
    image = ((match - other_image) - (other - other_caption)).square()
    if margin_of_each:
        return weight * ((text - margin).clamp(min=0).mean() + (image - margin).clamp(min=0).mean())
    return weight * ((text.mean() - margin).clamp(min=0) + (image.mean() - margin).clamp(min=0))


def eqsim_v1(
    similarities: torch.Tensor,
    mask: torch.Tensor | None = None,
    weight: float = 0.5,
    margin: float = 0.0,
    proportion: float = 1.0,
) -> torch.Tensor:
    """Computes EqSim v1 of all pairs that are not hard negatives of each other: the matrix should be symmetric.

    The loss is `weight / proportion * [mean((s[i, j] - s[j, i])^2 * mask[i, j]) - margin]_+`, with the mean over all
    n^2 entries, including masked ones.

    Args:
        similarities (`torch.Tensor` of shape `(n, n)`): Images by captions.
        mask (`torch.Tensor` of shape `(n, n)`, *optional*): 1 for the pairs that count and 0 for the others,
            symmetric; see [`easy_mask`]. All pairs count by default.
        weight (`float`): Weight; published is 0.5.
        margin (`float`): Mean square up to which the loss is zero; published is 0.
        proportion (`float`): Divides the weight; published is 1.

    Returns:
        `torch.Tensor`: The loss, a scalar.

    Raises:
        `ValueError`: If a shape is wrong, `weight` or `margin` is negative or `proportion` is not positive.
    """
    size = _size(similarities)
    _check_not_negative(weight=weight, margin=margin)
    if not proportion > 0:
        raise ValueError(f"`proportion` must be positive, got {proportion}")
    if mask is None:
        mask = torch.ones_like(similarities)
    elif mask.shape != similarities.shape:
        raise ValueError(f"`mask` must be of shape ({size}, {size}), got {tuple(mask.shape)}")
    mask = mask.to(similarities.dtype)
    square = nn.functional.mse_loss(similarities * mask, similarities.T * mask)
    return weight / proportion * (square - margin).clamp(min=0)


@torch.no_grad()
def hard_partners(
    logits: torch.Tensor, samples: int = SAMPLES, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Draws hard negatives as published: with probability proportional to the softmax, without replacement.

    Args:
        logits (`torch.Tensor` of shape `(n, n)`): Scaled similarities, images by captions.
        samples (`int`): Number for each caption, and for each image.
        generator (`torch.Generator`, *optional*): Source of the draws; the global one of torch by default.

    Returns:
        `torch.LongTensor` of shape `(n, 2 samples)`: For each index, images that are similar to its caption, then
        captions that are similar to its image.

    Raises:
        `ValueError`: If the batch has fewer negatives.
    """
    size = _size(logits)
    if not 1 <= samples < size:
        raise ValueError(f"`samples` must lie in 1 ... {size - 1} for a batch of {size}, got {samples}")
    drawn = []
    for scores in (logits.T, logits):
        weights = scores.float().softmax(1)
        # A match that takes the whole softmax would leave nothing to draw from.
        weights = weights.clamp(min=torch.finfo(weights.dtype).tiny).fill_diagonal_(0)
        drawn.append(torch.multinomial(weights, samples, generator=generator))
    return torch.cat(drawn, 1)


def easy_mask(partners: torch.Tensor) -> torch.Tensor:
    """Returns the mask of v1: 0 where one is among the partners of the other, and 1 elsewhere.

    Args:
        partners (`torch.LongTensor` of shape `(n, partners)`): See [`hard_partners`].
    """
    mask = torch.ones(len(partners), len(partners), device=partners.device).scatter_(1, partners, 0.0)
    return mask * mask.T


EQSIM_VERSIONS = ("v1", "v2", "both")


def eqsim_loss(
    logits: torch.Tensor,
    version: str = "both",
    weight: float = 0.5,
    margin: float = 0.1,
    samples: int = SAMPLES,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """Computes EqSim of a batch on the row-softmax of its scaled similarities.

    Args:
        logits (`torch.Tensor` of shape `(n, n)`): Scaled similarities, images by captions.
        version (`str`): `v1` for all pairs, `v2` for the hard negatives, or `both`, as published: v2 for the hard
            negatives and v1 for all others.
        weight (`float`): Weight of each version.
        margin (`float`): Margin of v2; that of v1 is 0.
        samples (`int`): See [`hard_partners`]; limited by the size of the batch.
        generator (`torch.Generator`, *optional*): Source of the draws.

    Returns:
        `torch.Tensor`: The loss, a scalar.

    Raises:
        `ValueError`: For an unknown version, a batch of one, or a negative `weight` or `margin`.
    """
    if version not in EQSIM_VERSIONS:
        raise ValueError(f"`version` must be one of {', '.join(EQSIM_VERSIONS)}, got {version!r}")
    similarities = logits.softmax(1)
    if version == "v1":
        return eqsim_v1(similarities, weight=weight)
    partners = hard_partners(logits, min(samples, len(logits) - 1), generator)
    loss = eqsim_v2(similarities, partners, weight, margin)
    return loss if version == "v2" else loss + eqsim_v1(similarities, easy_mask(partners), weight)


def _size(similarities: torch.Tensor) -> int:
    if similarities.dim() != 2 or similarities.shape[0] != similarities.shape[1]:
        raise ValueError(f"similarities must be a square matrix, images by captions, got {tuple(similarities.shape)}")
    return len(similarities)


def _check_not_negative(**values: float) -> None:
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"`{name}` must not be negative, got {value}")
