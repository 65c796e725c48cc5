"""Scores of predicted effects: errors and signs by hand, undefined values, and arguments that are refused."""

import pytest

from hf_causal.systems.interventions.metric import score_interventions


def test_errors_and_signs_by_hand():
    scores = score_interventions([0.5, 0.2, 0.4, 0.3], [0.4, 0.4, 0.4, 0.6], [0.1, 0.3, 0.4, 0.5])
    assert (scores["n"], scores["n_changed"]) == (4, 3)
    assert scores["mean_absolute_error"] == pytest.approx((0.1 + 0.2 + 0 + 0.3) / 4)
    assert scores["naive_mean_absolute_error"] == pytest.approx((0.3 + 0.1 + 0 + 0.1) / 4)
    assert scores["error_removed"] == pytest.approx(1 - 0.15 / 0.125)
    assert scores["sign_agreement"] == pytest.approx(1 / 3)
    assert scores["sign_agreement_stderr"] == pytest.approx((1 / 3 * 2 / 3 / 3) ** 0.5)
    # Sample standard deviation of 0.1, 0.2, 0, 0.3 over the root of 4.
    assert scores["mean_absolute_error_stderr"] == pytest.approx((0.05 / 3) ** 0.5 / 2)


def test_the_naive_prediction_changes_nothing():
    scores = score_interventions([0.1, 0.8], [0.3, 0.4], [0.1, 0.8])
    assert scores["sign_agreement"] == 0 and scores["error_removed"] == 0


def test_the_tolerance_decides_what_is_a_change():
    assert score_interventions([0.5], [0.5], [0.48], tolerance=0.05)["n_changed"] == 0
    assert score_interventions([0.5], [0.5], [0.48], tolerance=0.01)["sign_agreement"] == 1
    assert score_interventions([0.485], [0.5], [0.48], tolerance=0.01)["sign_agreement"] == 0


def test_undefined_values_are_none():
    scores = score_interventions([0.4], [0.4], [0.4])
    undefined = ("mean_absolute_error_stderr", "error_removed", "sign_agreement", "sign_agreement_stderr")
    assert [scores[name] for name in undefined] == [None] * 4
    assert (scores["n_changed"], scores["mean_absolute_error"]) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1], [0.1, 0.2], [0.1]), "one value a pair, got 1, 2 and 1"),
        (([], [], []), "at least one pair"),
        (([0.1], [0.1], [0.1], -1), "`tolerance`"),
        (([0.1], [1.5], [0.1]), "`references` .* 1.5"),
        (([0.1], [0.1], [-0.2]), "`observed` .* -0.2"),
        (([0.1], [float("nan")], [0.1]), "`references`"),
        (([float("inf")], [0.1], [0.1]), "`predictions` .* inf"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        score_interventions(*arguments)


def test_a_prediction_may_leave_the_unit_interval():
    assert score_interventions([1.2], [0.9], [0.5])["mean_absolute_error"] == pytest.approx(0.3)
