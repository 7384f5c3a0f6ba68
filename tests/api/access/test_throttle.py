import threading

from sqlalchemy import select, update

from api.access.refusals import ThrottledError
from api.access.secret import moment
from api.access.throttle import FORGOTTEN_S, MOST_WAIT_S, Counted, begin_attempt, end_attempt, find_wait_s
from provenance.storage.access_tables import SIGN_IN_ATTEMPTS

ADA = Counted(b"ada".ljust(32), 3, is_account=True)
HERE = Counted(b"here".ljust(32), 6, is_account=False)


def attempt(place, *counted, times=1):
    """How many of so many attempts were looked at."""
    seen = 0
    for _ in range(times):
        try:
            begin_attempt(place.database, counted)
            seen += 1
        except ThrottledError as exc:
            seen += 0 if exc.retry_after_s > 0 else 1000
    return seen


def pass_time(place, **values):
    with place.database.write() as connection:
        connection.execute(update(SIGN_IN_ATTEMPTS).values(**values))


def test_a_few_are_free_and_then_each_waits_longer(place):
    assert attempt(place, ADA, HERE, times=9) == 3
    for _ in range(3):
        pass_time(place, blocked_until="")
        assert attempt(place, ADA, HERE, times=3) == 1


def test_the_wait_doubles_and_has_an_end():
    waits = [find_wait_s(failures, 5) for failures in range(30)]
    assert waits[:5] == [0] * 5
    assert waits[5:9] == [4, 8, 16, 32]
    assert waits[-1] == MOST_WAIT_S


def test_what_was_right_is_taken_back(place):
    for _ in range(20):
        begin_attempt(place.database, (ADA, HERE))
        end_attempt(place.database, (ADA, HERE))
    assert attempt(place, ADA, HERE, times=9) == 3


def test_an_account_of_ones_own_does_not_help_to_guess_others(place):
    guessed = 0
    for number in range(20):
        other = Counted(f"other {number}".encode().ljust(32), 3, is_account=True)
        try:
            begin_attempt(place.database, (other, HERE))
            guessed += 1
            begin_attempt(place.database, (ADA, HERE))
            end_attempt(place.database, (ADA, HERE))
        except ThrottledError:
            pass
    assert guessed <= HERE.free + 1


def test_many_at_once_are_no_way_around(place):
    together, seen = threading.Barrier(8), []

    def guess():
        together.wait()
        seen.append(attempt(place, ADA, HERE))

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(seen) == 3


def test_what_failed_long_ago_is_forgotten(place):
    attempt(place, ADA, times=5)
    pass_time(place, failed_at=moment(-FORGOTTEN_S - 1))
    assert attempt(place, ADA, times=9) == 3
    pass_time(place, failed_at=moment(-FORGOTTEN_S - 1))
    attempt(place, HERE)
    with place.database.read() as connection:
        assert [bytes(key) for key in connection.execute(select(SIGN_IN_ATTEMPTS.c.key)).scalars()] == [HERE.key]
