import subprocess
import sys

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.edge import SECURITY_HEADERS
from provenance.media.limits import IntakeLimits
from provenance.media.media import Media
from provenance.media.picture.medium import PictureMedium
from provenance.storage.blob import Blob
from tests import image_bytes as make

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


@pytest.mark.parametrize("path", ["/healthz", "/checkpoint", "/tile/0/000.p/5", "/nonesuch"])
def test_every_answer_has_the_security_headers(client, path):
    headers = client.get(path).headers
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "Cache-Control" in headers


def test_an_unforeseen_error_shows_nothing_of_our_insides(client, monkeypatch):
    site = client.app.state.service.site

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
    assert answer.headers["allow"] == "OPTIONS, POST"


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
