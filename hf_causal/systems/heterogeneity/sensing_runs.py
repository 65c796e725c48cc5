"""Runs matrix sensing on a grid of heterogeneities, step sizes, widths and samplers in batched matrix products.

Each cell of a grid equals a training of [`MatrixSensingModel`] by plain SGD on fresh measurements. All cells read the
same measurements and take their steps together, so a phase diagram costs little more than one run.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch

from hf_causal.systems.heterogeneity.sensing import Problem, draw_problem, invariance_scores
from hf_causal.utils.progress import Advance
from hf_causal.utils.randomness import Stream

SAMPLERS = ("environment", "pooled")
"""A batch is from one environment, drawn anew for each step (HeteroSGD), or from all environments mixed."""


@dataclass(frozen=True)
class Cell:
    """Settings of one run of a grid."""

    batches: str
    """`environment` or `pooled`."""
    heterogeneity: float
    """`M`."""
    learning_rate: float
    factors: int
    """Number of columns of `U`."""


@dataclass(frozen=True)
class Runs:
    """Results of a grid of runs."""

    cells: list[Cell]
    steps: np.ndarray
    """Steps at which scores were computed, shape (records,)."""
    scores: dict[str, np.ndarray]
    """Scores of `invariance_scores` by name, shape (records, cells); NaN after a run diverged."""
    estimates: np.ndarray
    """`U U^T` at the end: shape (cells, d, d)."""

    def tail(self, name: str, share: float = 0.2) -> np.ndarray:
        """Returns the median of a score over the last part of the run for each cell, since HeteroSGD oscillates."""
        return np.median(self.scores[name][self.steps > (1 - share) * self.steps[-1]], axis=0)


def grid(
    heterogeneities: tuple[float, ...],
    learning_rates: tuple[float, ...],
    factors: tuple[int, ...],
    samplers: tuple[str, ...] = SAMPLERS,
) -> list[Cell]:
    """Returns every combination as a cell."""
    return [Cell(*values) for values in product(samplers, heterogeneities, learning_rates, factors)]


def run_grid(
    cells: list[Cell],
    seed: int = 0,
    steps: int = 1000,
    batch_size: int | None = 2000,
    record_every: int = 10,
    initial_scale: float = 1e-3,
    noise: float = 0.1,
    progress: Advance | None = None,
    **sizes: Any,
) -> Runs:
    """Runs all cells of a grid on one problem: gradient descent on `U`, from a small start, without momentum or decay.

    Args:
        cells (list of [`Cell`]): Runs. All read the same measurements, and runs of one sampler the same environments.
        seed (`int`): Seed of the problem, the start, the measurements and the order of environments.
        steps (`int`): Number of steps of each run.
        batch_size (`int`, *optional*): Measurements of a step. `None` uses the expected gradient of infinite batches.
        record_every (`int`): Number of steps between scores.
        initial_scale (`float`): `U` begins as this times a random matrix with orthonormal columns.
        noise (`float`): Standard deviation of the noise of each response.
        progress (callable, *optional*): Called with the number of steps that were finished.
        **sizes: Sizes of the problem, see [`draw_problem`], without its heterogeneity.

    Returns:
        [`Runs`]: Scores during the runs and estimates at the end.

    Raises:
        `ValueError`: For an unknown sampler or a size that does not fit.
    """
    _check(cells, steps, batch_size, record_every)
    problem = draw_problem(Stream(seed, "sensing_runs"), heterogeneity=1.0, **sizes)
    generator = torch.Generator().manual_seed(int(Stream(seed, "sensing_runs", "torch").integers(2**31 - 1, (1,))[0]))
    batch = _Batches(problem, cells, batch_size, noise, generator)
    dimension = len(problem.causes)
    factor = _starts(cells, dimension, initial_scale, generator)
    rate = torch.tensor([cell.learning_rate for cell in cells])[:, None, None]
    records, recorded_steps = [], []
    for step in range(1, steps + 1):
        factor = factor - rate * torch.bmm(batch.gradient(factor), factor)
        if step % record_every == 0 or step == steps:
            estimates = torch.bmm(factor, factor.mT).numpy()
            records.append(invariance_scores(estimates, problem.invariant, problem.spurious))
            recorded_steps.append(step)
            if progress:
                progress(step - (recorded_steps[-2] if len(recorded_steps) > 1 else 0))
    scores = {name: np.stack([record[name] for record in records]) for name in records[0]}
    return Runs(cells, np.array(recorded_steps), scores, estimates)


class _Batches:
    """Draws the measurements of each step and computes the mean gradient with respect to `U U^T`."""

    def __init__(
        self, problem: Problem, cells: list[Cell], size: int | None, noise: float, generator: torch.Generator
    ):
        self.size, self.noise, self.generator = size, noise, generator
        self.dimension = len(problem.causes)
        spurious = problem.spurious
        mean = spurious.mean(axis=0)
        # The problem has heterogeneity 1, so the heterogeneity of a cell multiplies the difference to the mean.
        self.base = torch.tensor(problem.invariant + mean, dtype=torch.float32)
        self.swing = torch.tensor(spurious - mean, dtype=torch.float32)
        self.environments = len(spurious)
        self.heterogeneity = torch.tensor([cell.heterogeneity for cell in cells])
        self.alone = torch.tensor([cell.batches == "environment" for cell in cells])
        rows, columns = np.triu_indices(self.dimension)
        self.rows, self.columns = torch.from_numpy(rows), torch.from_numpy(columns)
        self.weights = torch.where(self.rows == self.columns, 1.0, 2.0)

    def gradient(self, factor: torch.Tensor) -> torch.Tensor:
        """Computes `mean (<X, U U^T> - y) X` over a batch for each cell, shape (cells, d, d)."""
        estimates = torch.bmm(factor, factor.mT)
        environment = int(torch.randint(self.environments, (), generator=self.generator))
        if self.size is None:
            swing = torch.where(self.alone[:, None, None], self.swing[environment], 0.0)
            return estimates - self.base - self.heterogeneity[:, None, None] * swing
        normal = torch.randn(self.size, len(self.rows), generator=self.generator)
        measured = normal / self.weights.sqrt()
        mixed = torch.randint(self.environments, (self.size,), generator=self.generator)
        swings = measured @ self._packed(self.swing).T
        alone = torch.where(self.alone, swings[:, environment, None], swings.gather(1, mixed[:, None]))
        noise = self.noise * torch.randn(self.size, 1, generator=self.generator)
        responses = (measured @ self._packed(self.base))[:, None] + self.heterogeneity * alone + noise
        residuals = measured @ self._packed(estimates).T - responses
        packed = (measured.T @ residuals).T / self.size
        full = packed.new_empty(len(packed), self.dimension, self.dimension)
        full[:, self.rows, self.columns] = packed
        full[:, self.columns, self.rows] = packed
        return full

    def _packed(self, matrices: torch.Tensor) -> torch.Tensor:
        """Returns weighted upper triangles, whose inner product with a measurement is that of the matrices."""
        return matrices[..., self.rows, self.columns] * self.weights


def _starts(cells: list[Cell], dimension: int, scale: float, generator: torch.Generator) -> torch.Tensor:
    """Draws `U` of each cell, (cells, d, d). Columns beyond a cell's width are zero and stay zero."""
    start = torch.empty(dimension, dimension)
    torch.nn.init.orthogonal_(start, gain=scale, generator=generator)
    factors = torch.tensor([cell.factors for cell in cells])
    if int(factors.min()) < 1 or int(factors.max()) > dimension:
        raise ValueError(f"`factors` must lie in 1 ... `dimension` {dimension}, got {sorted(set(factors.tolist()))}")
    return torch.where(torch.arange(dimension) < factors[:, None, None], start, 0.0)


def _check(cells: list[Cell], steps: int, batch_size: int | None, record_every: int) -> None:
    if not cells:
        raise ValueError("`cells` is empty: there is nothing to run")
    for cell in cells:
        if cell.batches not in SAMPLERS:
            raise ValueError(f"`batches` must be one of {', '.join(SAMPLERS)}, got {cell.batches!r}")
    for name, value in (("steps", steps), ("batch_size", batch_size), ("record_every", record_every)):
        if value is not None and value < 1:
            raise ValueError(f"`{name}` must be at least 1, got {value}")
