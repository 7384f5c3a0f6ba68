from sqlalchemy import insert, select

from provenance.storage.export_tables import EXPORTS


def test_an_order_begins_with_nothing_done(database):
    row = {"id": "1", "state": "waiting", "wanted": {}, "ordered_by": "Ada", "summary": {}, "created_at": "2026"}
    with database.write() as connection:
        connection.execute(insert(EXPORTS).values(row))
        made = connection.execute(select(EXPORTS)).mappings().one()
    assert (made["tenant"], made["rows_done"], made["error"], made["expires_at_ms"]) == ("main", 0, "", None)
