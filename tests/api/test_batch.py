import threading
import time

import pytest

from api.batch import MOST_THREADS, count_threads, run_each


def test_results_come_in_order():
    def slow_if_first(number):
        time.sleep(0.05 if number == 0 else 0)
        return number * 2

    assert run_each(slow_if_first, range(20), description="doubling", quiet=True) == [
        number * 2 for number in range(20)
    ]
    assert run_each(str, [], description="nothing") == []


def test_threads_are_as_many_as_cores_and_items(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)))
    assert [count_threads(items) for items in (0, 1, 2, 100)] == [1, 1, 2, MOST_THREADS]
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3})
    assert count_threads(100) == 1


def test_items_run_side_by_side(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    meeting = threading.Barrier(2, timeout=20)
    assert sorted(run_each(lambda _: meeting.wait(), [1, 2], description="meeting", quiet=True)) == [0, 1]


def test_an_error_starts_nothing_more(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    begun = []

    def fail(number):
        begun.append(number)
        if number == 1:
            raise KeyboardInterrupt
        time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        run_each(fail, range(1000), description="failing", quiet=True)
    assert len(begun) < 500
