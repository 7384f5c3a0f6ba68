import pytest


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
