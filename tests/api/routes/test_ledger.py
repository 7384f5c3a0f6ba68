import json

import pytest
from fastapi.testclient import TestClient

from api.access.key import create_key
from api.app import create_app
from provenance.ledger.entry import OPEN
from provenance.ledger.proof import parse_proof, verify_carried
from provenance.ledger.static_tree import write_tiles


@pytest.fixture
def client(stock):
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        yield client


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


PLAIN_WORDS = (b"outcome", b"baseline", b"score", b"decision", b"subject", b"HOLD", b"hold")


def test_a_stranger_reads_no_decision_in_anything_that_is_public(client, stock):
    log = client.app.state.service.site.deployment.log
    size = log.size()
    hidden = [entry for entry in log.entries() if entry.kind not in OPEN]
    assert {"decision.made", "work.registered"} <= {entry.kind for entry in hidden}
    bundle = client.get(f"/tile/entries/000.p/{size}").content
    proofs = [client.get(f"/v1/proofs/{entry.index}").text for entry in hidden]
    told = bundle + b"".join(parse_proof(text).extra for text in proofs)
    assert stock.held_id.encode() not in told
    for entry in hidden:
        assert entry.body not in told
        assert entry.salt.hex().encode() not in told
        assert not any(word in entry.leaf for word in PLAIN_WORDS)
    for entry, text in zip(hidden, proofs, strict=True):
        leaf, _ = verify_carried(parse_proof(text), log.signer.verifier)
        assert leaf == entry.leaf


def test_a_release_is_opened_for_everybody(client, stock):
    log = client.app.state.service.site.deployment.log
    entry = log.find(f"release:{stock.released_id}")
    answer = client.get(f"/v1/proofs/{entry.index}")
    assert answer.headers["content-disposition"] == f'attachment; filename="entry-{entry.index}.tlog-proof"'
    opening, checkpoint = verify_carried(parse_proof(answer.text), log.signer.verifier)
    assert json.loads(opening)["body"]["asset_id"] == stock.released_id
    assert checkpoint.size > entry.index
    assert client.get("/v1/proofs/999").status_code == 404
    assert client.get("/v1/proofs/-1").status_code == 422


@pytest.mark.parametrize(
    ("role", "opened"),
    [("auditor", {"decision.made", "pack.chosen"}), ("policy_manager", {"pack.chosen"}), ("submitter", set())],
)
def test_entries_are_opened_for_who_may_read_them(client, stock, role, opened):
    here = client.app.state.service.site.deployment
    with here.database.write() as connection:
        here.log.append(connection, kind="pack.chosen", subject="p", body={"packs": ["p"]}, key="chosen")
    _, token = create_key(here, name=role, roles=[role])
    found = set()
    for kind in ("decision.made", "pack.chosen"):
        entry = next(here.log.entries(kinds=[kind]))
        answer = client.get(f"/v1/proofs/{entry.index}", headers={"Authorization": f"Bearer {token}"})
        carried, _ = verify_carried(parse_proof(answer.text), here.log.signer.verifier)
        assert answer.headers["cache-control"] == "private, no-store"
        if carried == entry.opening:
            found.add(kind)
    assert found == opened


def test_what_older_versions_wrote_in_plain_is_for_auditors_of_the_main_tenant(client, stock, monkeypatch):
    here = client.app.state.service.site.deployment
    with pytest.MonkeyPatch.context() as patch, here.database.write() as connection:
        patch.setattr("provenance.ledger.entry.token_bytes", lambda _: b"")
        entry = here.log.append(connection, kind="decision.made", subject="s", body={"outcome": "hold"}, key="old")
    path = f"/tile/entries/000.p/{entry.index + 1}"
    assert client.get(path).status_code == 401
    assert client.get(f"/tile/entries/000.p/{entry.index}").status_code == 200
    assert client.get(f"/tile/0/000.p/{entry.index + 1}").status_code == 200
    assert parse_proof(client.get(f"/v1/proofs/{entry.index}").text).extra == b""
    for role, status in (("submitter", 403), ("auditor", 200)):
        _, token = create_key(here, name=role, roles=[role])
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.headers.get("cache-control")) == (
            status,
            "private, no-store" if status == 200 else "no-store",
        )
        assert (b'"outcome":"hold"' in answer.content) == (status == 200)
