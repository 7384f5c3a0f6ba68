"""A person hands in a file or a sentence, follows it, and has what was released; nobody sees another's."""

import httpx
import pytest

from tests.api.desk.conftest import WHO
from tests.api.desk.server import serving
from tests.sites import LIGHT_PACKS, encode, photograph


def ask(server, method, path, who="submitter:Sue:", **fields):
    headers = {"Cookie": f"{WHO}={who}", "Accept": "text/html", **fields.pop("headers", {})}
    return httpx.request(method, f"{server.url}{path}", headers=headers, **fields)


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh", 360, True)])
def test_a_file_is_handed_in_and_followed(desk, audit, tmp_path, language, width, dark):
    path = tmp_path / "cup.jpg"
    path.write_bytes(encode(photograph(side=256)))
    page = desk("/desk/create", role="submitter", language=language, width=width, dark=dark)
    assert audit(page) == []
    assert page.locator("body").evaluate("body => body.scrollWidth") <= width
    page.set_input_files("#file", str(path))
    page.fill("#prompt", "a cup of coffee")
    page.locator("form[data-drop] button.primary").click()
    page.wait_for_url("**/desk/create/*")
    assert "cup.jpg" in page.locator("h1").inner_text()
    assert page.locator("#progress .badge").count() == 1
    assert audit(page) == []
    page.goto(page.url.rpartition("/")[0])
    assert page.get_by_role("link", name="cup.jpg").count() >= 1


def test_a_preset_puts_a_sentence_into_its_words_and_its_packs(desk_server):
    form = {"key": (None, "one"), "preset": (None, "notice-picture"), "words": (None, "a bus stop")}
    taken = ask(desk_server, "POST", "/desk/create", files=form)
    assert taken.status_code == 303
    again = ask(desk_server, "POST", "/desk/create", files=form)
    assert again.headers["location"] == taken.headers["location"], "sent twice, it is one"
    shown = ask(desk_server, "GET", taken.headers["location"])
    assert shown.status_code == 200
    assert "hx-trigger" in shown.text, "nobody walks it here, so it is looked at again"
    part = ask(desk_server, "GET", taken.headers["location"], headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith("<div")
    assert ask(desk_server, "GET", taken.headers["location"], who="submitter:Tom:").status_code == 404


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"key": (None, "a")}, "got neither"),
        ({"key": (None, "b"), "preset": (None, "nonesuch"), "words": (None, "x")}, "no preset"),
        ({"key": (None, "c"), "preset": (None, "icon"), "words": (None, " ")}, "1 to 400"),
        ({"key": (None, "d"), "file": ("x.jpg", b"no picture"), "words": (None, "<b>mine</b>")}, "mine"),
    ],
)
def test_what_is_wrong_is_said_beside_the_form(desk_server, form, said):
    refused = ask(desk_server, "POST", "/desk/create", files=form)
    assert 400 <= refused.status_code < 500
    assert 'role="alert"' in refused.text
    assert said in refused.text
    assert "<b>mine" not in refused.text


def test_what_was_released_can_be_had_and_what_was_held_is_explained(desk_server):
    held = ask(desk_server, "GET", f"/desk/create/{desk_server.stock.held_id}", who="admin:Ann:")
    assert "Held" in held.text
    assert "detail" in held.text
    released = ask(desk_server, "GET", f"/desk/create/{desk_server.stock.released_id}", who="admin:Ann:")
    assert f"/v1/assets/{desk_server.stock.released_id}/file" in released.text
    assert ask(desk_server, "GET", "/desk/create", who="auditor:Art:").status_code == 403


@pytest.mark.parametrize(("language", "width", "dark"), [("zh", 1280, True), ("en", 360, False)])
def test_a_portrait_is_asked_for_by_a_photograph_a_style_and_who_agreed(desk, audit, tmp_path, language, width, dark):
    path = tmp_path / "me.jpg"
    path.write_bytes(encode(photograph("astronaut.png", side=200)))
    page = desk("/desk/create?way=portrait", role="submitter", language=language, width=width, dark=dark)
    assert audit(page) == []
    assert page.locator("body").evaluate("body => body.scrollWidth") <= width
    page.set_input_files("#portrait-file", str(path))
    page.check("#portrait input[value='avatar-ink']")
    page.fill("#portrait-words", "a portrait of me")
    page.locator("#portrait form button.primary").click()
    page.wait_for_url("**/desk/create/*")
    assert "me-ink.png" in page.locator("h1").inner_text()
    assert audit(page) == []


def test_consents_of_ones_own_are_offered_and_nobody_elses(desk_server):
    mine, others = (
        ask(desk_server, "POST", "/v1/consents", who=who, json=wanted).json()["id"]
        for who, wanted in (
            ("submitter:Sue:", {"subject": "Sue", "scope": ["avatar"], "last_day": "2030-01-01"}),
            ("submitter:Tom:", {"subject": "Tom", "scope": ["avatar"], "last_day": "2030-01-01"}),
        )
    )
    shown = ask(desk_server, "GET", "/desk/create?way=portrait").text
    assert (mine in shown, others in shown) == (True, False)


@pytest.fixture(scope="module")
def moving_desk(tmp_path_factory):
    """A desk that takes clips, with nobody who walks them but itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHOPMARK_MEDIA", "picture,video")
        patch.setenv("CHOPMARK_PACKS", "light")
        patch.setenv("CHOPMARK_PACK_FOLDERS", str(LIGHT_PACKS))
        with serving(tmp_path_factory.mktemp("moving") / "home", patch) as server:
            yield server


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, True), ("zh", 360, False)])
def test_a_picture_begins_to_move_and_goes_on(moving_desk, visit, audit, tmp_path, language, width, dark):
    path = tmp_path / "cup.jpg"
    path.write_bytes(encode(photograph(side=200)))
    who = f"submitter:Sue{width}:"
    page = visit("/desk/create?way=clip", who=who, language=language, width=width, dark=dark, url=moving_desk.url)
    assert audit(page) == []
    assert page.locator("body").evaluate("body => body.scrollWidth") <= width
    page.set_input_files("#clip-file", str(path))
    page.fill("#seconds", "1")
    page.select_option("#move", "push")
    page.locator("#clip form button.primary").click()
    page.wait_for_url("**/desk/create/*")
    page.wait_for_selector("video.made", timeout=90_000)
    assert "cup.mp4" in page.locator("h1").inner_text()
    assert audit(page) == []
    page.locator("a[href*='way=clip&of=']").click()
    page.wait_for_selector("#clip input[name=of]", state="attached")
    assert page.locator("#move").count() == 0, "a clip goes on as it was moving"
    assert audit(page) == []


def test_a_clip_that_cannot_be_made_is_said_beside_the_form(moving_desk):
    form = {
        "key": (None, "z-clip"),
        "clip": (None, "yes"),
        "seconds": (None, "500"),
        "file": ("a.jpg", encode(photograph(side=64))),
    }
    refused = ask(moving_desk, "POST", "/desk/create", files=form)
    assert (refused.status_code, 'role="alert"' in refused.text) == (422, True)
    assert 'value="500"' in refused.text, "what was said is kept"
    form = {"key": (None, "y"), "clip": (None, "yes"), "of": (None, "nobody"), "seconds": (None, "1")}
    assert ask(moving_desk, "POST", "/desk/create", files=form).status_code == 404
