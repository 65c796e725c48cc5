"""What the tab about heterogeneity shows, without a browser."""

import re

import pytest

pytest.importorskip("gradio", reason="the page needs gradio: pip install -e '.[dev]'")

from hf_causal.systems.heterogeneity.sensing_runs import grid, run_grid  # noqa: E402
from hf_causal.systems.heterogeneity.tab import BATCH_SIZE, chart, learn  # noqa: E402


def verdict(*inputs):
    return re.search(r'hc-verdict">(.*?)</p>', learn(*inputs))[1]


def test_heterogeneity_decides_where_it_ends():
    assert (
        verdict(6, 0.1, 10, "infinitely many") == "One environment a step: ends at A*. Pooled: ends at A* + mean A(e)."
    )
    assert "One environment a step: ends nearer to A* + mean A(e)." in verdict(2, 0.1, 10, "infinitely many")
    assert "One environment a step: ends at A* + mean A(e)." in verdict(0, 0.1, 2, "infinitely many")


def test_the_growth_is_that_of_the_product_over_environments():
    # Half of the steps multiply by 1 + 0.1 (1 + 6), half by 1 + 0.1 (1 - 6).
    factor = (1.7 * 0.5) ** 0.5
    assert f"shrinks by a factor of {factor:.3f} a step" in learn(6, 0.1, 4, "infinitely many")
    assert "and by 1.100 with all of them pooled" in learn(6, 0.1, 4, f"{BATCH_SIZE}")


def test_a_run_that_diverges_is_reported_and_drawn_to_its_end():
    runs = run_grid(grid((8.0,), (0.5,), (10,)), 0, 60, None, 4, 0.03, dimension=10)
    assert "nan" not in chart(runs, "to_invariant", "Distance")
    assert "diverged" in chart(runs, "to_invariant", "Distance")


def test_what_is_no_number_of_measurements_is_an_error():
    assert "Invalid literal" in learn(6, 0.1, 10, "many")
