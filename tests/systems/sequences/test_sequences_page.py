"""The tab in Chromium."""

import pytest

pytest.importorskip("gradio", reason="the page needs gradio: pip install -e '.[dev]'")


def test_attention_is_watched_as_it_finds_the_graph(visit):
    page = visit()
    page.open_tab("Watch attention find the graph")
    page.wait_for("#hc-latent", "of the attention on average")
    page.page.get_by_label("Graph", exact=True).click()
    page.page.get_by_role("option", name="Induction").click()
    page.wait_for("#hc-latent", "Step 0:")
    before = page.text("#hc-latent b")
    page.page.locator("#hc-moment input[type=range]").fill("9")
    page.page.wait_for_function("old => document.querySelector('#hc-latent b').innerText !== old", arg=before)
    assert page.page.locator("#hc-latent .hc-ring").count() == 2 * 9
