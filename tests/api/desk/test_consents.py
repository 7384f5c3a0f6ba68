"""The page of consents: one is recorded and revoked, in both languages and at the width of a phone."""

from datetime import UTC, datetime, timedelta

import pytest

TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh", 360)])
def test_a_consent_is_recorded_and_revoked(desk, audit, language, width):
    page = desk("/desk/consents", role="admin", language=language, width=width)
    assert audit(page) == []
    page.fill("#subject", f"Li Wei {language}")
    page.fill("#last_day", str(TODAY + timedelta(days=30)))
    page.locator("form[action='/desk/consents'] button.primary").click()
    page.wait_for_url("**/desk/consents?said=saved")
    row = page.locator("tr", has_text=f"Li Wei {language}")
    assert row.locator(".badge.good").count() == 1
    assert audit(page) == []
    assert page.locator("body").evaluate("body => body.scrollWidth") <= width
    row.locator("input[name=reason]").fill("she asked")
    row.locator("form[action$='/revoke'] button").click()
    page.wait_for_url("**/desk/consents?said=saved")
    assert row.locator(".badge.bad").count() == 1
    assert row.locator("form").count() == 0


def test_a_day_that_is_over_is_refused_beside_the_form_and_what_was_typed_stays(desk):
    page = desk("/desk/consents", role="admin")
    page.fill("#subject", "Ada")
    page.fill("#last_day", "2001-01-01")
    page.locator("form[action='/desk/consents'] button.primary").click()
    page.wait_for_selector("[role=alert]")
    desk.complaints.clear()  # the browser tells of the 422 that was asked for
    assert page.input_value("#subject") == "Ada"


def test_who_may_only_read_gets_no_form(desk):
    page = desk("/desk/consents", role="auditor")
    assert page.locator("form[action='/desk/consents']").count() == 0
