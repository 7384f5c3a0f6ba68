"""A record says of which form it is, and one that cannot be read concerns nobody but who reads it."""

import pytest
from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex

from provenance.errors import DamagedRecordError
from provenance.storage.columns import complete_indexes
from provenance.storage.review_tables import JOBS
from provenance.storage.tables import ASSETS
from tests.provenance.storage.test_database import ASSET


@pytest.mark.parametrize(("stored", "read"), [
    ('{"form": 1, "a": 1}', {"a": 1}), ('{"a": 1}', {"a": 1}), ('{"form": 2, "a": 1}', None), ("no json", None),
])  # fmt: skip
def test_a_record_of_a_form_that_is_not_known_is_told_where_it_is_read(sqlite_database, stored, read):
    with sqlite_database.write() as connection:
        connection.execute(insert(ASSETS).values({**ASSET, "request": {"a": 1}}))
        assert '"form": 1' in connection.exec_driver_sql("SELECT request FROM assets").scalar()
        connection.exec_driver_sql("UPDATE assets SET request = ?", (stored,))
        found = connection.execute(select(ASSETS.c.request)).scalar()
    if read is not None:
        assert found == read
        return
    with pytest.raises(DamagedRecordError):
        found["a"]


def test_partial_indexes_are_so_on_both_engines():
    """PostgreSQL's dialect is named when it is asked about, for its import brings every driver's."""
    index = next(index for index in JOBS.indexes if index.name == "ix_review_jobs_opened")
    complete_indexes()
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        assert str(CreateIndex(index).compile(dialect=dialect)).endswith("WHERE state <> 'closed'")
