"""A log with a key of its own."""

import pytest

from provenance.ledger.log import Log
from provenance.ledger.note import load_signer


@pytest.fixture
def signer(tmp_path):
    return load_signer(tmp_path / "keys" / "ledger.key", origin="example.com/ledger")


@pytest.fixture
def log(database, signer, tmp_path):
    """An empty log, once on each engine."""
    return Log(database, signer, memory=tmp_path / "keys" / "ledger.checkpoint")


@pytest.fixture
def sqlite_log(sqlite_database, signer, tmp_path):
    """An empty log on SQLite only, for what does not differ between engines."""
    return Log(sqlite_database, signer, memory=tmp_path / "keys" / "ledger.checkpoint")


@pytest.fixture
def append_many():
    """Append entries ``first`` to ``stop`` in one transaction."""

    def append(log, stop, first=0):
        with log.database.write() as connection:
            return [
                log.append(
                    connection,
                    kind=("decision", "release", "review")[number % 3],
                    subject=f"asset-{number % 7}",
                    body={"sha256": f"{number:064x}", "sequence": number, "scores": [0.5, number / 7]},
                    key=f"event:{number}",
                )
                for number in range(first, stop)
            ]

    return append


@pytest.fixture
def tamper():
    """Run statements as somebody who has the database's own rights and takes the triggers out of the way."""

    def run(log, *statements):
        with log.database.write() as connection:
            if log.database.is_sqlite:
                query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
                for name in connection.exec_driver_sql(query).scalars().all():
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
            else:
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for statement in statements:
                connection.exec_driver_sql(statement)

    return run


@pytest.fixture
def as_before(monkeypatch):
    """Append as versions before 0.7 did, whose leaves say what happened."""

    def append():
        monkeypatch.setattr("provenance.ledger.entry.token_bytes", lambda _: b"")

    return append
