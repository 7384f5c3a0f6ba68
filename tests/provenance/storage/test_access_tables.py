import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from provenance.storage.access_tables import API_KEYS, CREDENTIALS, PEOPLE

PERSON = {"name": "Ada", "handle": "ada", "roles": ["admin"], "state": "active", "created_at": "2026"}
KEY = {"name": "ci", "prefix": "p", "digest": b"x", "roles": [], "made_by": "operator", "created_at": "2026"}


@pytest.mark.parametrize(("table", "first", "second"), [
    (PEOPLE, {"id": "1", **PERSON}, {"id": "2", **PERSON}),
    (PEOPLE, {"id": "1", **PERSON, "email": "a@b"}, {"id": "2", **PERSON, "handle": "b", "email": "a@b"}),
    (API_KEYS, {"id": "1", **KEY}, {"id": "2", **KEY, "tenant": "acme"}),
    (CREDENTIALS, {}, {"id": "1", "person_id": "nobody", "kind": "totp", "lookup": "x", "secret": b"", "created_at": ""}),
], ids=["name", "address", "prefix", "nobody's"])  # fmt: skip
def test_the_database_refuses_it(database, table, first, second):
    with database.write() as connection:
        if first:
            connection.execute(insert(table).values(first))
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(table).values(second))


def test_two_tenants_may_each_have_an_ada_and_many_have_no_address(database):
    with database.write() as connection:
        connection.execute(insert(PEOPLE).values({"id": "1", **PERSON}))
        connection.execute(insert(PEOPLE).values({"id": "2", **PERSON, "tenant": "acme"}))
        connection.execute(insert(PEOPLE).values({"id": "3", **PERSON, "handle": "b"}))
