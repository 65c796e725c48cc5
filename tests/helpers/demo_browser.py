"""The demo page in Chromium: the fixture `visit`, loaded as a plugin of pytest.

Without Chromium the tests of the page are skipped; `make browser` installs it.
"""

import shutil

import pytest
from demo_server import served_page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def demo_url(tmp_path_factory):
    with served_page(tmp_path_factory.mktemp("page")) as address:
        yield address


@pytest.fixture(scope="module")
def chromium():
    """Debian's Chromium, driven by Playwright."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install -e '.[dev]'")
    if CHROMIUM is None:
        pytest.skip("no Chromium: run `make browser` as root, or apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


class Visit:
    """A page in a window of its own, with all that it asked for and complained about."""

    def __init__(self, browser, url, query="", width=1280, theme="light"):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        self.page = self.context.new_page()
        self.requests, self.errors = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append(dialog.message), dialog.dismiss()))
        self.page.goto(f"{url}{query or f'?__theme={theme}'}")
        self.page.wait_for_selector("#hc-ask")
        # The page opens with an answer; what is asked before it is there would be replaced by it.
        self.page.wait_for_selector("#hc-answer .hc-card:not(.hc-empty)", timeout=60_000)

    def ask(self, premises, question):
        self.page.get_by_label("Premises").first.fill(premises)
        self.page.get_by_label("Question").first.fill(question)
        self.page.evaluate("document.querySelector('#hc-answer .hc-card').dataset.old = 'yes'")
        self.page.get_by_role("button", name="Ask", exact=True).click()
        return self.text("#hc-answer .hc-card:not([data-old])")

    def open_tab(self, name):
        """By its tab, or by the menu of the tabs that a narrow window has no room for."""
        tab = self.page.get_by_role("tab", name=name)
        if not tab.count():
            self.page.get_by_role("button", name="More tabs").click()
            tab = self.page.locator(".overflow-dropdown button", has_text=name)
        tab.click()

    def tab_names(self):
        """Returns the names of all tabs, those in the menu of a narrow window too."""
        names = [tab.inner_text().strip() for tab in self.page.get_by_role("tab").all()]
        if (more := self.page.get_by_role("button", name="More tabs")).count():
            more.click()
            names += [tab.inner_text().strip() for tab in self.page.locator(".overflow-dropdown button").all()]
            more.click()
        return list(dict.fromkeys(filter(None, names)))

    def text(self, selector):
        return self.page.locator(selector).first.inner_text(timeout=20_000)

    def wait_for(self, selector, words):
        self.page.locator(selector, has_text=words).first.wait_for(timeout=20_000)

    def wait_for_value(self, label, value):
        """Fields are filled a moment before or after the answer is shown."""
        field = self.page.get_by_label(label).first.element_handle()
        self.page.wait_for_function("([field, value]) => field.value === value", arg=[field, value], timeout=20_000)


@pytest.fixture
def visit(chromium, demo_url):
    """Opens the page; afterwards it must have asked for nothing elsewhere, and complained about nothing."""
    visits = []

    def open_page(**options):
        visits.append(Visit(chromium, demo_url, **options))
        return visits[-1]

    yield open_page
    for one in visits:
        elsewhere = [request for request in one.requests if not request.startswith((demo_url, "data:", "blob:"))]
        one.context.close()
        assert not elsewhere and not one.errors
