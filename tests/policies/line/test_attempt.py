"""What goes wrong with one asset ends with that asset: tried again, or held with a reason."""

import pytest

from policies.line import attempt as module
from policies.line.attempt import UNABLE_S, attempt
from policies.line.place import find_place, take_place
from policies.line.records import Stage, asset_row, latest_decision
from policies.line.step import at_once
from policies.line.waiting import Limits
from policies.rules.decision import Outcome
from provenance.errors import (
    AssetInUseError,
    ConfigurationError,
    DatabaseUnavailableError,
    SigningError,
    StoreError,
    VerificationError,
)
from tests.policies.deployments import hand_in


class Line:
    """Notes what it is handed."""

    def __init__(self, tries=3):
        self.limits = Limits(tries=tries)
        self.handed = []

    def hand_over(self, place, *, delay_s=0.0):
        self.handed.append((place.ticket, delay_s))


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def placed(here):
    """An asset in the line, and its ticket."""
    asset_id = hand_in(here)
    with here.database.write() as connection:
        return asset_id, take_place(connection, asset_id, here.tenant, 5).ticket


def place_of(here, asset_id):
    with here.database.read() as connection:
        return find_place(connection, asset_id)


def stage_of(here, asset_id):
    with here.database.read() as connection:
        return asset_row(connection, asset_id)["stage"]


def reason_of(here, asset_id):
    with here.database.read() as connection:
        decision = latest_decision(connection, asset_id)
    assert decision.outcome is Outcome.HOLD
    return decision.reasons[0].text


def fail_with(monkeypatch, error):
    def walk(*_, **__):
        raise error

    monkeypatch.setattr(module, "walk", walk)


def test_an_asset_that_is_walked_leaves_the_line(here, line, placed):
    asset_id, ticket = placed
    attempt(here, line, asset_id, ticket, at_once)
    assert (stage_of(here, asset_id), place_of(here, asset_id), line.handed) == (Stage.PUBLISHED, None, [])


def test_a_ticket_that_counts_no_more_walks_nothing(here, line, placed, monkeypatch):
    fail_with(monkeypatch, AssertionError("walked"))
    attempt(here, line, placed[0], "another", at_once)
    assert place_of(here, placed[0]).tries == 0


def test_what_may_pass_is_tried_again_after_longer_waits_and_held_in_the_end(here, line, placed, monkeypatch):
    asset_id, ticket = placed
    fail_with(monkeypatch, StoreError("the disk is full"))
    waits = []
    for _ in range(2):
        attempt(here, line, asset_id, ticket, at_once)
        ticket, wait_s = line.handed.pop()
        assert place_of(here, asset_id).ticket == ticket
        waits.append(wait_s)
    assert 0 < waits[0] < waits[1]
    attempt(here, line, asset_id, ticket, at_once)
    assert (stage_of(here, asset_id), place_of(here, asset_id), line.handed) == (Stage.HELD, None, [])
    assert reason_of(here, asset_id) == "given up after 3 tries (store): the disk is full"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SigningError("no answer"), "given up after 1 try (signing): no answer"),
        (VerificationError("damaged"), "given up after 1 try (verification): damaged"),
        (KeyError("a prompt about cups"), "given up after 1 try: KeyError at test_attempt.py"),
    ],
)
def test_what_never_passes_is_held_at_once_and_no_foreign_text_is_told(here, line, placed, monkeypatch, error, told):
    fail_with(monkeypatch, error)
    attempt(here, line, *placed, at_once)
    assert reason_of(here, placed[0]).startswith(told)
    assert "cups" not in reason_of(here, placed[0])
    assert line.handed == []


@pytest.mark.parametrize("error", [OSError("no space"), MemoryError()])
def test_what_the_machine_lacks_is_tried_again(here, line, placed, monkeypatch, error):
    fail_with(monkeypatch, error)
    attempt(here, line, *placed, at_once)
    assert len(line.handed) == 1


@pytest.mark.parametrize(
    ("error", "wait_s"), [(ConfigurationError("no signer"), UNABLE_S), (AssetInUseError("at work"), module.WAITS_S[1])]
)
def test_what_says_nothing_of_the_asset_is_no_try(here, line, placed, monkeypatch, error, wait_s):
    fail_with(monkeypatch, error)
    attempt(here, line, *placed, at_once)
    assert place_of(here, placed[0]).tries == 0
    assert line.handed[0][1] == wait_s


def test_an_asset_that_kills_its_workers_is_held(here, line, placed):
    asset_id, ticket = placed

    class Killed(BaseException):
        """Stands for the end of the process."""

    def die(*_):
        raise Killed

    for _ in range(line.limits.tries):
        with pytest.raises(Killed):
            attempt(here, line, asset_id, ticket, die)
    attempt(here, line, asset_id, ticket, die)
    assert "given up after 3 tries: each time the worker ended" in reason_of(here, asset_id)


def test_what_cannot_be_held_either_is_stopped_and_an_unreachable_database_is_no_reason(
    here, line, placed, monkeypatch
):
    fail_with(monkeypatch, VerificationError("damaged"))

    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(module, "end_early", refuse)
    error = DatabaseUnavailableError("gone")
    with pytest.raises(DatabaseUnavailableError):
        attempt(here, line, *placed, at_once)
    assert place_of(here, placed[0]).stopped == ""
    error = VerificationError("record damaged")
    attempt(here, line, *placed, at_once)
    assert "could not be held (verification): record damaged" in place_of(here, placed[0]).stopped
