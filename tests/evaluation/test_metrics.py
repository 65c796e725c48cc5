import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_causal.evaluation.metrics import BinaryMetrics, score_groups

ANSWERS = st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.sampled_from([0, 1])), min_size=1, max_size=60)


@given(ANSWERS)
def test_scores_are_a_direct_count(pairs):
    predictions, references = map(list, zip(*pairs, strict=True))
    scores = BinaryMetrics.of(predictions, references)
    counts = {pair: pairs.count(pair) for pair in set(pairs)}
    hits, false_yes = counts.get((1, 1), 0), counts.get((1, 0), 0)
    missed = counts.get((0, 1), 0) + counts.get((-1, 1), 0)
    assert scores.accuracy == (hits + counts.get((0, 0), 0)) / len(pairs)
    assert scores.precision == (hits / (hits + false_yes) if hits + false_yes else 0)
    assert scores.recall == (hits / (hits + missed) if hits + missed else 0)
    assert scores.f1 == pytest.approx(2 * hits / (2 * hits + false_yes + missed) if hits + false_yes + missed else 0)
    assert scores.num_yes == hits + missed
    assert scores.unanswered == predictions.count(-1)
    assert scores.majority_accuracy == max(references.count(0), references.count(1)) / len(pairs)


@given(ANSWERS)
def test_scores_are_those_of_scikit_learn(pairs):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    predictions, references = map(list, zip(*pairs, strict=True))
    scores = BinaryMetrics.of(predictions, references)
    options = {"labels": [1], "average": "micro", "zero_division": 0.0}
    expected = metrics.precision_recall_fscore_support(references, predictions, **options)
    assert (scores.precision, scores.recall, scores.f1) == pytest.approx(expected[:3])
    assert scores.accuracy == pytest.approx(metrics.accuracy_score(references, predictions))


@pytest.mark.parametrize("shares", [(0.1, 0.1, 0.1, 0.7), (0.3, 0.1, 0.2, 0.4), (0.02, 0.2, 0.03, 0.75)])
def test_standard_errors_are_those_of_resampled_answers(shares):
    """Counts of (Yes right, Yes wrong, No wrong, No right) drawn again and again spread as the formulas say."""
    n = 2000
    counts = (np.array(shares) * n).round().astype(int)
    predictions, references = np.repeat([1, 1, 0, 0], counts).tolist(), np.repeat([1, 0, 1, 0], counts).tolist()
    scores = BinaryMetrics.of(predictions, references)
    hits, false_yes, missed, right = np.random.default_rng(0).multinomial(n, shares, size=20_000).T
    drawn = {
        "accuracy": (hits + right) / n,
        "precision": hits / (hits + false_yes),
        "recall": hits / (hits + missed),
        "f1": 2 * hits / (2 * hits + false_yes + missed),
    }
    for name, values in drawn.items():
        assert getattr(scores, f"{name}_stderr") == pytest.approx(values.std(), rel=0.04), name


def test_a_share_of_nothing_has_no_standard_error():
    always_no = BinaryMetrics.of([0, 0, 0], [0, 0, 1])
    assert (always_no.precision, always_no.precision_stderr) == (0, None)
    assert (always_no.recall, always_no.f1) == (0, 0)
    nothing = BinaryMetrics.of([0, 0], [0, 0])
    assert (nothing.recall_stderr, nothing.f1_stderr, nothing.accuracy, nothing.majority_accuracy) == (
        None,
        None,
        1,
        1,
    )


def test_each_group_is_scored_over_its_questions():
    predictions, references = [1, 0, 1, 0, 1], [1, 1, 0, 0, 1]
    relation, nodes = ["parent", "child", "child", "parent", "parent"], [4, 4, 5, 5, 10]
    scores = score_groups(predictions, references, relation=relation, num_nodes=nodes)
    assert [row["num_nodes"] for row in scores["by_num_nodes"]] == [4, 5, 10]
    assert [row["relation"] for row in scores["by_relation"]] == ["child", "parent"]
    parents = {"relation": "parent", **asdict(BinaryMetrics.of([1, 0, 1], [1, 0, 1]))}
    assert scores["by_relation"][1] == parents
    assert sum(row["n"] for row in scores["by_num_nodes"]) == scores["n"] == 5
    assert scores["f1_stderr"] == pytest.approx(math.sqrt(4 * 2 * 2 * 4) / 6**2)


@pytest.mark.parametrize(
    ("arguments", "groups", "message"),
    [
        (([1], [1, 0]), {}, "must have one length of at least 1, got 1 and 2"),
        (([], []), {}, "must have one length of at least 1, got 0 and 0"),
        (([1], [2]), {}, r"`references` must be 0 or 1, got \[2\]"),
        (([1], [1]), {"relation": []}, "`relation` must have a value for each of 1 questions, got 0"),
    ],
)
def test_mistakes_are_reported(arguments, groups, message):
    with pytest.raises(ValueError, match=message):
        score_groups(*arguments, **groups)
