"""A server with a stocked site, once a worker, and a real browser that is signed in as whoever a test asks for.

    def test_it_opens(desk):
        page = desk("/desk/queue", role="moderator", language="zh", width=360)

A page that breaks its policy for scripts, throws, or gets an answer of 500 fails the test that opened it.
"""

import pytest

from tests.api.desk.server import WHO
from tests.browser import CHROMIUM, NO_CHROMIUM


@pytest.fixture(scope="package")
def browser():
    """One Chromium for the tests of this folder."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser, desk_server):
    """Open pages as whoever is asked for; at the end none of them may have complained."""
    contexts, complaints = [], []

    def listen(page):
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        page.on("response", lambda got: got.status >= 500 and complaints.append(f"{got.status} {got.url}"))

    def open_page(path, *, who="", language="en", width=1280, dark=False, url=""):
        context = browser.new_context(
            locale={"en": "en-GB", "zh": "zh-CN"}[language],
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        if who:
            context.add_cookies([{"name": WHO, "value": who, "url": url or desk_server.url}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        listen(page)
        page.goto(f"{url or desk_server.url}{path}")
        return page

    open_page.complaints = complaints
    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def desk(visit):
    """Open a page of the desk, signed in."""

    def open_page(path="/desk", *, role="moderator", name="Mia", tenant="", **options):
        return visit(path, who=f"{role}:{name}:{tenant}", **options)

    open_page.complaints = visit.complaints
    return open_page


@pytest.fixture
def audit():
    """Return what axe-core finds wrong with a page that is serious or worse."""
    from axe_playwright_python.sync_playwright import Axe

    def find(page):
        found = Axe().run(page).response["violations"]
        return [
            (one["id"], [node["html"][:200] for node in one["nodes"]])
            for one in found
            if one["impact"] in {"serious", "critical"}
        ]

    return find
