"""An endpoint is added, its secret shown once, switched off and removed."""

import pytest


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh", 360)])
def test_an_endpoint_comes_and_goes(desk, audit, language, width):
    page = desk("/desk/webhooks", role="admin", language=language, width=width)
    assert audit(page) == []
    page.fill("#url", f"https://example.com/{language}")
    page.check("input[name='kind:release.held']")
    page.locator("form[action='/desk/webhooks'] button.primary").click()
    page.wait_for_selector("#secret")
    assert page.locator("#secret").inner_text().startswith("whsec_")
    assert audit(page) == []
    row = page.locator("tr", has_text=f"https://example.com/{language}")
    row.locator("form[action$='/off'] button").click()
    page.wait_for_url("**/desk/webhooks?said=saved")
    assert page.locator("#secret").count() == 0
    assert row.locator("form[action$='/on'] button").count() == 1
    assert page.locator("body").evaluate("body => body.scrollWidth") <= width
    row.locator("form[action$='/remove'] button").click()
    page.wait_for_url("**/desk/webhooks?said=saved")
    assert row.count() == 0


def test_an_address_inside_is_refused_beside_the_form(desk):
    page = desk("/desk/webhooks", role="admin")
    page.fill("#url", "http://127.0.0.1/")
    page.locator("form[action='/desk/webhooks'] button.primary").click()
    page.wait_for_selector("[role=alert]")
    desk.complaints.clear()  # the browser tells of the 422 that was asked for
    assert page.input_value("#url") == "http://127.0.0.1/"
