"""What the README promises whoever starts: one command, and then everything else in a browser, to the proof offline.

Open the page, release an upload, see it held, sign in, claim it, decide, download, verify on the public page without an
account, export the audit, and verify the export on a machine that has neither the site nor a network.
"""

import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from tests.api.commands.test_serve import await_line
from tests.api.desk.conftest import audit, browser  # noqa: F401 - fixtures
from tests.architecture.checkout import ROOT
from tests.sites import PLAIN, encode, photograph

PASSWORD = "four unconnected words"
OFFLINE = f"""
import socket, sys
def refuse(*_, **__): raise OSError("no network here")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
sys.path.insert(0, {str(ROOT)!r})
sys.argv[0] = "chopmark"
from api.cli import main
main(sys.argv[1:])
"""
"""The command line where nothing can be reached."""


@contextmanager
def serving(home):
    """Run `chopmark serve` on a fresh site; give its address and the first admin's link."""
    running = subprocess.Popen(
        [sys.executable, "-m", "chopmark", "serve", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, **PLAIN, "CHOPMARK_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(iter(running.stderr.readline, "")))
    reader.start()
    try:
        origin = await_line(lines, r"chopmark is at (http://127.0.0.1:\d+),").group(1)
        yield origin, await_line(lines, r"first admin, once:\s+(\S+)").group(1)
    finally:
        running.terminate()
        assert running.wait(60) == 0, lines
        reader.join()
        running.stderr.close()


@pytest.fixture
def enter(browser):  # noqa: F811 - the fixture
    """Open a browser of somebody's own, which knows nothing yet."""
    opened = []

    def open_page(address, *, language="en-GB", width=1280):
        context = browser.new_context(
            locale=language, viewport={"width": width, "height": 800}, reduced_motion="reduce", accept_downloads=True
        )
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(address)
        return page

    yield open_page
    for context in opened:
        context.close()


def take_link(page, name=""):
    """Sign in by a link, as whoever it is for."""
    if name:
        page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/desk"))


def fetch(page, link, to):
    """Download what a link leads to."""
    with page.expect_download() as download:
        link.click()
    download.value.save_as(to / download.value.suggested_filename)
    return to / download.value.suggested_filename


def test_from_one_command_to_a_proof_that_holds_offline(tmp_path, enter, audit):  # noqa: F811 - the fixture
    upload = tmp_path / "guard.jpg"
    upload.write_bytes(encode(photograph("coffee.png", 384)))
    with serving(tmp_path / "home") as (origin, link):
        visitor = enter(f"{origin}/")
        visitor.get_by_role("link", name="Sign in").click()
        assert visitor.locator("#account").is_visible()

        ada = enter(link)
        take_link(ada, "Ada Lovelace")
        ada.get_by_role("link", name="Create", exact=True).click()
        ada.set_input_files("#file", str(upload))
        ada.fill("#prompt", "a soldier with a rifle")
        ada.get_by_role("button", name="Hand in").click()
        ada.locator("#progress .badge.warn").first.wait_for()
        ada.get_by_role("link", name="Open its job").click()
        ada.get_by_role("button", name="Claim").click()
        assert ada.get_by_role("button", name="Approve").count() == 0, "who handed it in does not approve it"
        ada.get_by_role("button", name="Give back").click()
        ada.goto(f"{origin}/desk/team#invite")
        ada.fill("#person-name", "Mia Chen")
        ada.check("#person-moderator")
        ada.get_by_role("button", name="Invite").click()

        mia = enter(ada.locator("#made").inner_text())
        take_link(mia)
        mia.get_by_role("link", name="Queue", exact=True).click()
        mia.get_by_role("link", name="guard.jpg").click()
        mia.get_by_role("button", name="Claim").click()
        mia.keyboard.press("v")
        mia.fill("#reason", "a cup of coffee")
        mia.get_by_role("button", name="Approve").click()
        mia.get_by_text("Approved.").wait_for()
        mia.get_by_role("link", name="Decisions", exact=True).click()
        mia.get_by_role("link", name="guard.jpg").click()
        fetched = mia.get_by_role("link", name="Download")
        while not fetched.count():
            mia.wait_for_timeout(500)
            mia.reload()
        released = fetch(mia, fetched, tmp_path)
        assert released.read_bytes() != b""

        for language, width, told in (
            ("en-GB", 1280, "Released here, unchanged"),
            ("zh-CN", 360, "在此发布，未经更改"),
        ):
            visitor = enter(f"{origin}/", language=language, width=width)
            visitor.set_input_files("#file", str(released))
            visitor.locator(".verdict.good").wait_for()
            assert visitor.get_by_role("heading", level=1).inner_text() == told
            assert visitor.evaluate("document.documentElement.scrollWidth") <= width
            assert audit(visitor) == []

        ada.get_by_role("link", name="Exports", exact=True).click()
        ada.get_by_role("button", name="Order").click()
        ready = ada.get_by_role("link", name="Download")
        ready.wait_for()
        command = ada.locator("main code").inner_text()
        export = fetch(ada, ready, tmp_path)
    verify(command, export, tmp_path)


def verify(command, export, folder):
    """Do what the page says about an export, where neither the site nor a network is; then with a sign changed."""
    _, *words = command.replace("FILE.zip", str(export)).replace("'", "").split()
    environment = {"HOME": str(folder), "PATH": "/bin", "CHOPMARK_HOME": str(folder / "nothing")}
    program = [sys.executable, "-c", OFFLINE, *words]
    done = subprocess.run(program, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "every entry of the log" in done.stdout
    assert not (folder / "nothing").exists()
    other = words[-1][:-6] + ("A" if words[-1][-6] != "A" else "B") + words[-1][-5:]
    program[-1] = other
    assert subprocess.run(program, env=environment, cwd=folder, capture_output=True, check=False).returncode == 2
