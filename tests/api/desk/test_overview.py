import pytest

from tests.api.desk.server import serving


@pytest.fixture(scope="module")
def new_url(tmp_path_factory):
    """A server of a site that nothing came into yet."""
    with pytest.MonkeyPatch.context() as patch, serving(tmp_path_factory.mktemp("new") / "home", patch) as server:
        yield server.url


@pytest.mark.parametrize(("language", "dark", "width"), [("en", False, 1280), ("zh", True, 360)])
def test_it_shows_what_waits_in_words_and_figures(desk, audit, language, dark, width):
    page = desk("/desk", language=language, dark=dark, width=width)
    assert page.locator(".stat dd").first.inner_text() not in {"", "0"}
    page.locator("summary").first.click()
    assert page.locator("details[open] tbody tr").count() == 14
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert audit(page) == []


def test_an_auditor_reads_it_without_ways_that_are_closed_to_them(desk):
    page = desk("/desk", role="auditor")
    assert page.locator("a[href^='/desk/queue']").count() == 0


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh", 360)])
def test_a_site_that_nothing_came_into_says_how_to_begin(desk, audit, new_url, language, width):
    page = desk("/desk", role="admin", url=new_url, language=language, width=width)
    links = [one.get_attribute("href") for one in page.locator("ol.steps a").all()]
    assert links == ["/desk/create", "/desk/works", "/desk/policies", "/desk/team"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert audit(page) == []


def test_it_names_only_steps_that_one_may_take(desk, new_url):
    page = desk("/desk", role="auditor", url=new_url)
    assert [one.get_attribute("href") for one in page.locator("ol.steps a").all()] == ["/desk/policies"]
    assert desk("/desk", role="admin").locator("ol.steps").count() == 0
