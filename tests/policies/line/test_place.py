"""Places in the line: one an asset, one ticket that counts."""

import pytest
from sqlalchemy import insert

from policies.line.place import (
    begin_try,
    count_ahead,
    find_place,
    find_placed,
    find_places,
    leave_place,
    renew_ticket,
    stop_place,
    take_place,
)
from provenance.asset import new_asset_id
from provenance.storage.database import utc_now
from provenance.storage.lease import Leases
from provenance.storage.tables import ASSETS


@pytest.fixture
def ids(database):
    made = sorted(new_asset_id() for _ in range(3))
    row = {"sha256": "0" * 64, "media_type": "image/png", "size_bytes": 1, "origin": "submitted", "stage": "accepted"}
    row |= {"request": {}, "recipe": {}, "has_prompt": False, "name": "", "created_at": utc_now()}
    with database.write() as connection:
        connection.execute(insert(ASSETS), [{"id": one, **row} for one in made])
    return made


def take(database, asset_id, priority=5):
    with database.write() as connection:
        return take_place(connection, asset_id, "main", priority)


def test_an_asset_has_one_place(database, ids):
    place = take(database, ids[0])
    assert take(database, ids[0], priority=1) == place
    with database.read() as connection:
        assert find_placed(connection) == {ids[0]}
        assert find_place(connection, ids[1]) is None


def test_who_asks_again_after_a_worker_began_gets_a_new_ticket(database, ids):
    """The moderator may have approved what that worker has just held."""
    place = take(database, ids[0])
    with database.write() as connection:
        begin_try(connection, ids[0], place.ticket)
    assert take(database, ids[0]).ticket != place.ticket


def test_places_are_found_part_by_part(database, ids):
    places = [take(database, one) for one in ids]
    with database.read() as connection:
        assert find_places(connection, limit=2) == tuple(places[:2])
        assert find_places(connection, after=ids[1]) == tuple(places[2:])


def test_those_ahead_are_more_urgent_or_older(database, ids):
    last, urgent = take(database, ids[0]), take(database, ids[1], priority=1)
    with database.read() as connection:
        assert count_ahead(connection, last) == 1
        assert count_ahead(connection, urgent) == 0


def test_only_the_ticket_that_counts_may_walk_and_each_try_is_counted(database, ids):
    place = take(database, ids[0])
    with database.write() as connection:
        assert [begin_try(connection, ids[0], place.ticket) for _ in range(2)] == [1, 2]
        renewed = renew_ticket(connection, ids[0], place.ticket)
        assert begin_try(connection, ids[0], place.ticket) is None
        assert renew_ticket(connection, ids[0], place.ticket) is None
        assert begin_try(connection, ids[0], renewed.ticket) == 3
        assert renew_ticket(connection, ids[0], renewed.ticket, tries=0).tries == 0


def test_what_is_stopped_waits_until_it_gets_a_ticket_and_what_left_is_gone(database, ids):
    place = take(database, ids[0])
    with database.write() as connection:
        stop_place(connection, ids[0], place.ticket, "x" * 9000)
        assert begin_try(connection, ids[0], place.ticket) is None
        assert set(find_place(connection, ids[0]).stopped) == {"x"}
        renewed = renew_ticket(connection, ids[0], place.ticket)
        assert renewed.stopped == ""
        leave_place(connection, ids[0], place.ticket)
        assert find_place(connection, ids[0]) == renewed
        leave_place(connection, ids[0], renewed.ticket)
        assert find_place(connection, ids[0]) is None


def test_a_place_says_whether_somebody_is_at_work(database, ids):
    leases = Leases(database)
    take(database, ids[0])
    with leases.hold(ids[0]), database.read() as connection:
        assert find_place(connection, ids[0]).is_at_work
    leases.close()
    with database.read() as connection:
        assert not find_place(connection, ids[0]).is_at_work
