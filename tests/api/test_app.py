import subprocess
import sys

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.edge import SECURITY_HEADERS
from provenance.ledger.static_tree import write_tiles
from provenance.media.limits import IntakeLimits
from provenance.media.media import Media
from provenance.media.picture.decoders import DECODERS
from provenance.media.picture.medium import PictureMedium
from provenance.storage.blob import Blob
from tests import image_bytes as make
from tests.hostile import hostile_files
from tests.sites import encode, photograph

STATES = {400, 413, 415, 422}


@pytest.fixture
def client(stock):
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        yield client


def files_of(home):
    return {path: path.stat().st_size for path in home.rglob("*") if path.is_file() and "chopmark.db" not in path.name}


def test_importing_it_costs_nothing_heavy():
    code = (
        "import api.app, sys\n"
        "heavy = {'torch', 'numpy', 'cv2', 'numba', 'onnxruntime', 'sqlalchemy', 'PIL', 'c2pa', 'scipy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_says_that_it_is_up(client):
    assert client.get("/healthz").json() == {"status": "ok", "ledger_size": 5, "decoder_deaths": DECODERS.deaths}


def test_a_file_is_verified_and_nothing_of_it_is_kept(client, stock, tmp_path):
    before = files_of(tmp_path / "home")
    answer = client.post("/v1/verify", content=stock.file, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["asset_id"]) == ("consistent", stock.released_id)
    stranger = client.post("/v1/verify", content=encode(photograph("rocket.jpg", 300)))
    assert stranger.json()["state"] == "none_found"
    after = files_of(tmp_path / "home")
    assert after == before


@pytest.mark.parametrize("path", ["/healthz", "/checkpoint", "/tile/0/000.p/5", "/nonesuch"])
def test_every_answer_has_the_security_headers(client, path):
    headers = client.get(path).headers
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "Cache-Control" in headers


@pytest.mark.parametrize(("content", "status", "code"), [
    (b"", 415, "asset.unsupported"), (b"<script>alert(1)</script>", 415, "asset.unsupported"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 422, "asset.undecodable"),
])  # fmt: skip
def test_what_is_no_picture_is_a_problem_document(client, content, status, code):
    answer = client.post("/v1/verify", content=content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() | {"detail": ""} == {
        "type": f"urn:chopmark:error:{code}", "title": code, "status": status, "detail": "",
    }  # fmt: skip


def test_a_body_that_is_too_long_is_refused_while_it_comes(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_MAX_BYTES", "50000")
    sent = []

    def endless():
        for _ in range(1000):
            sent.append(1)
            yield bytes(10_000)

    with TestClient(create_app()) as client:
        answer = client.post("/v1/verify", content=endless())
    assert (answer.status_code, answer.json()["title"]) == (413, "asset.too_large")


def test_hostile_uploads_are_answered_and_leave_nothing(client, tmp_path):
    before = files_of(tmp_path / "home")
    asked = 0
    for item in [item for item in hostile_files() if len(item.data) < 200_000][::20]:
        answer = client.post("/v1/verify", content=item.data)
        assert answer.status_code in {200, *STATES}, item.name
        asked += 1
    assert asked > 5
    assert files_of(tmp_path / "home").keys() == before.keys()


def test_the_ledger_is_served_as_a_static_tree(client, stock, tmp_path):
    from api.settings import load_settings
    from api.wiring import open_database, open_log

    settings = load_settings()
    database = open_database(settings)
    write_tiles(open_log(settings, database), tmp_path / "tree")
    database.close()
    note = client.get("/checkpoint")
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    for path in (tmp_path / "tree").rglob("*"):
        if path.is_file():
            served = client.get(f"/{path.relative_to(tmp_path / 'tree')}")
            assert served.content == path.read_bytes(), path
    assert note.text == (tmp_path / "tree" / "checkpoint").read_text()
    narrower = client.get("/tile/0/000.p/2")
    assert narrower.content == client.get("/tile/0/000.p/5").content[:64]
    assert "immutable" in narrower.headers["cache-control"]


@pytest.mark.parametrize("path", [
    "0/000", "0/000.p/6", "0/000.p/256", "0/001.p/1", "1/000.p/1", "entries/000", "x/000", "0/x000", "0/000.p/0",
    "0/../../keys/ledger.key", "64/000.p/1", "0/000.p/999", "0/x999/x999/x999/x999/x999/999.p/1",
])  # fmt: skip
def test_tiles_that_are_not_there_are_404(client, path):
    assert client.get(f"/tile/{path}").status_code == 404


def test_an_unforeseen_error_shows_nothing_of_our_insides(client, monkeypatch):
    site = client.app.state.site

    def crash(_):
        raise KeyError("secret")

    monkeypatch.setattr(type(site.verifier), "verify", crash)
    answer = client.post("/v1/verify", content=b"x")
    assert answer.status_code == 500
    assert answer.json()["title"] == "internal"
    assert "secret" not in answer.text
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_not_there_is_a_problem_document_too(client):
    for answer, status in ((client.get("/nonesuch"), 404), (client.get("/v1/verify"), 405)):
        assert (answer.status_code, answer.json()["status"], answer.json()["title"]) == (
            status,
            status,
            f"http.{status}",
        )
        assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"] == "POST"


def test_a_server_without_room_says_when_to_come_back(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HTTP__WAIT_S", "0.05")
    with TestClient(create_app()) as client:
        room = client.app.state.room
        for budget in (room.uploads, room.files, room.pixels):
            budget.held = budget.total
            answer = client.post("/v1/verify", content=make.valid("image/png"))
            assert (answer.status_code, answer.json()["title"], answer.headers["retry-after"]) == (503, "busy", "5")
            assert "try again" in answer.json()["detail"]
            budget.held = 0
        assert client.post("/v1/verify", content=make.valid("image/png")).status_code == 200
        assert (room.uploads.held, room.files.held, room.pixels.held) == (0, 0, 0)


def test_the_description_names_the_body_and_every_error(client):
    described = client.get("/openapi.json").json()["paths"]
    post = described["/v1/verify"]["post"]
    assert post["requestBody"]["content"]["application/octet-stream"]["schema"] == {
        "type": "string",
        "format": "binary",
    }
    assert set(post["responses"]) >= {"200", "408", "413", "415", "422", "500", "503"}
    assert list(post["responses"]["415"]["content"]) == ["application/problem+json"]
    assert "404" in described["/tile/{path}"]["get"]["responses"]


def test_pixels_are_counted_by_headers_alone():
    medium, limits = PictureMedium(None, {}, ()), IntakeLimits()
    headers = Blob.from_bytes(make.png(width=4000, height=3000, idat=b"not pixels"))
    assert medium.weigh(headers, limits) == Media([medium]).weigh(headers, limits) == 12_000_000
    assert Media([medium]).weigh(Blob.from_bytes(b"no picture"), limits) == 0
