import httpx
import pytest

from tests.api.desk.conftest import WHO
from tests.api.desk.stock import HOSTILE
from tests.sites import encode, photograph

SIDEWAYS = "one => one.scrollWidth - one.clientWidth"


@pytest.fixture
def rocket(tmp_path):
    path = tmp_path / "rocket.jpg"
    path.write_bytes(encode(photograph("rocket.jpg", 300)))
    return path


def post(server, path, role="registrar", **fields):
    return httpx.post(
        f"{server.url}{path}", headers={"Cookie": f"{WHO}={role}:Rita:", "Accept": "text/html"}, **fields
    )  # fmt: skip


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh", 360, True)])
def test_works_are_listed_found_and_shown_with_their_picture(desk, audit, desk_server, language, width, dark):
    page = desk("/desk/works?q=chelsea", role="auditor", language=language, width=width, dark=dark)
    link = page.get_by_role("link", name="Chelsea")
    assert page.locator("td.thumb img").first.evaluate("img => img.decode().then(() => img.naturalWidth)") > 0
    assert page.locator("body").evaluate("body => body.scrollWidth") <= width
    assert audit(page) == []
    link.click()
    assert page.url.endswith(f"/desk/works/id/{desk_server.stock.work_id}")
    assert "Stéfan" in page.locator("main").inner_text()
    assert page.locator("form[action$=withdraw]").count() == 0
    assert audit(page) == []
    assert page.locator("body").evaluate("body => body.scrollWidth") <= width


def test_a_work_is_added_and_withdrawn_by_a_person(desk, audit, rocket):
    page = desk("/desk/works/add", role="registrar")
    assert audit(page) == []
    page.set_input_files("#file", str(rocket))
    page.fill("#owner", "Ada <b>Photo</b>")
    page.fill("#claim", "CC BY 4.0")
    page.get_by_role("button", name="Add this work").click()
    page.wait_for_url("**/desk/works/id/**")
    assert "The work is registered." in page.locator("#alerts").inner_text()
    assert "Ada <b>Photo</b>" in page.locator("main").inner_text()
    page.fill("#reason", "sold")
    page.get_by_role("button", name="Withdraw").click()
    page.wait_for_url("**said=withdrawn")
    assert page.locator("img.kept").count() == 0


def test_what_is_wrong_is_said_beside_the_form_and_nothing_typed_is_lost(desk_server, rocket):
    owner = post(
        desk_server, "/desk/works/add", files={"file": ("cat.jpg", encode(photograph("chelsea.png", 300)))},
        data={"owner": "Somebody else", "title": "Mine"},
    )  # fmt: skip
    assert owner.status_code == 409
    assert 'name="second_owner"' in owner.text
    assert 'value="Somebody else"' in owner.text
    none = post(desk_server, "/desk/works/add", files={"file": ("a.jpg", b"text")}, data={"owner": "A"})
    assert (none.status_code, 'role="alert"' in none.text) == (415, True)
    assert post(desk_server, "/desk/works/add", role="auditor", files={"file": b"x"}).status_code == 403


def test_a_list_tells_what_became_of_each_row(desk_server, rocket):
    rows = [
        "file,title,owner,id",
        *(f'"{name.replace(chr(34), chr(34) * 2)}",x,A,' for name in HOSTILE[:3]),
        "r.jpg,R,A,list-1",
    ]
    files = [("list", ("l.csv", "\n".join(rows).encode())), ("file", ("r.jpg", rocket.read_bytes()))]
    answer = post(desk_server, "/desk/works/add/list", files=files)
    assert answer.status_code == 200, answer.text
    assert answer.text.count("not added</span>") == 3
    assert "/desk/works/id/list-1" in answer.text
    assert "<script>document" not in answer.text
    bad = post(desk_server, "/desk/works/add/list", files={"list": ("l.csv", b"a,b")})
    assert (bad.status_code, "expected a header" in bad.text) == (422, True)
    assert post(desk_server, "/desk/works/id/list-1/withdraw", data={"reason": "test"}).status_code == 303


@pytest.mark.parametrize("language", ["en", "zh"])
def test_why_a_file_matches_is_drawn_and_told(desk, audit, tmp_path, language):
    part = tmp_path / "part.jpg"
    part.write_bytes(encode(photograph("chelsea.png", 300).crop((40, 20, 380, 290))))
    page = desk("/desk/works/match", role="auditor", language=language, width=360)
    page.set_input_files("#file", str(part))
    page.wait_for_selector(".results table")
    assert page.locator(".results figure img").evaluate("img => img.naturalWidth") > 600
    assert "Chelsea" in page.locator(".results table").inner_text()
    assert audit(page) == []
    for width in (1100, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator(".results .scroll").evaluate(SIDEWAYS) <= 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_table_of_a_match_has_to_be_pushed_sideways(desk, desk_server, language):
    page = desk(f"/desk/jobs/{desk_server.stock.matched_id}", language=language, width=1100)
    page.locator("section[aria-labelledby=why] summary").click()
    assert page.locator(".scroll").evaluate_all(f"all => all.map({SIDEWAYS})") == [0] * page.locator(".scroll").count()


def test_banks_are_shown_and_defined(desk, audit, desk_server):
    page = desk("/desk/works/banks", role="registrar")
    assert audit(page) == []
    page.fill("#name", "archive")
    page.select_option("#action", "attribute")
    page.fill("#pdq", "20")
    page.get_by_role("button", name="Define a bank").click()
    page.wait_for_url("**said=saved")
    row = page.get_by_role("row").filter(has_text="archive").inner_text()
    assert "20 bits of pdq" in row
    assert "name the owner" in row
    bad = post(desk_server, "/desk/works/banks", data={"name": "a b", "action": "block"})
    assert (bad.status_code, 'role="alert"' in bad.text) == (422, True)
