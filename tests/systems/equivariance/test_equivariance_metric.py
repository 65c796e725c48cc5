"""EqBen's scores against a direct count, and their chance levels by simulation and by counting orders."""

from itertools import permutations
from pathlib import Path

import evaluate
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hf_causal.systems.equivariance.metric import ASPECTS, CHANCE, Equivariance, pair_hits, score_equivariance

METRIC = Path(__file__).resolve().parents[3] / "spaces" / "metrics" / "equivariance_score"
# Few values, so that ties are common.
PAIRS = st.integers(1, 12).flatmap(lambda n: arrays(np.float64, (n, 2, 2), elements=st.integers(0, 3).map(float)))


def count(similarities):
    """A direct count, with the names of EqBen's own code."""
    hits = dict.fromkeys(ASPECTS, 0)
    for (c0_i0, c0_i1), (c1_i0, c1_i1) in similarities.tolist():
        text, image = c0_i0 > c1_i0 and c1_i1 > c0_i1, c0_i0 > c0_i1 and c1_i1 > c1_i0
        hits["text"] += text
        hits["image"] += image
        hits["group"] += text and image
    return hits


@given(PAIRS)
def test_scores_are_a_direct_count(similarities):
    scores, hits = Equivariance.of(similarities), count(similarities)
    for name in ASPECTS:
        share = hits[name] / len(similarities)
        assert getattr(scores, name) == share
        assert getattr(scores, f"{name}_stderr") == pytest.approx((share * (1 - share) / len(similarities)) ** 0.5)
        assert pair_hits(similarities)[name].sum() == hits[name]


def test_chance_counts_the_orders_of_four_similarities():
    orders = np.array(list(permutations(range(4))), dtype=float).reshape(-1, 2, 2)
    hits = count(orders)
    assert {name: hits[name] / len(orders) for name in ASPECTS} == {name: float(CHANCE[name]) for name in ASPECTS}


@pytest.mark.parametrize("draw", ["standard_normal", "standard_exponential"])
def test_chance_is_that_of_random_scores(draw):
    similarities = getattr(np.random.default_rng(0), draw)((60_000, 2, 2))
    scores = Equivariance.of(similarities)
    assert scores.ties == 0
    for name in ASPECTS:
        stderr = getattr(scores, f"{name}_stderr")
        assert abs(getattr(scores, name) - float(CHANCE[name])) < 4 * stderr


def test_ties_are_wrong_and_counted():
    scores = Equivariance.of(np.ones((3, 2, 2)))
    assert (scores.text, scores.image, scores.group, scores.ties) == (0.0, 0.0, 0.0, 3)
    # A tie in one direction leaves the other as it is; one that is wrong anyway fails for another reason.
    one_way = Equivariance.of([[[0.9, 0.1], [0.9, 0.95]], [[0.2, 0.9], [0.2, 0.1]]])
    assert (one_way.text, one_way.image, one_way.group, one_way.ties) == (0.0, 0.5, 0.0, 1)


def test_groups_are_over_their_pairs():
    similarities = np.random.default_rng(1).random((40, 2, 2))
    kinds = ["color", "count"] * 20
    scores = score_equivariance(similarities, kind=kinds)
    assert [cell["kind"] for cell in scores["by_kind"]] == ["color", "count"]
    for cell, start in zip(scores["by_kind"], (0, 1), strict=True):
        assert cell["n"] == 20 and cell["group"] == count(similarities[start::2])["group"] / 20


@pytest.mark.parametrize(
    ("similarities", "message"),
    [([], "shape"), ([[1.0, 2.0]], "shape"), ([[[1.0, float("nan")], [0.0, 1.0]]], "pair 0 has NaN")],
)
def test_bad_similarities_are_refused(similarities, message):
    with pytest.raises(ValueError, match=message):
        Equivariance.of(similarities)


def test_a_group_has_a_value_for_each_pair():
    with pytest.raises(ValueError, match="`kind` must have a value for each of 2 pairs, got 1"):
        score_equivariance(np.ones((2, 2, 2)), kind=["color"])


def test_the_metric_is_the_same_count():
    similarities = np.random.default_rng(2).random((30, 2, 2))
    names = ("c0_i0", "c0_i1", "c1_i0", "c1_i1")
    columns = dict(zip(names, similarities.reshape(-1, 4).T.tolist(), strict=True))
    kinds = ["color", "count", "relation"] * 10
    scores = evaluate.load(str(METRIC)).compute(**columns, kind=kinds)
    assert scores == score_equivariance(similarities, kind=kinds)
