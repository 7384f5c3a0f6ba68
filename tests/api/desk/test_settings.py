import pytest


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh", 360, True)])
def test_each_chooses_what_they_see_before_they_ask(desk, audit, desk_server, language, width, dark):
    who = f"W{language}"
    page = desk("/desk/settings", name=who, language=language, width=width, dark=dark)
    assert audit(page) == []
    page.locator("input[value=cover]").check()
    page.locator("input[name=grey]").uncheck()
    page.locator("main button").click()
    page.wait_for_url("**/desk/settings?said=saved")
    assert page.locator("input[value=cover]").is_checked()
    job = desk(f"/desk/jobs/{desk_server.stock.held_id}", name=who, language=language)
    assert job.locator(".canvas").count() == 0
    job.keyboard.press("v")
    job.locator(".canvas img").wait_for()
    assert job.locator(".canvas img").evaluate("node => getComputedStyle(node).filter") == "none"
    assert desk(f"/desk/jobs/{desk_server.stock.held_id}", name="Other").locator(".blur-strong.grey").count() == 1
