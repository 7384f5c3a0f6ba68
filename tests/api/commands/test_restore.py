"""A site on PostgreSQL comes back as it was."""

import pytest

from api.wiring import open_site
from policies import gate
from policies.backup.restoring import note_restored, restore_site, unpacked
from policies.backup.taking import take_backup
from provenance.ledger.audit import verify_log
from provenance.ledger.log import Log
from provenance.storage.database import Database
from provenance.storage.store import open_store
from tests.policies.backup.conftest import as_site
from tests.sites import build_light_settings, submission

pytestmark = pytest.mark.postgres


def test_postgres_there_and_back(tmp_path, fresh_postgres_url, empty_postgres_url):
    settings = build_light_settings(tmp_path / "home", database_url=fresh_postgres_url)
    with open_site(settings, quiet=True) as site:
        released = gate.release(site.deployment, submission(side=288))
        signer = site.deployment.log.signer
        take_backup(as_site(site), tmp_path / "site.tar")
        before = verify_log(site.deployment.log)
    with unpacked(tmp_path / "site.tar", tmp_path) as (manifest, folder):
        database = Database(empty_postgres_url)
        blobs = open_store(tmp_path / "q", tmp_path / "p")
        restore_site(manifest, folder, database, blobs, tmp_path)
    log = Log(database, signer)
    after = verify_log(log)
    assert (after.size, after.root) == (before.size, before.root)
    assert blobs.public.has(released.public_key)
    assert note_restored(log, manifest) == before.size
    with database.write() as connection:  # numbers go on where they were
        connection.exec_driver_sql(
            "INSERT INTO codes (tenant, collection, owner_id, alg, variant, value, created_at) "
            "VALUES ('main', 'works', 'x', 'pdq', 'plain', '\\x00', '2026')"
        )
    database.close()
