"""What is edited behind the ledger's back is found by `audit check` and `doctor`; every effect is signed before it shows."""

import json
import sqlite3

import pytest

from api.wiring import open_site
from policies import gate
from provenance.ledger.log import Log
from provenance.storage.database import Database
from tests.api.conftest import _opened, _stocked, _wide_terminal, run, stock  # noqa: F401 - the command line's fixtures
from tests.sites import build_light_settings, build_settings, submission


@pytest.fixture
def edit(stock, tmp_path):  # noqa: F811
    """Run SQL on the stocked site's database as somebody with its rights can."""

    def run_sql(*statements):
        connection = sqlite3.connect(tmp_path / "home" / "chopmark.db")
        triggers = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    return run_sql


FLIPPED = (
    "UPDATE decisions SET outcome = 'release', body = json_set(body, '$.outcome', 'release') WHERE outcome = 'hold'"
)
FORGED = (
    "INSERT INTO seals SELECT (SELECT id FROM assets WHERE stage = 'held'), replace(sha256, 'a', 'b'), media_type, "
    "manifest_id || 'x', body, ledger_index, created_at FROM seals"
)


@pytest.mark.parametrize(("statements", "said"), [
    ((FLIPPED,), "was changed"),
    ((FLIPPED, "UPDATE assets SET stage = 'decided' WHERE stage = 'held'"), "was changed"),
    ((FORGED, "UPDATE assets SET stage = 'published' WHERE stage = 'held'"), "it was forged"),
    (("UPDATE seals SET sha256 = replace(sha256, 'a', 'b')",), "another file"),
    (("UPDATE soft_bindings SET value = zeroblob(8)",), "another soft bindings"),
    (("DELETE FROM soft_bindings", "DELETE FROM seals"), "the database does not"),
    (("UPDATE assets SET stage = 'blocked' WHERE stage = 'held'",), "stands at stage blocked"),
    (("UPDATE signals SET body = json_set(body, '$.version', '9')",), "signals_sha256"),
    (("UPDATE works SET owner = 'Mallory'",), "title, owner or claim"),
    (("UPDATE works SET status = 'withdrawn'",), "the ledger does not say"),
    (("INSERT INTO code_removals (code_sequence, created_at) SELECT sequence, created_at FROM codes",), "are withdrawn"),
    (("UPDATE codes SET value = zeroblob(32)",), "fingerprint"),
    (("UPDATE banks SET action = 'allow'",), "the bank means allow"),
    (("UPDATE grants SET payload = payload + 1",), "another watermark"),
    (("UPDATE packs SET document = X'00'",), "not the one of its digest"),
    (("UPDATE decisions SET body = '{' WHERE outcome = 'hold'",), "is damaged"),
])  # fmt: skip
def test_an_edit_is_found(run, edit, statements, said):  # noqa: F811
    assert run("audit", "check").code == 0
    edit(*statements)
    done = run("audit", "check", "--json")
    assert done.code == 2, done.out
    assert said in done.document["error"]["message"]
    told = run("doctor", "--json")
    assert told.code == 2
    assert any(said in check["text"] and check["level"] == "wrong" for check in told.document["checks"]), told.out


@pytest.mark.parametrize("damage", ["exchanged", "gone", "unrecorded"])
def test_public_media_are_compared(run, stock, tmp_path, damage):  # noqa: F811
    public = tmp_path / "home" / "public"
    (media,) = (public / stock.released_id).glob("media*")
    if damage == "exchanged":
        media.write_bytes(media.read_bytes()[:-1] + b"x")
    elif damage == "gone":
        media.unlink()
    else:
        (public / stock.held_id).mkdir()
        (public / stock.held_id / "media.jpg").write_bytes(b"smuggled")
    done = run("doctor", "--full", "--json")
    assert done.code == 2
    wanted = {"exchanged": "damaged or exchanged", "gone": "is gone", "unrecorded": "no release on record"}[damage]
    assert any(wanted in check["text"] for check in done.document["checks"]), done.out


def test_the_checkpoint_is_the_signed_and_remembered_one(run, stock, tmp_path):  # noqa: F811
    memory = tmp_path / "home" / "last-checkpoint.txt"
    note = memory.read_text()
    memory.write_text(note.replace("— ", "— x", 1))
    assert run("audit", "check").code == 2, "a remembered checkpoint that this key did not sign"
    memory.write_text(note)
    assert run("audit", "check").code == 0
    summary = run("audit", "check", "--json").document
    assert summary["signed"] == summary["size"], "nothing is left unsigned between commands"


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_what_shows_is_signed_and_remembered_before(tmp_path, monkeypatch, request, engine):
    """At each moment in which a file becomes readable, the remembered checkpoint covers its entry."""
    urls = {} if engine == "sqlite" else {"database_url": request.getfixturevalue("emptied_postgres_url")}
    seen = []
    with open_site(build_light_settings(tmp_path / "home", **urls)) as site:
        here = site.deployment
        take_over = type(here.blobs.public).take_over

        def watch(side, other, keys):
            for key in keys:
                entry = here.log.find(f"release:{key.partition('/')[0]}")
                remembered = here.log.remembered()
                seen.append(remembered is not None and remembered.size > entry.index)
            return take_over(side, other, keys)

        monkeypatch.setattr(type(here.blobs.public), "take_over", watch)
        gate.release(here, submission(side=288))
        assert seen == [True, True]
        held = gate.release(here, submission(side=288, prompt="people at a roulette table in a casino"))
        (entry,) = here.log.entries(subject=held.asset_id)
        assert here.log.remembered().size > entry.index, "a decision is told when it is signed"


def test_opening_and_closing_leave_no_entry_unsigned(tmp_path):
    settings = build_settings(tmp_path / "home")
    with open_site(settings) as site:
        site.deployment.works.define_bank("press", action="hold")
        signer = site.deployment.log.signer
    database = Database(settings.resolved_database_url())
    log = Log(database, signer, memory=tmp_path / "home" / "last-checkpoint.txt", is_only_signer=True)
    assert log.remembered().size == log.size() == 1
    assert json.loads(next(log.entries()).body)["bank"] == "press"
    database.close()
