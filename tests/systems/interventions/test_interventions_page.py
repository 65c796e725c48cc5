"""The tab in Chromium."""

import pytest

pytest.importorskip("gradio", reason="the page needs gradio: pip install -e '.[dev]'")


def test_two_objects_are_seen_together_or_one_is_put_there(visit):
    page = visit()
    page.open_tab("Observe or intervene")
    page.wait_for("#hc-comparison", "if a cup were put into every image, only")
    assert "75\u00a0% of the images with a cup are of the kind “kitchen”" in page.text("#hc-comparison")
    page.page.get_by_role("button", name="Effect backward").click()
    page.wait_for("#hc-comparison", "the effect runs the other way")
    whole, cut = (page.page.locator("#hc-comparison svg:visible").nth(place) for place in (0, 1))
    # Into the hair drier go an arrow from the scene and one from the person.
    assert (whole.locator(".hc-edge-cut").count(), cut.locator(".hc-edge-cut").count()) == (0, 2)
    page.page.get_by_role("button", name="No confounder").click()
    page.wait_for("#hc-comparison", "seeing and doing are the same")
