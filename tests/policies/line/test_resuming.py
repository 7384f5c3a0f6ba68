"""An interrupted asset that nothing can finish is tried a few times, whoever tries, and then held for a person."""

import pytest
from sqlalchemy import select, update

from policies import gate
from policies.line import intake
from policies.line.records import Stage
from policies.line.resuming import MOST_TRIES, resume_one
from policies.line.sweeping import interrupted, unfinished
from policies.rules.decision import Outcome
from provenance.errors import AssetInUseError, ConfigurationError
from provenance.storage.line_tables import RESUMPTIONS
from tests.policies.deployments import decided, hand_in
from tests.policies.review.test_judgement import stage_of


def tries_of(here, asset_id):
    with here.database.read() as connection:
        return connection.execute(select(RESUMPTIONS.c.tries).where(RESUMPTIONS.c.asset_id == asset_id)).scalar()


def let_time_pass(here):
    with here.database.write() as connection:
        connection.execute(update(RESUMPTIONS).values(tried_at="2026-01-01T00:00:00.000Z"))


def test_a_poison_asset_is_held_after_so_many_tries_and_no_other_waits_for_it(here):
    gate.resume(here)
    asset_id = hand_in(here)
    here.blobs.quarantine.delete(intake.original_key(asset_id))
    for number in range(1, MOST_TRIES + 1):
        assert gate.resume(here) == ()
        assert tries_of(here, asset_id) == number
        if number == MOST_TRIES:  # whose wait is of minutes
            assert gate.resume(here) == (), "it waits before the next"
            assert tries_of(here, asset_id) == number
        let_time_pass(here)
    other = decided(here, name="rocket.jpg")
    ended = {result.asset_id: result.outcome for result in gate.resume(here)}
    assert ended == {asset_id: Outcome.HOLD, other: Outcome.RELEASE}
    assert stage_of(here, asset_id) == Stage.HELD.value
    assert (tries_of(here, asset_id), asset_id in interrupted(here)) == (None, False)


class Killed(BaseException):
    """As a process that is killed: nothing after it runs."""


def test_a_try_counts_although_its_process_is_killed(here):
    asset_id = hand_in(here)

    def die(*_, **__):
        raise Killed

    for number in range(1, 3):
        with pytest.raises(Killed):
            resume_one(here, asset_id, die)
        assert tries_of(here, asset_id) == number
        let_time_pass(here)
    assert resume_one(here, asset_id, gate.walk).outcome is Outcome.RELEASE
    assert tries_of(here, asset_id) is None


@pytest.mark.parametrize("error", [AssetInUseError("busy"), ConfigurationError("no signer")])
def test_what_says_nothing_of_the_asset_counts_for_nothing(here, error):
    asset_id = hand_in(here)

    def fail(*_, **__):
        raise error

    for _ in range(MOST_TRIES + 2):
        assert resume_one(here, asset_id, fail) is None
    assert tries_of(here, asset_id) == 0
    gate.resume(here)
    assert asset_id not in unfinished(here)


def test_what_is_recorded_is_published_however_often_it_was_tried(here):
    asset_id = decided(here, name="chelsea.png")
    gate.grant(here, asset_id)
    gate.seal(here, asset_id)
    gate.record(here, asset_id)
    for _ in range(MOST_TRIES + 1):
        assert resume_one(here, asset_id, fail_plainly) is None
        let_time_pass(here)
    assert resume_one(here, asset_id, gate.walk).outcome is Outcome.RELEASE


def fail_plainly(*_, **__):
    raise RuntimeError
