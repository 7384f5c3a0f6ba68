"""What was released, for those who may see it and by links; nothing else is ever served."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests.api.doors import Doorkeeper, as_

ADA, MO = as_("auditor"), as_("moderator")


@pytest.fixture
def client(stock):
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        client.app.state.doorkeeper = Doorkeeper()
        yield client


def test_released_bytes_are_those_that_were_sealed(client, stock):
    path = f"/v1/assets/{stock.released_id}/file"
    answer = client.get(path, headers=ADA)
    assert (answer.content, answer.headers["content-type"]) == (stock.file, "image/jpeg")
    assert answer.headers["content-disposition"].startswith('attachment; filename="coffee.jpg"')
    part = client.get(path, headers={**ADA, "Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, stock.file[10:20])
    head = client.head(path, headers=ADA)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(stock.file)), b"")
    assert client.get(path, headers={**ADA, "If-None-Match": answer.headers["etag"]}).status_code == 304
    manifest = client.get(f"/v1/assets/{stock.released_id}/manifest", headers=ADA)
    assert (manifest.status_code, manifest.headers["content-type"], b"c2pa" in manifest.content) == (
        200,
        "application/c2pa",
        True,
    )


def test_an_asset_is_described_with_what_was_recorded(client, stock):
    told = client.get(f"/v1/assets/{stock.released_id}", headers=MO).json()
    assert (told["status"], told["decision"]["outcome"]) == ("released", "release")
    assert {one["detector"] for one in told["signals"]} >= {"incoming_marks"}
    assert told["seal"]["marks"]
    held = client.get(f"/v1/assets/{stock.held_id}", headers=MO).json()
    assert (held["status"], held["file"], held["seal"]) == ("held", None, {})
    assert held["reasons"]
    assert [one["id"] for one in client.get("/v1/assets?status=held", headers=MO).json()["items"]] == [stock.held_id]


def test_a_link_works_without_an_account_until_it_expires(client, stock):
    made = client.post(f"/v1/assets/{stock.released_id}/links", json={"expires_s": 60}, headers=ADA)
    assert made.status_code == 201
    url = made.json()["url"]
    answer = client.get(url)
    assert (answer.status_code, answer.content) == (200, stock.file)
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    for wrong in (url[:-1], url.replace("expires=", "expires=9"), url.replace(stock.released_id, stock.held_id)):
        refused = client.get(wrong)
        assert (refused.status_code, refused.json()["title"]) == (403, "link.invalid")
    links = client.app.state.service.links
    old = client.get(f"/v1/files/{stock.released_id}?{links.build_query(stock.released_id, expires_at_s=1)}")
    assert old.status_code == 403


def test_nothing_of_what_is_held_is_served(client, stock):
    for path in ("file", "manifest"):
        assert client.get(f"/v1/assets/{stock.held_id}/{path}", headers=ADA).status_code == 404
    assert client.post(f"/v1/assets/{stock.held_id}/links", json={}, headers=ADA).status_code == 404
    query = client.app.state.service.links.build_query(stock.held_id, expires_at_s=2**39)
    assert client.get(f"/v1/files/{stock.held_id}?{query}").status_code == 404
    for path in (f"/v1/assets/{stock.released_id}", f"/v1/assets/{stock.released_id}/file"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=as_("submitter")).status_code in {403, 404}
