import re

import httpx
import pytest

from api.desk.policies import rename
from tests.api.desk.conftest import WHO
from tests.policies.editing.test_shelf import house


def post(server, path, role="policy_manager", **fields):
    return httpx.post(
        f"{server.url}{path}", headers={"Cookie": f"{WHO}={role}:Pam:", "Accept": "text/html"}, files=form(fields)
    )  # fmt: skip


def form(fields):
    return {name: (None, value) for name, value in fields.items()}


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, True), ("zh", 360, False)])
def test_packs_are_shown_with_their_clauses(desk, audit, language, width, dark):
    page = desk("/desk/policies", role="auditor", language=language, width=width, dark=dark)
    assert audit(page) == []
    page.get_by_role("link", name="baseline", exact=True).click()
    assert {"en": "House rules 2.1", "zh": "内部规则 2.1"}[language] in page.locator("main").inner_text()
    assert page.get_by_role("button").filter(has_text="activate").count() == 0
    assert audit(page) == []
    assert page.locator("body").evaluate("body => body.scrollWidth") <= width


def test_a_copy_is_edited_tried_saved_activated_and_brought_back(desk, audit):
    page = desk("/desk/policies/edit?name=baseline", role="policy_manager", name="Pam")
    document = page.input_value("#document")
    assert "\nname: own-baseline\n" in document
    assert page.input_value("#replaces") == "baseline"
    page.fill("#document", document.replace("nsfw: {hold: 0.5", "nsfw: {hold: 5"))
    page.get_by_role("button", name="Check only").click()
    page.wait_for_selector(".problems")
    desk.complaints.clear()  # the browser tells of the 422 that was asked for
    assert "Line 40, column 16" in page.locator(".problems").inner_text()
    assert "hold: 5" in page.input_value("#document")
    assert audit(page) == []
    stricter = document.replace("nsfw: {hold: 0.5", "nsfw: {hold: 0.0")
    page.fill("#document", stricter)
    page.get_by_role("button", name="Try", exact=True).click()
    page.wait_for_selector("#trial")
    assert "files would end otherwise" in page.locator("#trial").inner_text()
    assert audit(page) == []
    for version, step in (("1.3.0", "Save and activate"), ("1.4.0", "Save and activate")):
        page.fill("#document", re.sub(r"version: [\d.]+", f"version: {version}", document, count=1))
        page.fill("#reason", f"our own {version}")
        page.get_by_role("button", name=step).click()
        page.wait_for_url("**said=activated")
        page.goto(
            page.url.replace("/desk/policy/own-baseline", "/desk/policies/edit").partition("?")[0] + "?name=baseline"
        )
    page.goto(page.url.partition("/desk")[0] + "/desk/policy/own-baseline")
    page.locator(".versions a").last.click()
    page.fill("#activate-reason", "too strict")
    page.get_by_role("button", name="Let 1.3.0 be the active version").click()
    page.wait_for_url("**said=activated")
    page.goto(page.url.partition("/desk")[0] + "/desk/policies/history")
    assert page.get_by_role("row").count() == 6
    assert "too strict" in page.get_by_role("row").nth(1).inner_text()
    assert audit(page) == []


def test_what_cannot_be_done_is_said_and_nothing_is_lost(desk_server):
    bad = post(
        desk_server, "/desk/policies/edit", document="name: <script>alert(1)</script>\n", step="save", reason="x"
    )
    assert bad.status_code == 422
    assert "<script>alert" not in bad.text
    assert "&lt;script&gt;" in bad.text
    silent = post(desk_server, "/desk/policies/edit", document=house(), step="save", reason=" ")
    assert (silent.status_code, "a change needs a reason" in silent.text) == (422, True)
    many = post(desk_server, "/desk/policies/edit", document=house(), step="try", last="9" * 5000)
    assert (many.status_code, 'role="alert"' in many.text) == (422, True)
    none = post(desk_server, "/desk/policies/chosen", reason="x")
    assert (none.status_code, 'role="alert"' in none.text) == (404, True)
    assert post(desk_server, "/desk/policies/edit", role="auditor", document=house(), step="save").status_code == 403
    retired = post(desk_server, "/desk/policy/baseline/retire", reason="x")
    assert retired.status_code == 404


def test_a_copy_has_a_name_of_its_own():
    assert rename("a: 1\nname: one # first\nname: two", "own-one") == "a: 1\nname: own-one\nname: two"
