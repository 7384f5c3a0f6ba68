"""However many processes serve a site, one visitor asks so often, and address after address leaves nothing behind."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from api import allowance
from api.allowance import MINUTE_US, MOST_AHEAD, Allowance, forget_visits
from provenance.errors import DatabaseUnavailableError
from provenance.storage.access_tables import VISITS

SECOND_US = 1_000_000


def spell(address):
    return address.encode().ljust(32, b".")


def build(database, processes, per_minute=60):
    return [Allowance(database, per_minute, spell) for _ in range(processes)]


def ask(one, now_us, visitor="a"):
    """Return how long to wait, 0 where it is admitted, as `Visitors` asks."""
    wait_s = one.spend(visitor, now_us)
    return one.take(visitor, now_us) if wait_s is None else wait_s


def count_rows(database):
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(VISITS)).scalar_one()


def test_many_processes_admit_no_more_than_one_would(database):
    everywhere = build(database, 8)
    dice = random.Random(1)
    admitted = sum(not ask(dice.choice(everywhere), 5_000 * at) for at in range(600))
    assert 45 <= admitted <= 60 + 3
    for one in everywhere:  # spends what it took
        while not (wait_s := ask(one, 3 * SECOND_US)):
            admitted += 1
    assert admitted <= 60 + 3
    assert 0 < wait_s <= 1
    assert ask(everywhere[1], 3 * SECOND_US, "b") == 0
    assert ask(everywhere[0], 3 * SECOND_US + round(wait_s * SECOND_US)) == 0


steps = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3 * SECOND_US)), min_size=20, max_size=120)


@given(steps, st.sampled_from([1, 7, 60]), st.integers(0, 10**9))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_no_stretch_of_time_is_more_admitted_than_is_promised(sqlite_database, steps, per_minute, seed):
    everywhere, now_us, admitted = build(sqlite_database, 4, per_minute), 0, []
    for process, pause_us in steps:
        now_us += pause_us
        if ask(everywhere[process], now_us, f"v{seed}") == 0:
            admitted.append(now_us)
    for first, start in enumerate(admitted):
        for last in range(first, len(admitted)):
            minutes = (admitted[last] - start) / MINUTE_US
            assert last - first + 1 <= (1 + minutes) * per_minute + MOST_AHEAD


def test_who_comes_as_often_as_allowed_is_admitted_by_any_process_for_ever(sqlite_database):
    everywhere = build(sqlite_database, 4)
    assert not any(ask(everywhere[at % 4], at * SECOND_US) for at in range(200))


def test_who_comes_fast_costs_the_database_little(sqlite_database, monkeypatch):
    (one,) = build(sqlite_database, 1, per_minute=120)
    asked = []
    take = one._take
    monkeypatch.setattr(one, "_take", lambda *given: asked.append(1) or take(*given))
    for at in range(400):
        ask(one, at * 10_000)
    assert len(asked) <= 40


def test_rows_go_when_who_they_are_of_may_ask_as_ever(database):
    (one,) = build(database, 1)
    for at in range(4):
        ask(one, at * SECOND_US, f"visitor {at}")
    forget_visits(database, 3 * SECOND_US)
    assert count_rows(database) == 2
    forget_visits(database, 9 * SECOND_US)
    forget_visits(database)
    assert count_rows(database) == 0


def test_a_clock_that_was_set_back_shuts_nobody_out(sqlite_database):
    ahead, now = build(sqlite_database, 2)
    ask(ahead, 10**15)
    assert ask(now, 0) == 0


def test_without_the_database_each_process_bounds_by_itself(sqlite_database, monkeypatch):
    def fail():
        raise DatabaseUnavailableError("no database")

    (one,) = build(sqlite_database, 1)
    monkeypatch.setattr(sqlite_database, "write", fail)
    assert ask(one, 0) == 0


def test_of_so_many_visitors_is_something_kept(sqlite_database, monkeypatch):
    monkeypatch.setattr(allowance, "MOST_KNOWN", 3)
    (one,) = build(sqlite_database, 1)
    for at in range(9):
        ask(one, 0, f"visitor {at}")
    assert len(one._purses) == 3
