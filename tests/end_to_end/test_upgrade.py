"""A site of an earlier version is taken over with all that it has."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select, update

from api.wiring import open_site
from policies import gate
from policies.audit.concordance import compare_records
from policies.audit.holdings import compare_blobs
from policies.line import intake
from policies.review.judgement import review
from policies.rules.decision import Outcome
from provenance.storage.database import Database
from provenance.storage.migrations.__main__ import build_config
from provenance.storage.store import MARKER
from provenance.storage.tables import ASSETS
from tests.sites import build_light_settings, submission

CASINO = "people at a roulette table in a casino"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request, tmp_path):
    urls = {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("fresh_postgres_url")}
    return build_light_settings(tmp_path / "home", **urls)


def set_back_to_the_first_schema(settings):
    """Make of this version's site what an earlier version left: its schema, its requests, no markers."""
    from alembic import command

    database = Database(settings.resolved_database_url())
    with database.write() as connection:
        for asset_id, request in connection.execute(select(ASSETS.c.id, ASSETS.c.request)).all():
            old = {name: request[name] for name in ("packs", "context")}
            connection.execute(update(ASSETS).where(ASSETS.c.id == asset_id).values(request=old))
        config = build_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    database.close()
    for side in ("quarantine", "public"):
        (Path(settings.home) / side / MARKER).unlink()


def test_nothing_of_it_is_lost_and_what_it_left_is_finished(settings, monkeypatch):
    with monkeypatch.context() as earlier, open_site(settings) as site:
        earlier.setattr("provenance.ledger.log.make_salt", lambda _: b"")  # its entries were written in plain
        released = gate.release(site.deployment, submission(side=288))
        held = gate.release(site.deployment, submission(side=288, prompt=CASINO))
        interrupted = intake.intake(site.deployment, submission(side=288, prompt="a cup"))
        older = (settings.home / "last-checkpoint.txt").read_bytes()
        site.deployment.works.define_bank("press", action="hold")
    set_back_to_the_first_schema(settings)
    (settings.home / "last-checkpoint.txt").write_bytes(older)  # as two processes of that version could leave it
    with open_site(settings) as site:
        here = site.deployment
        assert here.blobs.public.has(released.public_key)
        assert here.log.find(f"release:{interrupted}") is not None, "the interrupted one was not finished"
        done = review(here, held.asset_id, outcome=Outcome.RELEASE, reviewer="Mo", reason="a game")
        assert done.outcome is Outcome.RELEASE
        assert list(compare_records(here.database)) == list(compare_blobs(here)) == []
        assert json.loads(here.blobs.public.get(MARKER))["site"]
    with open_site(settings) as site:
        assert site.deployment.log.latest_checkpoint().size == site.deployment.log.size()
