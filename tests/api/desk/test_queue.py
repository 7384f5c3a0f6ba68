import re

import pytest

from policies.review.backlog import Filter
from tests.api.desk.stock import HOSTILE, flat


def fresh(server, name, shade=(40, 90, 10)):
    """A held asset of this test, which it may decide about."""
    from tests.api.desk.stock import hand_in

    return hand_in(server.app.state.service.site, flat(shade), name)


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh", 360, True)])
def test_it_lists_what_waits_and_strangers_names_stay_names(desk, audit, language, width, dark):
    page = desk("/desk/queue", language=language, width=width, dark=dark)
    text = page.locator("tbody").inner_text()
    assert HOSTILE[0] in text
    assert "{{ 7 * 7 }}" in text
    assert "\u202e" not in page.content()
    assert "\x07" not in page.content()
    assert page.title().endswith("Chopmark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert audit(page) == []


def test_filters_are_addresses(desk, desk_server):
    page = desk("/desk/queue?category=prompt.weapons")
    names = page.locator("tbody .title").all_inner_texts()
    assert names == ["pilot.jpg"]
    page.locator("summary", has_text="Filter").click() if page.locator("details[open]").count() == 0 else None
    page.get_by_label("File name").fill("no such file")
    page.get_by_role("button", name="Apply").click()
    assert "name=no+such+file" in page.url
    assert page.get_by_text("Nothing waits here").is_visible()


def test_by_keyboard_one_moves_opens_searches_and_reads_the_sheet(desk):
    page = desk("/desk/queue")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.locator("tr.current").count() == 1
    assert page.locator("tbody tr").nth(1).get_attribute("class") == "current"
    page.keyboard.press("k")
    page.keyboard.press("x")
    assert page.locator("tbody input:checked").count() == 1
    assert page.get_by_text("1 chosen").is_visible()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "name"
    page.keyboard.type("jab")  # letters are letters in a field
    assert page.get_by_label("File name").input_value() == "jab"
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/desk/jobs/"))


def test_what_the_browser_wants_is_never_swallowed(desk):
    page = desk("/desk/queue")
    page.evaluate("document.addEventListener('keydown', (event) => { window.kept = event.defaultPrevented })")
    for key in ("Control+k", "Control+j", "Control+c", "Alt+x", "Meta+u"):
        page.keyboard.press(key)
        assert page.evaluate("window.kept") is False, key
    assert page.locator("tr.current").count() == 0


def test_one_claims_from_the_list(desk, desk_server):
    asset_id = fresh(desk_server, "claim-me.jpg")
    page = desk("/desk/queue?name=claim-me")
    page.keyboard.press("j")
    page.keyboard.press("c")
    page.wait_for_url(re.compile(asset_id))
    assert page.get_by_text("You have it", exact=False).first.is_visible()
    other = desk("/desk/queue?name=claim-me", name="Noa")
    assert other.locator("tbody tr td").last.inner_text() == "Mia"


@pytest.mark.parametrize("typed_above", [20, 1])
def test_one_verdict_about_many_is_confirmed_done_and_taken_back(desk, audit, desk_server, monkeypatch, typed_above):
    from policies.review import batch

    monkeypatch.setattr(batch, "TYPED_ABOVE", typed_above)
    lot = f"lot{typed_above}-"
    ids = [fresh(desk_server, f"{lot}{number}.jpg", (number, 9, typed_above)) for number in range(3)]
    page = desk(f"/desk/queue?name={lot}")
    page.get_by_role("button", name="All 3 that match").click()
    assert audit(page) == []
    page.get_by_label("Reason").fill("a flood of flat pictures")
    if typed_above == 1:
        page.get_by_label("Type 3 to confirm").fill("3")
    page.get_by_role("button", name="Block 3 jobs").click()
    page.wait_for_url(re.compile("/desk/batches/"))
    assert page.locator("tbody tr").count() == 3
    assert audit(page) == []
    listed = desk("/desk/decisions")
    assert listed.get_by_role("link", name="Batch of 3 jobs").first.is_visible()
    page.keyboard.press("u")
    page.get_by_text("The batch is taken back.").wait_for()
    from policies.review.backlog import find_ids
    from policies.review.job import Reviewer

    here = desk_server.app.state.service.site.deployment
    assert list(find_ids(here, Reviewer("x", "x"), Filter(name=lot), most=10)) == ids


def test_a_wrong_number_does_nothing(desk_server, monkeypatch):
    import httpx

    from policies.review import batch
    from tests.api.desk.server import WHO

    monkeypatch.setattr(batch, "TYPED_ABOVE", 1)
    ids = [fresh(desk_server, f"wrong-{number}.jpg", (number, 77, 7)) for number in range(2)]
    form = {
        "key": "w",
        "scope": "chosen",
        "outcome": "block",
        "clause": "human review",
        "reason": "x",
        "ids": ids,
        "confirmed": "5",
    }
    answer = httpx.post(f"{desk_server.url}/desk/batches", data=form, cookies={WHO: "moderator:Mia"})
    assert (answer.status_code, "not the number" in answer.text) == (422, True)
