"""The tab in Chromium."""

import pytest

pytest.importorskip("gradio", reason="the page needs gradio: pip install -e '.[dev]'")


@pytest.mark.parametrize("width", [1280, 390])
def test_heterogeneity_is_dragged(visit, width):
    page = visit(width=width)
    page.open_tab("Drag heterogeneity")
    page.wait_for("#hc-learned .hc-verdict", "One environment a step: ends at A*. Pooled: ends at A* + mean A(e).")
    slider = page.page.locator("#hc-heterogeneity input[type=range]").bounding_box()
    middle = slider["y"] + slider["height"] / 2
    page.page.mouse.move(slider["x"] + 0.74 * slider["width"], middle)
    page.page.mouse.down()
    page.page.mouse.move(slider["x"] - 20, middle, steps=4)
    page.page.mouse.up()
    page.wait_for("#hc-learned .hc-verdict", "One environment a step: ends at A* + mean A(e).")
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
