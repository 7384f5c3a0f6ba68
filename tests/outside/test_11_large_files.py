"""A file of 500 MB, whatever it says that it is, is taken in and refused or answered without costing memory."""

import json
import os
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.console import take_input
from api.output import parse_output
from api.releasing import Request, end_file, plan_sources
from api.settings import load_settings
from api.wiring import open_site
from tests.api.doors import Doorkeeper, as_
from tests.sites import encode, photograph

LARGE = 500 << 20
# Large enough that holding it once would show, small enough for a test of each kind.
TELLING = 128 << 20
MOST_MIB = 64


def chunk_of_png(kind, size):
    return size.to_bytes(4, "big") + kind


HEADS = {
    "nothing known": lambda size: b"\x93\x01 no file at all",
    "PNG with one chunk of pixels": lambda size: (
        b"\x89PNG\r\n\x1a\n" + chunk_of_png(b"IHDR", 13) + b"\0\0\x0f\xa0\0\0\x0f\xa0\x08\x02\0\0\0\0\0\0\0" + chunk_of_png(b"IDAT", size - 57)
    ),
    "PNG with one chunk of text": lambda size: (
        b"\x89PNG\r\n\x1a\n" + chunk_of_png(b"IHDR", 13) + b"\0\0\x0f\xa0\0\0\x0f\xa0\x08\x02\0\0\0\0\0\0\0" + chunk_of_png(b"tEXt", size - 57)
    ),
    "JPEG": lambda size: (
        b"\xff\xd8\xff\xc0\0\x11\x08\x0f\xa0\x0f\xa0\x03\1\x11\0\2\x11\0\3\x11\0\xff\xda\0\x0c\3\1\0\2\0\3\0\0\x3f\0"
    ),
    "WebP": lambda size: b"RIFF" + (size - 8).to_bytes(4, "little") + b"WEBPVP8 " + (size - 20).to_bytes(4, "little") + b"\0\0\0\x9d\1\x2a\x10\0\x10\0",
    "a picture with a long tail": lambda size: encode(photograph("rocket.jpg", 128)),
    "MP4": lambda size: b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + (size - 24).to_bytes(4, "big") + b"mdat",
}  # fmt: skip


def write(path, kind, size=TELLING):
    with path.open("wb") as file:
        file.write(HEADS[kind](size))
        file.truncate(size)
        file.seek(size - 12)
        file.write(b"the last 12.")
    return path


def status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def peak_above_idle(work):
    """Return what `work` returns and by how many MiB it grew this process at its highest."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pytest.skip("this kernel does not let a process begin its peak of memory anew (/proc/self/clear_refs)")
    before = status("VmRSS")
    return work(), status("VmHWM") - before


@pytest.fixture
def site(light, monkeypatch, tmp_path):
    """A site that takes files of a gibibyte, with its code warm."""
    monkeypatch.setenv("CHOPMARK_MAX_BYTES", str(1 << 30))
    monkeypatch.setenv("CHOPMARK_VERIFY_MAX_BYTES", str(1 << 30))
    with open_site(load_settings()) as opened:
        small = tmp_path / "small.jpg"
        small.write_bytes(encode(photograph(side=256)))
        assert release(opened, small).error is None
        opened.verifier.verify(take_input(str(small)))
        yield opened


def release(site, path):
    output = parse_output(f"{path.parent}/out/", force=True)
    source, *_ = plan_sources([str(path)], output, site.deployment.media, most_bytes=site.settings.max_bytes)
    return end_file(site, source, Request())


def answer(site, path):
    try:
        return site.verifier.verify(take_input(str(path), most_bytes=site.settings.verify_max_bytes)).state.value
    except Exception as exc:
        return exc


def test_no_kind_costs_memory(site, tmp_path):
    peaks = {}
    for kind in HEADS:
        path = write(tmp_path / "large", kind)
        ended, peaks[kind, "release"] = peak_above_idle(lambda path=path: release(site, path))
        assert ended.error.code.startswith("asset."), kind
        found, peaks[kind, "verify"] = peak_above_idle(lambda path=path: answer(site, path))
        assert found == "none_found" or getattr(found, "code", str(found)).startswith("asset."), (kind, found)
    assert {case: round(peak) for case, peak in peaks.items() if peak >= MOST_MIB} == {}
    assert [one.name for one in (site.settings.home / "quarantine").rglob("original")] == []


def test_without_room_in_the_settings_it_is_not_read_at_all(light, tmp_path, run):
    path = write(tmp_path / "large.png", "PNG with one chunk of pixels")
    os.truncate(path, 1 << 40)
    for verb in ("release", "verify"):
        done = run(verb, "--json", path)
        assert done.code == 2
        assert "asset.too_large" in json.dumps(done.document)


FORM = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
AS_FORM = {"content-type": "multipart/form-data; boundary=XX"}


@pytest.mark.parametrize(
    ("path", "is_form"), [("/v1/verify", False), ("/v1/verifications", True), ("/v1/releases", True)]
)
def test_an_upload_costs_no_memory(light, monkeypatch, path, is_form):
    monkeypatch.setenv("CHOPMARK_VERIFY_MAX_BYTES", str(1 << 30))
    monkeypatch.setenv("CHOPMARK_MAX_BYTES", str(1 << 30))
    open_and_close()
    app = create_app()
    head, end = HEADS["PNG with one chunk of pixels"](LARGE), b""
    headers = {**(AS_FORM if is_form else {}), "X-Name": "submitter"}
    if is_form:
        head, end = FORM + head, b"\r\n--XX--\r\n"
    with TestClient(app) as client:
        app.state.doorkeeper = Doorkeeper()
        small = encode(photograph(side=256))
        first = (
            client.post(path, files={"file": small}, headers=as_("submitter"))
            if is_form
            else client.post(path, content=small)
        )
        assert first.status_code in {200, 202}
        sent, peak = peak_above_idle(lambda: upload(client, app, head, LARGE, path=path, headers=headers, end=end))
    assert sent == 422
    assert peak < MOST_MIB


def open_and_close():
    with open_site(load_settings()):
        pass


def upload(client, app, head, size, *, path, headers, end=b""):
    """Send a body part by part, as a server gets it, and return the status of the answer."""
    parts = [head, *[bytes(1 << 20)] * ((size - len(head)) // (1 << 20)), bytes((size - len(head)) % (1 << 20)) + end]
    statuses = []

    async def receive():
        if not parts:
            return {"type": "http.disconnect"}
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()], "client": ("test", 1), "server": ("test", 80),
        "state": {},
    }  # fmt: skip
    client.portal.call(app, scope, receive, send)
    return statuses[0]
