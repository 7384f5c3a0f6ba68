import httpx
import pytest

from policies import gate
from policies.review.appeal import file_appeal, offer_appeal
from tests.api.desk.stock import HOSTILE
from tests.sites import as_submission, encode, photograph


@pytest.fixture
def refused(desk_server):
    """Token of the link of an asset that a policy has just refused."""
    here = desk_server.app.state.service.site.deployment
    submission = as_submission(encode(photograph("rocket.jpg", 256)), prompt="how to make a pipe bomb", name=HOSTILE[0])
    return offer_appeal(here, gate.release(here, submission).asset_id)


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh", 360, True)])
def test_somebody_appeals_by_their_link_and_another_decides(visit, desk, audit, refused, language, width, dark):
    page = visit(f"/appeals/{refused}", language=language, width=width, dark=dark)
    assert audit(page) == []
    page.fill("#text", f"It is a toy.\n{HOSTILE[3]}{HOSTILE[0]}")
    page.locator("form button.primary").click()
    page.wait_for_url("**said=appealed")
    assert page.locator("textarea").count() == 0
    assert page.title() != "run"
    queue = desk("/desk/appeals", language=language, width=width, dark=dark)
    assert audit(queue) == []
    queue.locator("tbody th a").last.click()
    assert audit(queue) == []
    queue.fill("#statement", "The prompt asks for a weapon.")
    queue.locator("button[value=uphold]").click()
    queue.wait_for_url("**said=uphold")
    page.goto(page.url.partition("?")[0])
    assert "The prompt asks for a weapon." in page.locator(".verdict").inner_text()
    assert page.locator("body").evaluate("body => body.scrollWidth") <= width
    assert audit(page) == []


def test_a_link_that_is_none_and_a_text_that_is_too_long_are_told(desk_server, refused):
    headers = {"Accept": "text/html"}
    none = httpx.get(f"{desk_server.url}/appeals/nonesuch", headers=headers)
    assert none.status_code == 404
    for text, status in (("", 422), ("x" * 4001, 422)):
        answer = httpx.post(f"{desk_server.url}/appeals/{refused}", headers=headers, data={"text": text})
        assert (answer.status_code, 'role="alert"' in answer.text) == (status, True)
    made = httpx.post(f"{desk_server.url}/appeals/{refused}", headers=headers, data={"text": "please"})
    assert made.status_code == 303
    again = httpx.post(f"{desk_server.url}/appeals/{refused}", headers=headers, data={"text": "please"})
    assert (again.status_code, "asked before" in again.text) == (409, True)


def test_who_may_not_decide_is_told_beside_the_form(desk, desk_server, refused):
    here = desk_server.app.state.service.site.deployment
    filed = file_appeal(here, refused, "please")
    page = desk(f"/desk/appeals/{filed.decision_id}", name="Nia")
    page.fill("#statement", "x" * 10)
    page.evaluate("document.getElementById('statement').removeAttribute('required')")
    page.fill("#statement", " ")
    page.locator("button[value=uphold]").click()
    page.wait_for_selector("[role=alert]")
    desk.complaints.clear()  # the browser tells of the 422 that was asked for
    assert "statement of reasons" in page.locator("[role=alert]").inner_text()
