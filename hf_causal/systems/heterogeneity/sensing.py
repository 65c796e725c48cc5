"""Defines matrix sensing in several environments in NumPy: problems, measurements, and scores of an estimate.

The model is that of arXiv 2403.01420: each environment `e` measures `y = <X, A* + A(e)> + noise`, where the low-rank
`A*` is the same everywhere and the low-rank `A(e)` is not. Pooling the environments estimates `A* + mean A(e)`; the
question is whether an estimator finds `A*`. The paper's constants are not available, so [`Problem`] defines a set-up
of this project.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hf_causal.utils.randomness import Stream

RANK_THRESHOLD = 0.1
"""Eigenvalues above this share of the largest one of `A*` count for the rank of an estimate."""


@dataclass(frozen=True)
class Problem:
    """Holds the measured matrices: an invariant one, and a spurious one for each environment, orthogonal to it.

    `A* = W diag(eigenvalues) W^T` and `A(e) = V diag(strengths[e]) V^T` with `[W V]` orthonormal. The eigenvalues of
    `A*` fall evenly from 1 to 1/2. The strength of spurious direction `j` is `mean + M` in half of the environments
    and `mean - M` in the other half (`mean` in the remaining one of an odd number); the halves are drawn for each
    direction. So `M` is the heterogeneity, and the mean over the environments does not depend on it.
    """

    causes: np.ndarray
    """`W`, of shape (d, rank)."""
    eigenvalues: np.ndarray
    """Eigenvalues of `A*`, shape (rank,)."""
    directions: np.ndarray
    """`V`, of shape (d, spurious rank)."""
    strengths: np.ndarray
    """Strengths of the spurious directions, shape (environments, spurious rank)."""

    @property
    def invariant(self) -> np.ndarray:
        """`A*`, of shape (d, d)."""
        return (self.causes * self.eigenvalues) @ self.causes.T

    @property
    def spurious(self) -> np.ndarray:
        """`A(e)`, of shape (environments, d, d)."""
        return np.einsum("aj,ej,bj->eab", self.directions, self.strengths, self.directions)

    @property
    def pooled(self) -> np.ndarray:
        """`A* + mean A(e)`, which minimises the expected squared error over all environments together.

        For symmetric Gaussian `X` with `E <X, Z>^2 = |Z|^2` that error is `mean |S - A* - A(e)|^2`, and its minimum
        over symmetric `S` the mean of the targets.
        """
        return self.invariant + self.spurious.mean(axis=0)


def draw_problem(
    stream: Stream,
    dimension: int = 20,
    rank: int = 2,
    spurious_rank: int = 2,
    environments: int = 10,
    heterogeneity: float = 6.0,
    mean: float = 1.0,
) -> Problem:
    """Draws a problem with a uniformly random subspace.

    Args:
        stream (`Stream`): Source of randomness.
        dimension (`int`): `d`.
        rank, spurious_rank (`int`): Ranks of `A*` and of each `A(e)`.
        environments (`int`): Number of environments.
        heterogeneity (`float`): `M`, the standard deviation of each strength over an even number of environments.
        mean (`float`): Mean of each strength over the environments, the bias of pooled estimation.

    Raises:
        `ValueError`: If the ranks do not fit into the dimension, or a size is too small.
    """
    for name, size in (("dimension", dimension), ("rank", rank), ("environments", environments)):
        if size < 1:
            raise ValueError(f"`{name}` must be at least 1, got {size}")
    if spurious_rank < 0 or rank + spurious_rank > dimension:
        raise ValueError(
            f"`rank` {rank} and `spurious_rank` {spurious_rank} must fit into `dimension` {dimension} together"
        )
    if heterogeneity < 0:
        raise ValueError(f"`heterogeneity` must not be negative, got {heterogeneity}")
    basis, upper = np.linalg.qr(stream.normals((dimension, rank + spurious_rank)))
    basis = basis * np.where(np.diag(upper) < 0, -1.0, 1.0)  # LAPACK leaves the sign open
    signs = np.sign(2 * np.arange(environments) + 1 - environments)[stream.permutations(spurious_rank, environments)]
    strengths = mean + heterogeneity * signs.T.reshape(environments, spurious_rank)
    return Problem(basis[:, :rank], np.linspace(1.0, 0.5, rank), basis[:, rank:], strengths)


def draw_measurements(stream: Stream, count: int, dimension: int) -> np.ndarray:
    """Draws symmetric Gaussian matrices `X` with `E <X, Z>^2 = |Z|^2` for symmetric `Z`, as upper triangles.

    The diagonal has variance 1, all other entries variance 1/2.

    Returns:
        `np.ndarray`: `float32` of shape (count, d (d + 1) / 2), row by row of the triangle.
    """
    rows, columns = np.triu_indices(dimension)
    scale = np.where(rows == columns, 1.0, np.sqrt(0.5))
    return (stream.normals((count, len(rows))) * scale).astype(np.float32)


def responses(measurements: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Computes `<X, Z>` of packed measurements and symmetric matrices.

    Args:
        measurements (`np.ndarray`): Shape (count, d (d + 1) / 2), see [`draw_measurements`].
        matrices (`np.ndarray`): Shape (..., d, d).

    Returns:
        `np.ndarray`: `float64` of shape (count, ...).
    """
    rows, columns = np.triu_indices(matrices.shape[-1])
    weighted = matrices[..., rows, columns] * np.where(rows == columns, 1.0, 2.0)
    return np.tensordot(measurements.astype(np.float64), weighted, axes=(1, -1))


def invariance_scores(
    estimate: np.ndarray, invariant: np.ndarray, spurious: np.ndarray, threshold: float = RANK_THRESHOLD
) -> dict[str, np.ndarray]:
    """Scores how near estimates are to the invariant matrix and to the pooled solution.

    Args:
        estimate (`np.ndarray`): `S`, symmetric: one matrix (d, d), or many (..., d, d).
        invariant (`np.ndarray`): `A*`, symmetric, of shape (d, d).
        spurious (`np.ndarray`): `A(e)`, of shape (environments, d, d).
        threshold (`float`): Eigenvalues of `S` above this share of the largest one of `A*` count for the rank.

    Returns:
        `dict`: Arrays of shape (...): `to_invariant`, `|S - A*| / |A*|`; `to_pooled`, `|S - A* - mean A(e)| / |A*
        + mean A(e)|`; `spurious_energy`, `|P S P| / |A*|` with `P` the projection on the range of all `A(e)`;
        `other_energy`, the same for the complement of `A*` and all `A(e)`; and `rank`. All norms are Frobenius norms.
        An estimate with NaN or infinity has NaN as its scores.

    Raises:
        `ValueError`: If the shapes do not fit, or `A*` or the pooled solution is zero.
    """
    estimate, invariant, spurious = (
        np.asarray(matrix, dtype=np.float64) for matrix in (estimate, invariant, spurious)
    )
    square = (invariant.shape[-1],) * 2 if invariant.ndim else ()
    if estimate.shape[-2:] != square or invariant.shape != square or spurious.shape[1:] != square:
        raise ValueError(
            f"`estimate` must be (..., d, d), `invariant` (d, d) and `spurious` (environments, d, d), got "
            f"{estimate.shape}, {invariant.shape} and {spurious.shape}"
        )
    pooled = invariant + spurious.mean(axis=0)
    if not (invariant.any() and pooled.any()):
        raise ValueError(
            "`invariant` and its sum with the mean of `spurious` must not be zero: distances are relative"
        )
    complement = np.eye(len(invariant)) - _projection(invariant)
    # Only the part orthogonal to A* is certainly spurious; in the problems of `draw_problem` that is all of it.
    wrong = _projection(complement @ np.einsum("eab,ecb->ac", spurious, spurious) @ complement)
    other = complement - wrong
    size, largest = np.linalg.norm(invariant), np.linalg.eigvalsh(invariant)[-1]
    broken = np.asarray(~np.isfinite(estimate).all(axis=(-2, -1)))
    estimate = np.where(broken[..., None, None], 0.0, estimate)
    symmetric = (estimate + np.swapaxes(estimate, -1, -2)) / 2
    scores = {
        "to_invariant": _norm(estimate - invariant) / size,
        "to_pooled": _norm(estimate - pooled) / np.linalg.norm(pooled),
        "spurious_energy": _norm(wrong @ estimate @ wrong) / size,
        "other_energy": _norm(other @ estimate @ other) / size,
        "rank": (np.linalg.eigvalsh(symmetric) > threshold * largest).sum(axis=-1),
    }
    return {name: np.where(broken, np.nan, score) for name, score in scores.items()}


def growth(strengths: np.ndarray, learning_rate: float | np.ndarray) -> np.ndarray:
    """Computes the mean logarithm of the factor by which a step of HeteroSGD multiplies a small spurious component.

    With infinite batches a small component `u` of a spurious direction follows `u <- (1 + eta s(e)) u`, `e`
    drawn anew for each step, and so grows or shrinks by `mean log |1 + eta s(e)|` a step: below zero, HeteroSGD does
    not learn the direction. For strengths `mean ± M` that is where `M^2 > 2 mean / eta + mean^2`. Pooled descent
    multiplies it by `1 + eta mean` instead, and learns it whenever the mean is positive.

    Args:
        strengths (`np.ndarray`): Strength of a direction in each environment, along the first axis.
        learning_rate (`float` or `np.ndarray`): `eta`; its shape broadcasts with that of the strengths.

    Returns:
        `np.ndarray`: Mean logarithm over the first axis.
    """
    with np.errstate(divide="ignore"):
        return np.log(np.abs(1 + learning_rate * np.asarray(strengths, dtype=np.float64))).mean(axis=0)


def critical_heterogeneity(learning_rate: np.ndarray, mean: float) -> np.ndarray:
    """Returns the `M` at which a component of strengths `mean ± M` stops growing, see [`growth`], for each rate."""
    return np.sqrt(2 * mean / np.asarray(learning_rate) + mean**2)


def _norm(matrices: np.ndarray) -> np.ndarray:
    return np.linalg.norm(matrices, axis=(-2, -1))


def _projection(matrix: np.ndarray) -> np.ndarray:
    """Returns the projection on the range of a symmetric matrix."""
    values, vectors = np.linalg.eigh(matrix)
    kept = vectors[:, np.abs(values) > 1e-9 * np.abs(values).max(initial=0)]
    return kept @ kept.T
