import pytest


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_shows_how_many_wait(desk, audit, language, dark):
    page = desk("/desk", language=language, dark=dark)
    assert page.locator(".stat dd").first.inner_text() not in {"", "0"}
    assert audit(page) == []
