"""Where DBOS keeps its notes: private, beside the database, and never as pickled objects."""

import json
import pickle
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from policies.line.notebook import build_serializer, find_line_file, open_engine
from provenance.errors import ConfigurationError, GateError
from provenance.storage.database import Database


def test_beside_sqlite_it_is_a_private_file_of_its_own(sqlite_database):
    engine = open_engine(sqlite_database, pool_size=2)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept (id INTEGER)"))
    engine.dispose()
    file = find_line_file(Path(sqlite_database.engine.url.database))
    assert file.name == "chopmark-line.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "kept" not in sqlite_database.table_names()


def test_a_database_in_memory_is_refused():
    database = Database("sqlite://")
    with pytest.raises(ConfigurationError, match="in memory"):
        open_engine(database, pool_size=2)
    database.close()


def test_errors_are_kept_as_their_kind_alone():
    spell = build_serializer()
    told = spell.serialize(ValueError("a prompt"))
    assert json.loads(told) == {"error": "ValueError"}
    assert isinstance(spell.deserialize(told), GateError)
    inputs = {"args": ["an-id"], "kwargs": {}}
    assert spell.deserialize(spell.serialize(inputs)) == inputs
    with pytest.raises(ValueError, match="Expecting value"):
        spell.deserialize(pickle.dumps("x").decode("latin-1"))
