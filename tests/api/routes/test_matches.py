import io

import pytest
from PIL import Image

from tests.api.visitors import acting, open_client
from tests.sites import encode, photograph

AUDITOR = acting("auditor")


@pytest.fixture
def client(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_TENANTS", '{"blue": {}}')
    with open_client() as client:
        yield client


def test_a_part_of_a_work_is_found_and_drawn(client, stock):
    copy = photograph("chelsea.png", 300)
    part = encode(copy.crop((40, 20, 380, 290)))
    answer = client.post("/v1/matches", content=part, headers=AUDITOR)
    (match,) = answer.json()["matches"]
    assert (match["work_id"], match["owner"], match["action"]) == (stock.work_id, "Stéfan", "block")
    assert match["overlap"]["shared"] > 10
    assert "details" in match["why"]
    sheet = client.post("/v1/matches?draw=true", content=part, headers=AUDITOR)
    assert sheet.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(sheet.content)).height == 480


def test_what_resembles_nothing_says_so(client):
    rocket = encode(photograph("rocket.jpg", 300))
    answer = client.post("/v1/matches", content=rocket, headers=AUDITOR).json()
    assert (answer["matches"], answer["unhashable"], answer["searched"][0]) == ([], [], "pdq")
    assert client.post("/v1/matches?draw=true", content=rocket, headers=AUDITOR).status_code == 204
    flat = encode(Image.new("RGB", (300, 300), (9, 99, 9)), "PNG")
    unhashable = client.post("/v1/matches", content=flat, headers=AUDITOR).json()["unhashable"]
    assert unhashable[0]["alg"] == "pdq"


def test_who_may_ask_and_whose_works_are_searched(client, copy_of_the_work):
    data = copy_of_the_work.read_bytes()
    assert client.post("/v1/matches", content=data).status_code == 401
    assert client.post("/v1/matches", content=data, headers=acting("submitter")).status_code == 403
    assert client.post("/v1/matches", content=data, headers=acting("auditor", "blue")).json()["matches"] == []
    assert client.post("/v1/matches", content=b"no picture", headers=AUDITOR).status_code == 415


def test_a_code_alone_is_looked_up(client, stock, copy_of_the_work):
    code = client.post("/v1/matches", content=copy_of_the_work.read_bytes(), headers=AUDITOR).json()["codes"]["pdq"]
    (match,) = client.get("/v1/matches", params={"alg": "pdq", "value": code}, headers=AUDITOR).json()["matches"]
    assert (match["work_id"], match["alg"]) == (stock.work_id, "pdq")
    assert "of 31 bits" in match["why"]
    far = client.get("/v1/matches", params={"alg": "pdq", "value": "00" * 32}, headers=AUDITOR)
    assert far.json() == {"matches": []}
    for alg, value in (("pdq", "00" * 8), ("nonesuch", "00" * 32), ("pdq", "xyz"), ("pdq", "")):
        assert client.get("/v1/matches", params={"alg": alg, "value": value}, headers=AUDITOR).status_code == 422
    assert client.get("/v1/matches", params={"alg": "pdq", "value": code}).status_code == 401
    blue = client.get("/v1/matches", params={"alg": "pdq", "value": code}, headers=acting("auditor", "blue"))
    assert blue.json() == {"matches": []}
