"""A snapshot is of one moment, whatever is written after it."""

import pytest

from provenance.errors import ConfigurationError
from provenance.storage.database import Database
from provenance.storage.site import find_facts, record_facts
from provenance.storage.snapshot import pin_snapshot, restore_snapshot


def facts_of(database):
    with database.read() as connection:
        return find_facts(connection)


def note(database, name):
    with database.write() as connection:
        record_facts(connection, {name: "x"})


def test_what_comes_after_is_no_part_of_it(database, tmp_path, request):
    note(database, "before")
    with pin_snapshot(database) as snapshot:
        snapshot.let_writers_go()
        note(database, "after")
        snapshot.write(tmp_path)
    if database.is_sqlite:
        copy = Database(f"sqlite:///{tmp_path / 'copy' / 'site.db'}")
    else:
        copy = Database(request.getfixturevalue("empty_postgres_url"))
    restore_snapshot(copy, tmp_path, snapshot.revision)
    assert set(facts_of(copy)) == {"before"}
    assert set(facts_of(database)) == {"before", "after"}
    assert copy.has_newest_schema()
    with pytest.raises(ConfigurationError):
        restore_snapshot(copy, tmp_path / "nothing" if copy.is_sqlite else tmp_path, "")
    copy.close()


def test_memory_alone_is_told():
    with pytest.raises(ConfigurationError, match="memory"), pin_snapshot(Database("sqlite://")):
        pass
