import pytest
from fastapi.testclient import TestClient

from api.app import create_app
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


def test_one_file_proves_one_entry(client):
    from provenance.ledger.proof import parse_proof, verify_carried

    log = client.app.state.service.site.deployment.log
    answer = client.get("/v1/proofs/1")
    assert (answer.status_code, answer.headers["content-disposition"]) == (
        200,
        'attachment; filename="entry-1.tlog-proof"',
    )
    leaf, checkpoint = verify_carried(parse_proof(answer.text), log.signer.verifier)
    assert leaf == log.entry(1).leaf
    assert checkpoint.size >= 2
    assert client.get("/v1/proofs/999").status_code == 404
    assert client.get("/v1/proofs/-1").status_code == 422
