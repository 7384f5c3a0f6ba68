import re
import shutil
import subprocess
import sys
import tempfile

import httpx
import pytest

from api.desk.verify import PAGE
from tests.api.desk.server import serving
from tests.api.desk.stock import HOSTILE
from tests.sites import encode, photograph


@pytest.fixture
def released(desk_server):
    """Path of the file that the stocked site has released."""
    stock, site = desk_server.stock, desk_server.app.state.service.site
    (path,) = (site.settings.home / "public" / stock.released_id).glob("media*")
    return path


def ask(server, *, data=None, headers=None, **fields):
    files = {"file": data} if data is not None else {"none": ("", b"")}
    return httpx.post(
        f"{server.url}{PAGE}", files=files, data=fields, headers={"Accept": "text/html", **(headers or {})}
    )


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh", 360, True)])
def test_a_visitor_chooses_a_file_and_reads_where_it_comes_from(visit, audit, released, language, width, dark):
    page = visit("/", language=language, width=width, dark=dark)
    assert page.url.endswith(PAGE)
    assert audit(page) == []
    page.set_input_files("#file", str(released))
    page.wait_for_selector(".verdict.good")
    title = {"en": "Released here, unchanged", "zh": "在此发布，未经更改"}[language]
    assert page.get_by_role("heading", level=1).inner_text() == title
    assert page.locator(".layers li").count() == 6
    assert page.locator("svg.chain .link").count() >= 3
    assert page.locator("body").evaluate("body => body.scrollWidth") <= width
    assert audit(page) == []


def test_the_proof_that_the_page_gives_holds_offline(visit, released, tmp_path):
    page = visit(PAGE)
    page.set_input_files("#file", str(released))
    page.wait_for_selector(".verdict")
    with page.expect_download() as waiting:
        page.locator("a[download]").click()
    proof = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(proof)
    command = page.locator("pre").inner_text()
    vkey = re.search(r"--vkey '([^']+)'", command)[1]
    assert command.startswith(f"chopmark audit verify-proof {proof.name}")
    program = [sys.executable, "-m", "chopmark", "audit", "verify-proof", str(proof), "--vkey", vkey]
    done = subprocess.run(
        program, capture_output=True, text=True, check=False, env={"HOME": str(tmp_path), "PATH": "/bin"}
    )
    assert done.returncode == 0, done.stderr
    assert "asset.released" in done.stdout


def test_a_file_may_be_dropped_anywhere_or_pasted(visit, released):
    for kind in ("drop", "paste"):
        page = visit(PAGE)
        page.evaluate(
            """([kind, bytes]) => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", {type: "image/jpeg"}));
                const event = kind === "drop" ? new DragEvent("drop", {dataTransfer: data, bubbles: true})
                    : new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
                document.body.dispatchEvent(event);
            }""",
            [kind, list(released.read_bytes())],
        )
        page.wait_for_selector(".verdict")
        assert "dropped.jpg" in page.locator(".file-facts").inner_text()


def test_it_works_without_script(desk_server, browser, released):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{desk_server.url}{PAGE}")
    page.set_input_files("#file", str(released))
    page.get_by_role("button", name="Look").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Released here, unchanged"
    page.get_by_role("link", name="What this answer means").click()
    assert page.url.endswith("/verify/states#consistent")
    context.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_answer_is_explained(visit, audit, language):
    page = visit("/verify/states", language=language, width=360)
    assert page.locator(".state").count() == 20
    assert audit(page) == []


def test_what_strangers_write_stays_text(desk_server):
    for name in HOSTILE:
        answer = ask(desk_server, data=(name, encode(photograph("rocket.jpg", 200))))
        assert answer.status_code == 200
        assert "<script>document" not in answer.text
        assert not set("\x07\x1b\u202e") & set(answer.text)
        assert 'onmouseover="' not in answer.text


def test_what_cannot_be_looked_at_is_told_in_the_page(desk_server):
    for data, status in (
        (("x.txt", b"just text"), 415),
        (("x.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), 422),
    ):
        answer = ask(desk_server, data=data)
        assert (answer.status_code, "could not be looked at" in answer.text) == (status, True)
    nothing = ask(desk_server)
    assert (nothing.status_code, "Choose a file" in nothing.text) == (422, True)
    closed = ask(desk_server, url="http://127.0.0.1/x.jpg")
    assert (closed.status_code, "fetches no files" in closed.text) == (422, True)


def test_nothing_is_kept_and_too_much_is_refused_while_it_comes(tmp_path, desk_server, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ask(desk_server, data=("big.jpg", encode(photograph(side=1800), "PNG")))
    assert list(tmp_path.iterdir()) == []


def test_an_address_is_fetched_where_the_site_allows_it_and_visitors_are_counted(desk_server, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(desk_server.app.state.service.site.settings.home, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHOPMARK_HTTP__FETCH", "true")
        patch.setenv("CHOPMARK_HTTP__VISITS_PER_MINUTE", "3")
        with serving(home, patch) as server:
            assert 'type="url"' in httpx.get(f"{server.url}{PAGE}").text
            private = ask(server, url="http://127.0.0.1/x.jpg")
            assert (private.status_code, "Only public addresses" in private.text) == (422, True)
            both = ask(server, data=("a.jpg", encode(photograph("rocket.jpg", 200))), url="https://example.com/a.jpg")
            assert (both.status_code, "you gave both" in both.text) == (200, True)
            ask(server)
            assert ask(server).status_code == 429


def test_a_video_or_a_raw_body_is_no_form(desk_server):
    answer = httpx.post(f"{desk_server.url}{PAGE}", content=b"x", headers={"Accept": "text/html"})
    assert answer.status_code == 400
