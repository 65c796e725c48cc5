"""Matrix sensing: the problem, its measurements, its scores, and many runs at once against one run by autograd."""

import numpy as np
import pytest
import torch

from hf_causal.systems.heterogeneity.matrix_sensing import MatrixSensingConfig, MatrixSensingModel
from hf_causal.systems.heterogeneity.sensing import (
    critical_heterogeneity,
    draw_measurements,
    draw_problem,
    growth,
    invariance_scores,
    responses,
)
from hf_causal.systems.heterogeneity.sensing_runs import Cell, grid, run_grid
from hf_causal.utils.randomness import Stream


def unpacked(measurements, dimension):
    matrices = np.zeros((len(measurements), dimension, dimension))
    for values, row, column in zip(measurements.T, *np.triu_indices(dimension), strict=True):
        matrices[:, row, column] = matrices[:, column, row] = values
    return matrices


def test_normals_are_normal_and_multiples_of_a_power_of_two():
    values = Stream(0, "normals").normals((50_000,))
    assert (values * 2**12 == np.round(values * 2**12)).all()
    quantiles = np.quantile(values, [0.0228, 0.1587, 0.5, 0.8413, 0.9772])
    assert quantiles == pytest.approx([-2, -1, 0, 1, 2], abs=0.05)


def test_a_problem_is_what_it_says():
    problem = draw_problem(Stream(3), 7, rank=3, spurious_rank=2, environments=5, heterogeneity=4.0, mean=0.5)
    assert np.linalg.eigvalsh(problem.invariant)[::-1] == pytest.approx([1, 0.75, 0.5, 0, 0, 0, 0], abs=1e-12)
    assert problem.spurious.shape == (5, 7, 7)
    assert np.abs(problem.spurious @ problem.invariant).max() < 1e-12
    assert problem.strengths.mean(0) == pytest.approx(0.5)
    assert sorted(problem.strengths[:, 0]) == [-3.5, -3.5, 0.5, 4.5, 4.5]
    # The mean, and so what pooling finds, does not depend on the heterogeneity.
    other = draw_problem(Stream(3), 7, rank=3, spurious_rank=2, environments=5, heterogeneity=0.0, mean=0.5)
    assert other.pooled == pytest.approx(problem.pooled)


def test_bad_sizes_are_named():
    with pytest.raises(ValueError, match="`rank` 5 and `spurious_rank` 4 must fit into `dimension` 8"):
        draw_problem(Stream(0), 8, rank=5, spurious_rank=4)
    with pytest.raises(ValueError, match="`heterogeneity` must not be negative, got -1"):
        draw_problem(Stream(0), heterogeneity=-1)
    with pytest.raises(ValueError, match="`environments` must be at least 1, got 0"):
        draw_problem(Stream(0), environments=0)


def test_measurements_are_isotropic_and_responses_inner_products():
    measurements = draw_measurements(Stream(1), 40_000, 4)
    target = np.diag([1.0, -2.0, 0.5, 0.0])
    target[0, 3] = target[3, 0] = 1.5
    found = responses(measurements, target)
    assert found[:50] == pytest.approx(np.einsum("iab,ab->i", unpacked(measurements[:50], 4), target))
    # E <X, Z>^2 = |Z|^2, and the mean of <X, Z> X is Z.
    assert np.mean(found**2) == pytest.approx((target**2).sum(), rel=0.03)
    assert np.abs(np.einsum("i,iab->ab", found, unpacked(measurements, 4)) / 40_000 - target).max() < 0.06


def test_the_pooled_loss_has_its_minimum_at_the_pooled_matrix():
    """By least squares over all symmetric matrices, from measurements of all environments together."""
    problem = draw_problem(Stream(5), 4, rank=1, spurious_rank=1, environments=4, heterogeneity=2.0)
    measurements = draw_measurements(Stream(6), 20_000, 4)
    environment = np.arange(20_000) % 4
    measured = responses(measurements, problem.spurious)[np.arange(20_000), environment]
    measured += responses(measurements, problem.invariant)
    rows, columns = np.triu_indices(4)
    solution, *_ = np.linalg.lstsq(measurements * np.where(rows == columns, 1, 2), measured, rcond=None)
    assert np.abs(solution - problem.pooled[rows, columns]).max() < 0.08
    assert np.abs(solution - problem.invariant[rows, columns]).max() > 0.2


def test_scores_of_known_estimates():
    problem = draw_problem(Stream(2), 6, heterogeneity=3.0)
    known = np.stack([problem.invariant, problem.pooled, np.zeros((6, 6)), np.full((6, 6), np.nan)])
    scores = invariance_scores(known, problem.invariant, problem.spurious)
    size, mean = np.linalg.norm(problem.invariant), np.linalg.norm(problem.spurious.mean(0))
    assert scores["to_invariant"][:3] == pytest.approx([0, mean / size, 1])
    assert scores["to_pooled"][:3] == pytest.approx([mean / np.hypot(mean, size), 0, 1])
    assert scores["spurious_energy"][:3] == pytest.approx([0, mean / size, 0])
    assert scores["other_energy"][:3] == pytest.approx([0, 0, 0])
    assert list(scores["rank"][:3]) == [2, 4, 0]
    assert all(np.isnan(score[3]) for score in scores.values())
    with pytest.raises(ValueError, match=r"got \(6, 6\), \(5, 5\)"):
        invariance_scores(known[0], np.eye(5), problem.spurious)
    with pytest.raises(ValueError, match="must not be zero"):
        invariance_scores(known[0], np.zeros((6, 6)), problem.spurious)


def test_growth_has_its_zero_where_the_formula_says():
    rate, mean = 0.08, 1.0
    critical = critical_heterogeneity(rate, mean)
    either = np.array([[mean - critical], [mean + critical]])
    assert growth(either, rate) == pytest.approx(0, abs=1e-12)
    assert growth(np.array([[-5.2], [5.2]]) + mean, rate) < 0 < growth(np.array([[-5.0], [5.0]]) + mean, rate)


def test_the_gradient_is_that_of_finite_differences():
    torch.manual_seed(0)
    model = MatrixSensingModel(MatrixSensingConfig(dimension=4, factors=2, initial_scale=0.7)).double()
    measurements = torch.from_numpy(draw_measurements(Stream(0), 9, 4)).double()
    labels = torch.linspace(-1, 1, 9).double()
    model(measurements, labels).loss.backward()
    full, residual = unpacked(measurements.numpy(), 4), (model(measurements).responses - labels).detach().numpy()
    by_formula = np.einsum("i,iab,bk->ak", residual, full, model.factor.detach().numpy()) / 9
    assert model.factor.grad.numpy() == pytest.approx(by_formula)
    with torch.no_grad():
        for place in ((0, 0), (2, 1)):
            at = []
            for step in (1e-5, -2e-5):
                model.factor[place] += step
                at.append(model(measurements, labels).loss)
            model.factor[place] += 1e-5
            assert float((at[0] - at[1]) / 2e-5) == pytest.approx(float(model.factor.grad[place]), rel=1e-6)


def test_the_model_is_saved_and_loaded(tmp_path):
    from transformers import AutoModel

    model = MatrixSensingModel(MatrixSensingConfig(dimension=5, factors=3, initial_scale=0.5))
    assert model.factor.detach().mT @ model.factor.detach() == pytest.approx(0.25 * torch.eye(3), abs=1e-6)
    model.save_pretrained(tmp_path)
    again = AutoModel.from_pretrained(tmp_path)
    assert torch.equal(again.factor, model.factor) and (tmp_path / "modeling_matrix_sensing.py").is_file()
    with pytest.raises(ValueError, match=r"`measurements` must be \(batch, 15\)"):
        model(torch.zeros(2, 10))


@pytest.mark.parametrize("wrong", [{"factors": 0}, {"factors": 9, "dimension": 8}, {"initial_scale": 0.0}])
def test_a_wrong_config_is_refused(wrong):
    with pytest.raises(Exception, match=next(iter(wrong))):
        MatrixSensingConfig(**wrong)


def test_a_grid_does_what_autograd_does_to_one_model():
    """With expected gradients, which a model gets from one measurement of each element of an orthonormal basis."""
    cells = grid((2.0,), (0.05, 0.1), (6, 2), ("pooled",))
    runs = run_grid(cells, seed=4, steps=60, batch_size=None, record_every=20, initial_scale=0.3, dimension=6)
    problem = draw_problem(Stream(4, "sensing_runs"), 6, heterogeneity=1.0)
    rows, columns = np.triu_indices(6)
    basis = torch.from_numpy(np.diag(np.where(rows == columns, 1, np.sqrt(0.5)))).float()
    labels = torch.from_numpy(responses(basis.numpy(), problem.pooled)).float()
    generator = torch.Generator().manual_seed(int(Stream(4, "sensing_runs", "torch").integers(2**31 - 1, (1,))[0]))
    start = torch.nn.init.orthogonal_(torch.empty(6, 6), gain=0.3, generator=generator)
    for cell, estimate in zip(cells, runs.estimates, strict=True):
        model = MatrixSensingModel(MatrixSensingConfig(dimension=6, factors=cell.factors))
        with torch.no_grad():
            model.factor.copy_(start[:, : cell.factors])
        # The loss is a mean over the measurements, the expected gradient of a basis their sum.
        optimizer = torch.optim.SGD(model.parameters(), lr=cell.learning_rate * len(basis))
        for _ in range(60):
            optimizer.zero_grad()
            model(basis, labels).loss.backward()
            optimizer.step()
        assert estimate == pytest.approx(model.estimate().detach().numpy(), abs=1e-4)


def test_large_batches_approach_the_expected_gradient():
    cells = [Cell("environment", 5.0, 0.08, 5), Cell("pooled", 1.0, 0.08, 2)]
    one, infinite = (
        run_grid(cells, steps=1, batch_size=size, initial_scale=0.5, dimension=5, environments=1).estimates
        for size in (200_000, None)
    )
    assert one == pytest.approx(infinite, abs=0.01)


def test_heterogeneity_decides_what_a_large_step_learns():
    """Expected gradients: M = 6 lies beyond the boundary of 4.6 at rate 0.1, M = 1 does not."""
    cells = grid((1.0, 6.0), (0.1,), (8,))
    runs = run_grid(cells, steps=600, batch_size=None, dimension=8)
    found = {(cell.batches, cell.heterogeneity): runs.tail("to_invariant")[index] for index, cell in enumerate(cells)}
    pooled = np.sqrt(2 / 1.25)
    assert found["environment", 6.0] < 0.05
    assert found["environment", 1.0] > 0.7 * pooled
    assert found["pooled", 1.0] == pytest.approx(pooled, rel=0.01) == pytest.approx(found["pooled", 6.0], rel=0.01)


def test_runs_are_the_same_again_and_wrong_ones_are_refused():
    cells = [Cell("environment", 2.0, 0.1, 4), Cell("environment", 2.0, 9.0, 4)]
    one, again = (run_grid(cells, seed=1, steps=40, batch_size=50, dimension=4) for _ in range(2))
    assert np.array_equal(one.estimates, again.estimates, equal_nan=True)
    assert np.isnan(one.tail("rank")[1]) and not np.isnan(one.tail("rank")[0])
    with pytest.raises(ValueError, match="`batches` must be one of environment, pooled, got 'other'"):
        run_grid([Cell("other", 1.0, 0.1, 2)])
    with pytest.raises(ValueError, match=r"`factors` must lie in 1 ... `dimension` 4, got \[9\]"):
        run_grid([Cell("pooled", 1.0, 0.1, 9)], dimension=4)
    with pytest.raises(ValueError, match="`cells` is empty"):
        run_grid([])
