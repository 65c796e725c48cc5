"""EqSim against plain loops over the published formula, and its gradients against finite differences."""

import pytest
import torch

from hf_causal.systems.equivariance.losses import easy_mask, eqsim_loss, eqsim_v1, eqsim_v2, hard_partners

SIZE = 6


@pytest.fixture
def similarities():
    return torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture
def partners():
    rows = [[own + 1, own + 3] for own in range(SIZE)]
    return torch.tensor(rows) % SIZE


def v2_by_loops(s, partners, weight, margin, margin_of_each=False):
    text, image = [], []
    for i, row in enumerate(partners.tolist()):
        for j in row:
            text.append(float((s[i, i] - s[i, j]) - (s[j, j] - s[j, i])) ** 2)
            image.append(float((s[i, i] - s[j, i]) - (s[j, j] - s[i, j])) ** 2)
    total = 0.0
    for squares in (text, image):
        if margin_of_each:
            total += weight * sum(max(square - margin, 0) for square in squares) / len(squares)
        else:
            total += weight * max(sum(squares) / len(squares) - margin, 0)
    return total


def v1_by_loops(s, mask, weight, margin, proportion):
    size = len(s)
    squares = [float(mask[i, j] * s[i, j] - mask[i, j] * s[j, i]) ** 2 for i in range(size) for j in range(size)]
    return weight / proportion * max(sum(squares) / size**2 - margin, 0)


@pytest.mark.parametrize("margin_of_each", [False, True])
@pytest.mark.parametrize("margin", [0.0, 0.1, 2.5])
def test_v2_is_the_formula(similarities, partners, margin, margin_of_each):
    loss = eqsim_v2(similarities, partners, 0.7, margin, margin_of_each)
    assert float(loss) == pytest.approx(v2_by_loops(similarities, partners, 0.7, margin, margin_of_each))
    assert float(loss) > 0


def test_a_wide_margin_costs_nothing(similarities, partners):
    assert float(eqsim_v2(similarities, partners, 0.5, 1e3)) == 0
    assert float(eqsim_v1(similarities, margin=1e3)) == 0


def test_v1_is_the_formula(similarities, partners):
    mask = easy_mask(partners)
    loss = eqsim_v1(similarities, mask, 0.7, 0.05, 2.0)
    assert float(loss) == pytest.approx(v1_by_loops(similarities, mask, 0.7, 0.05, 2.0))
    assert float(loss) > 0
    everything = eqsim_v1(similarities, weight=0.7)
    assert float(everything) == pytest.approx(v1_by_loops(similarities, torch.ones(SIZE, SIZE), 0.7, 0.0, 1.0))


def test_gradients_are_finite_differences(similarities, partners):
    similarities.requires_grad_(True)
    mask = easy_mask(partners)
    assert torch.autograd.gradcheck(lambda s: eqsim_v2(s, partners, 0.7, 0.1), similarities)
    assert torch.autograd.gradcheck(lambda s: eqsim_v2(s, partners, 0.7, 0.1, margin_of_each=True), similarities)
    assert torch.autograd.gradcheck(lambda s: eqsim_v1(s, mask, 0.7, 0.01), similarities)
    assert torch.autograd.gradcheck(lambda s: eqsim_v1(s.softmax(1), mask), similarities)


def test_what_is_equivariant_costs_nothing(partners):
    """A symmetric matrix with a constant diagonal changes by as much in both directions."""
    half = torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    symmetric = (half + half.T).fill_diagonal_(3.0)
    assert float(eqsim_v2(symmetric, partners, 1.0, 0.0)) == pytest.approx(0, abs=1e-20)
    assert float(eqsim_v1(symmetric)) == 0
    # v1 leaves the matches alone; v2 does not.
    symmetric[0, 0] += 1.0
    assert float(eqsim_v1(symmetric)) == 0 and float(eqsim_v2(symmetric, partners, 1.0, 0.0)) > 0


def test_the_mask_leaves_out_hard_couples_in_both_directions(partners):
    mask = easy_mask(partners)
    for i in range(SIZE):
        for j in range(SIZE):
            assert mask[i, j] == (j not in partners[i] and i not in partners[j])


def test_hard_partners_are_others_and_the_more_similar_ones():
    logits = torch.zeros(5, 5)
    logits[0, 3] = logits[2, 0] = 60.0  # caption 3 is close to image 0, and image 2 to caption 0
    drawn = hard_partners(logits, 2, torch.Generator().manual_seed(0))
    assert drawn.shape == (5, 4)
    for own, row in enumerate(drawn.tolist()):
        assert own not in row and len(set(row[:2])) == len(set(row[2:])) == 2
    assert 2 in drawn[0, :2] and 3 in drawn[0, 2:]


def test_hard_partners_exist_where_matches_are_certain():
    drawn = hard_partners(200 * torch.eye(4), 3, torch.Generator().manual_seed(0))
    for own, row in enumerate(drawn.tolist()):
        assert sorted(row[:3]) == sorted(set(range(4)) - {own}) == sorted(row[3:])


@pytest.mark.parametrize("version", ["v1", "v2", "both"])
def test_a_batch_is_the_sum_of_its_parts(similarities, version):
    scores = similarities.softmax(1)
    drawn = hard_partners(similarities, 2, torch.Generator().manual_seed(3))
    expected = {
        "v1": v1_by_loops(scores, torch.ones(SIZE, SIZE), 5.0, 0.0, 1.0),
        "v2": v2_by_loops(scores, drawn, 5.0, 0.01),
        "both": v2_by_loops(scores, drawn, 5.0, 0.01) + v1_by_loops(scores, easy_mask(drawn), 5.0, 0.0, 1.0),
    }
    loss = eqsim_loss(similarities, version, 5.0, 0.01, 2, torch.Generator().manual_seed(3))
    assert float(loss) == pytest.approx(expected[version]) and float(loss) > 0


def test_bad_arguments_are_refused(similarities, partners):
    with pytest.raises(ValueError, match=r"square matrix, images by captions, got \(2, 3\)"):
        eqsim_v1(torch.ones(2, 3))
    with pytest.raises(ValueError, match=r"`partners` must be of shape \(6, partners\), got \(5, 2\)"):
        eqsim_v2(similarities, partners[:5])
    with pytest.raises(ValueError, match=r"`partners` must lie in 0 ... 5, got 1 ... 6"):
        eqsim_v2(similarities, partners + 1)
    with pytest.raises(ValueError, match="`margin` must not be negative, got -0.1"):
        eqsim_v2(similarities, partners, margin=-0.1)
    with pytest.raises(ValueError, match="`proportion` must be positive, got 0"):
        eqsim_v1(similarities, proportion=0)
    with pytest.raises(ValueError, match=r"`mask` must be of shape \(6, 6\), got \(2, 2\)"):
        eqsim_v1(similarities, torch.ones(2, 2))
    with pytest.raises(ValueError, match="`version` must be one of v1, v2, both, got 'v3'"):
        eqsim_loss(similarities, "v3")
    with pytest.raises(ValueError, match="`samples` must lie in 1 ... 5 for a batch of 6, got 6"):
        hard_partners(similarities, 6)
