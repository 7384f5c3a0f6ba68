"""Two hosts on one PostgreSQL: each asset is one host's, blobs are shared or refused, the decision that counts counts."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import update

from api.wiring import open_site
from policies import gate
from policies.line import publishing, recording, sealing
from policies.line.records import append_decision, latest_decision
from policies.line.sweeping import unfinished
from policies.rules.decision import Outcome
from provenance.errors import GrantMismatchError, SiteMismatchError
from provenance.storage.tables import LEASES
from tests.outside.killed import kill_at
from tests.policies.deployments import decided, hand_in, public_of
from tests.sites import build_light_settings, submission


@pytest.fixture
def host(tmp_path, emptied_postgres_url):
    """Settings of one of several hosts with the same database, keys and stores."""

    def build(name, **changes):
        home = tmp_path / name
        first = tmp_path / "one"
        if name != "one" and not home.exists():
            home.mkdir()
            shutil.copytree(first / "keys", home / "keys")
        shared = {
            "database_url": emptied_postgres_url,
            "quarantine_url": str(tmp_path / "shared" / "quarantine"),
            "public_url": str(tmp_path / "shared" / "public"),
        }
        return build_light_settings(home, **{**shared, **changes})

    return build


@pytest.mark.postgres
def test_a_starting_host_leaves_to_another_what_is_in_its_hands(host):
    with open_site(host("one")) as one:
        at_work = [hand_in(one.deployment) for _ in range(3)]
        with one.deployment.leases.hold(at_work[0]), open_site(host("two")) as two:
            assert gate.resume(two.deployment) == ()
            assert unfinished(two.deployment) == tuple(at_work)
        for asset_id in at_work:
            assert gate.walk(one.deployment, asset_id).outcome is Outcome.RELEASE


@pytest.mark.postgres
def test_what_a_killed_host_left_is_taken_up_when_its_leases_end(host, emptied_postgres_url, tmp_path):
    with open_site(host("one")):
        pass
    settings = host("two")
    shared = {name: getattr(settings, name) for name in ("database_url", "quarantine_url", "public_url")}
    asset_id = kill_at(settings.home, "record", **shared)
    with open_site(host("one")) as one:
        here = one.deployment
        assert unfinished(here) == (asset_id,), "nobody can know yet that the other host is gone"
        with here.database.write() as connection:
            connection.execute(update(LEASES).values(expires_at_ms=1))  # a minute passes
        with ThreadPoolExecutor(4) as pool:
            results = [
                found for answer in [pool.submit(gate.resume, here) for _ in range(4)] for found in answer.result()
            ]
        assert [result.asset_id for result in results] == [asset_id]
        assert results[0].outcome is Outcome.RELEASE
        assert sorted(entry.kind for entry in here.log.entries(subject=asset_id)) == ["asset.released", "decision.made"]


@pytest.mark.postgres
def test_hosts_release_at_once_and_none_is_held(host):
    with open_site(host("one")) as one, open_site(host("two")) as two:

        def work(at):
            here = (one, two)[at % 2].deployment
            gate.resume((two, one)[at % 2].deployment)
            return gate.release(here, submission(side=288))

        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(work, range(8)))
        assert {result.outcome for result in results} == {Outcome.RELEASE}
        kinds = [entry.kind for entry in one.deployment.log.entries()]
        assert (kinds.count("decision.made"), kinds.count("asset.released")) == (8, 8)


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["own folders", "a copy"])
def test_blobs_that_are_not_shared_are_refused_at_start(host, tmp_path, how):
    own = {"quarantine_url": str(tmp_path / "own" / "quarantine"), "public_url": str(tmp_path / "own" / "public")}
    with open_site(host("one")) as one:
        gate.release(one.deployment, submission(side=288))
    if how == "a copy":
        shutil.copytree(tmp_path / "shared", tmp_path / "own")
        with open_site(host("one")) as one:
            gate.release(one.deployment, submission("chelsea.png", side=288))
    with pytest.raises(SiteMismatchError, match=r"has no marker|does not share"), open_site(host("two", **own)):
        pass


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def here(request, tmp_path):
    urls = {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("emptied_postgres_url")}
    with open_site(build_light_settings(tmp_path / "home", **urls)) as site:
        yield site.deployment


def decide_anew(here, asset_id, outcome):
    with here.database.write() as connection:
        latest = latest_decision(connection, asset_id)
        append_decision(connection, replace(latest, id="another", outcome=outcome, decided_by="another host"))


@pytest.mark.parametrize("outcome", [Outcome.HOLD, Outcome.BLOCK, Outcome.RELEASE])
def test_what_was_decided_anew_after_sealing_is_not_recorded(here, outcome):
    asset_id = decided(here)
    decision = sealing.seal(here, asset_id)
    sealed = sealing.load_sealed(here, asset_id, decision)
    decide_anew(here, asset_id, outcome)
    with here.database.read() as connection, pytest.raises(GrantMismatchError, match="now it is"):
        recording.verify_counts(connection, asset_id, sealed.decision_id)
    with pytest.raises(GrantMismatchError):
        recording.record(here, asset_id)
    assert here.log.find(f"release:{asset_id}") is None
    assert gate.walk(here, asset_id).outcome is outcome, "the line itself goes on with the decision that counts"
    assert bool(public_of(here, asset_id)) is (outcome is Outcome.RELEASE)


@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_what_was_held_after_it_was_recorded_is_not_published(here, moment):
    asset_id = decided(here)
    sealing.seal(here, asset_id)
    recording.record(here, asset_id)
    watched = here
    if moment == "before":
        decide_anew(here, asset_id, Outcome.HOLD)
    else:

        class Watched:
            def take_over(self, other, keys):
                assert here.blobs.public.take_over(other, keys)
                assert any("media" in key for key in keys)
                decide_anew(here, asset_id, Outcome.HOLD)
                return True

            def __getattr__(self, name):
                return getattr(here.blobs.public, name)

        watched = replace(here, blobs=replace(here.blobs, public=Watched()))
    with pytest.raises(GrantMismatchError, match="now it is hold"):
        publishing.publish(watched, asset_id)
    assert public_of(here, asset_id) == []
