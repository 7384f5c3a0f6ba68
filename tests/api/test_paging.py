"""Lists come in pages that stay where they are, and cost as many statements for a hundred rows as for ten."""

import json
from contextlib import contextmanager

import pytest
from sqlalchemy import event, insert

from api.console import CommandUsageError
from api.paging import verify_after
from policies.review.queue import Query, find_waiting
from provenance.storage.tables import ASSETS, DECISIONS
from provenance.works.catalogue import read_works
from provenance.works.tables import BANKS, WORKS
from tests.provenance.storage.test_tables import ASSET
from tests.sites import build_light_settings


@contextmanager
def counting(database):
    """Count the statements of a block."""
    seen = []

    def note(connection, cursor, statement, *_):
        seen.append(statement)

    event.listen(database.reading, "before_cursor_execute", note)
    yield seen
    event.remove(database.reading, "before_cursor_execute", note)


def fill(database, first, count):
    """Write so many held assets and works."""
    ids = [f"{number:08d}-0000-0000-0000-000000000000" for number in range(first, first + count)]
    work = {"title": "t", "owner": "o", "bank": "b", "status": "active", "claim": {}, "picture_sha256": "0" * 64}
    with database.write() as connection:
        if not first:
            bank = {"name": "b", "action": "hold", "thresholds": {}, "description": "", "revision": 1, "updated_at": ""}
            connection.execute(insert(BANKS), [bank])
        connection.execute(insert(ASSETS), [{**ASSET, "id": one, "stage": "held"} for one in ids])
        decisions = [{"id": one, "asset_id": one, "sequence": 0, "outcome": "hold", "body": {}} for one in ids]
        connection.execute(insert(DECISIONS), [{**one, "created_at": ""} for one in decisions])
        connection.execute(insert(WORKS), [{**work, "id": one, "ledger_index": 0, "created_at": ""} for one in ids])
    return ids


def test_a_hundred_rows_take_as_many_statements_as_ten(database):
    counts = []
    for first, count in ((0, 10), (10, 90)):
        fill(database, first, count)
        with counting(database) as held:
            found = list(find_waiting(database, Query()))
        with counting(database) as listed:
            works = list(read_works(database))
        assert len(found) == len(works) == first + count
        counts.append((len(held), len(listed)))
    assert counts[0] == counts[1]


def test_a_page_goes_on_where_the_last_one_ended_whatever_came_in_meanwhile(database):
    ids = fill(database, 0, 10)
    first = [item.asset_id for item in find_waiting(database, Query())][:4]
    newer = fill(database, 10, 5)
    rest = [item.asset_id for item in find_waiting(database, Query(after=first[-1]))]
    assert first + rest == ids + newer
    assert [work.id for work in read_works(database, after=ids[6])] == ids[7:] + newer


def test_what_is_no_key_is_refused():
    verify_after("", "[a-z]+", "a word")
    verify_after("word", "[a-z]+", "a word")
    with pytest.raises(CommandUsageError, match="expected --after a word"):
        verify_after("1; DROP", "[a-z]+", "a word")


def test_works_are_listed_a_page_at_a_time(tmp_path, monkeypatch, capsys):
    from api.commands.works import list_works
    from api.wiring import open_site

    monkeypatch.setattr("api.commands.works.load_settings", lambda: build_light_settings(tmp_path))
    with open_site(build_light_settings(tmp_path), quiet=True, finish=False) as site:
        ids = fill(site.deployment.database, 0, 5)
    pages, after = [], ""
    for _ in range(3):
        list_works(limit=2, after=after, as_json=True)
        page = json.loads(capsys.readouterr().out)
        pages.append([work["id"] for work in page["works"]])
        after = page.get("next", "")
    assert pages == [ids[:2], ids[2:4], ids[4:]]
    assert after == ""
