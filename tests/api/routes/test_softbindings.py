import base64
import io

import pytest
from PIL import Image
from sqlalchemy import select

from provenance.manifests.jumbf import parse_store
from provenance.storage.tables import SEALS, SOFT_BINDINGS
from tests.api.visitors import open_client
from tests.sites import encode, photograph

BASE = "/v1/c2pa"
MARK, CODE = "org.chopmark.tile.2", "org.chopmark.pdq.1"


@pytest.fixture
def client(stock):
    with open_client() as client:
        yield client


@pytest.fixture
def bindings(client, stock):
    """Manifest id of the released file, and its soft bindings in base64."""
    with client.app.state.service.site.deployment.database.read() as connection:
        rows = connection.execute(select(SOFT_BINDINGS).where(SOFT_BINDINGS.c.asset_id == stock.released_id))
        values = {row.alg: base64.b64encode(row.value).decode() for row in rows}
        values["id"] = connection.execute(select(SEALS.c.manifest_id)).scalar_one()
    return values


def stripped(file, side=0):
    """The picture of a release without its manifest."""
    picture = Image.open(io.BytesIO(file)).convert("RGB")
    return encode(picture.resize((side, side)) if side else picture, quality=90)


def test_what_leads_to_manifests_is_listed_by_its_registered_name(client):
    said = client.get(f"{BASE}/services/supportedAlgorithms").json()
    assert {"alg": MARK} in said["watermarks"]
    assert {"alg": CODE} in said["fingerprints"]


def test_a_binding_leads_to_its_manifest(client, bindings):
    by_mark = client.get(f"{BASE}/matches/byBinding", params={"alg": MARK, "value": bindings[MARK]})
    assert by_mark.json() == {"matches": [{"manifestId": bindings["id"]}]}
    by_code = client.post(f"{BASE}/matches/byBinding", json={"alg": CODE, "value": bindings[CODE]})
    assert by_code.json() == {"matches": [{"manifestId": bindings["id"], "similarityScore": 100}]}
    near = bytearray(base64.b64decode(bindings[CODE]))
    near[0] ^= 0xFF
    near[1] ^= 0xFF
    found = client.post(f"{BASE}/matches/byBinding", json={"alg": CODE, "value": base64.b64encode(near).decode()})
    assert found.json()["matches"][0]["similarityScore"] == 94


@pytest.mark.parametrize(("alg", "value", "status"), [
    (MARK, "AAAAAAAAAAA=", 200), (CODE, "AAAA", 200), ("com.example.else", "AAAA", 200), (MARK, "no base64!", 400),
    (MARK, "", 400), (MARK, "A" * 4097, 414), ("x" * 129, "AAAA", 422),
])  # fmt: skip
def test_what_leads_nowhere_is_an_empty_result_and_what_is_no_value_is_told(client, alg, value, status):
    answer = client.get(f"{BASE}/matches/byBinding", params={"alg": alg, "value": value})
    assert answer.status_code == status
    assert status != 200 or answer.json() == {"matches": []}


def test_a_stripped_file_leads_back_by_its_mark_and_its_likeness(client, stock, bindings):
    ask = f"{BASE}/matches/byContent"
    headers = {"Content-Type": "image/jpeg"}
    by_mark = client.post(ask, content=stripped(stock.file), headers=headers).json()
    assert by_mark == {"matches": [{"manifestId": bindings["id"]}]}
    (likeness,) = client.post(f"{ask}?alg={CODE}", content=stripped(stock.file), headers=headers).json()["matches"]
    assert likeness["manifestId"] == bindings["id"]
    assert 88 <= likeness["similarityScore"] <= 100
    other = encode(photograph("rocket.jpg", 300))
    assert client.post(ask, content=other, headers=headers).json() == {"matches": []}
    hinted = client.post(ask, content=other, headers=headers, params={"hintAlg": MARK, "hintValue": bindings[MARK]})
    assert hinted.json() == {"matches": [{"manifestId": bindings["id"]}]}
    assert client.post(ask, content=other, headers={"Content-Type": "font/woff2"}).status_code == 415
    assert client.post(ask, content=b"no picture", headers=headers).status_code == 415
    assert client.post(f"{ask}?maxResults=0", content=other, headers=headers).status_code == 422


def test_a_manifest_is_handed_out_whole_or_the_active_one_alone(client, bindings):
    whole = client.get(f"{BASE}/manifests/{bindings['id']}")
    assert (whole.status_code, whole.headers["content-type"]) == (200, "application/c2pa")
    active = client.get(f"{BASE}/manifests/{bindings['id']}?returnActiveManifest=true")
    assert [child.label for child in parse_store(active.content).children] == [bindings["id"]]
    assert parse_store(whole.content).children[-1].label == bindings["id"]
    assert client.get(f"{BASE}/manifests/urn:c2pa:nonesuch").status_code == 404


def test_a_receipt_proves_that_the_manifest_is_on_record(client, bindings):
    path = f"{BASE}/manifests/{bindings['id']}/receipts"
    receipt = client.get(path).json()
    assert (receipt["@type"], receipt["verified"]) == ("org.c2pa.manifest-receipt", True)
    for kind in ("org.c2pa.manifest-receipt", "org.c2pa.repository-receipt"):
        checked = client.post(path, json={"@type": kind, "receipt": receipt["receipt"]}).json()
        assert (checked["verified"], "error" in checked) == (True, False)
    spoiled = receipt["receipt"].replace("index ", "index 9")
    checked = client.post(path, json={"@type": "org.c2pa.manifest-receipt", "receipt": spoiled}).json()
    assert (checked["verified"], bool(checked["error"])) == (False, True)
    assert client.post(path, json={"@type": "else", "receipt": "x"}).status_code == 400
    assert client.get(f"{BASE}/manifests/urn:c2pa:nonesuch/receipts").status_code == 404


def test_nothing_is_taken_in_that_the_gate_did_not_release(client, bindings):
    for method, path in (("post", "manifests"), ("delete", f"manifests/{bindings['id']}"), ("post", "bindings"),
                         ("put", "bindings")):  # fmt: skip
        assert getattr(client, method)(f"{BASE}/{path}").status_code == 403


def test_files_are_fetched_where_the_site_does_so_and_from_public_addresses(client, monkeypatch):
    body = {"referenceUrl": "https://example.com/a.jpg", "assetLength": 100}
    path = f"{BASE}/matches/byReference"
    assert client.post(path, json=body).status_code == 403
    assert client.post(path, json={**body, "referenceUrl": "http://example.com/a.jpg"}).status_code == 422
    monkeypatch.setenv("CHOPMARK_HTTP__FETCH", "true")
    with open_client() as fetching:
        private = fetching.post(path, json={**body, "referenceUrl": "https://127.0.0.1/a.jpg"})
        assert private.status_code == 422
        assert fetching.post(path, json={**body, "assetLength": 1 << 40}).status_code == 413


def test_visitors_are_counted(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HTTP__VISITS_PER_MINUTE", "2")
    with open_client() as client:
        codes = [client.get(f"{BASE}/manifests/none").status_code for _ in range(3)]
    assert codes == [404, 404, 429]
