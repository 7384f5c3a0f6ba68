"""The durable line on both engines: queue, walk, cancel, recover, one asset at a time and whole."""

import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from api.wiring import open_site
from policies import workflow
from policies.line.intake import intake
from policies.line.notebook import SCHEMA
from policies.line.place import Place, find_place
from policies.line.waiting import State
from policies.review.judgement import review
from policies.rules.decision import Outcome
from provenance.asset import new_asset_id
from provenance.errors import AssetInUseError, AssetNotFoundError, DatabaseUnavailableError, NotQueuedError
from provenance.storage.database import Database
from tests.architecture.checkout import ROOT
from tests.policies.deployments import SIDE, entries_of
from tests.sites import build_light_settings, submission

HELD = "a casino roulette table"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def site(request, tmp_path_factory):
    url = request.getfixturevalue("line_postgres_url") if request.param == "postgres" else ""
    home = tmp_path_factory.mktemp("line") / "home"
    with open_site(build_light_settings(home, database_url=url, line={"poll_s": 0.02})) as opened:
        yield opened


@pytest.fixture(scope="module")
def line_postgres_url(postgres_url):
    from tests.conftest import _create_database, _with_name

    _create_database(postgres_url, "line", "template0")
    return _with_name(postgres_url, "line")


@pytest.fixture
def here(site):
    return site.deployment


@contextmanager
def engine(here, worker="test-0"):
    made = workflow.Engine(here, worker)
    made.start()
    try:
        yield made
    finally:
        assert made.stop(30)


def hand_over(here, **fields):
    asset_id = intake(here, submission(side=SIDE, **fields))
    workflow.enqueue(here, asset_id)
    return asset_id


def await_end(here, *ids, wait_s=120):
    for _ in range(int(wait_s / 0.02)):
        found = [workflow.status(here, one) for one in ids]
        if all(one.is_final for one in found):
            return [one.state for one in found]
        time.sleep(0.02)
    raise AssertionError(found)


def place_of(here, asset_id):
    with here.database.read() as connection:
        return find_place(connection, asset_id)


def notes_of(here):
    where = "" if here.database.is_sqlite else f"{SCHEMA}."
    with here.line.engine.connect() as connection:
        steps = connection.execute(text(f"SELECT function_name, output FROM {where}operation_outputs")).all()
        return [step.function_name for step in steps], "".join(str(step.output) for step in steps)


def test_what_is_queued_is_walked_step_by_step_and_ends_as_the_packs_say(here):
    released, held = hand_over(here), hand_over(here, prompt=HELD)
    assert workflow.status(here, released).state is State.QUEUED
    assert workflow.status(here, held).ahead == 1
    with engine(here):
        assert await_end(here, released, held) == [State.PUBLISHED, State.HELD]
        # An approval starts the rest, with the same id.
        review(here, held, outcome=Outcome.RELEASE, reviewer="mo", reason="a drawing", then=workflow.enqueue)
        assert await_end(here, held) == [State.PUBLISHED]
        workflow.enqueue(here, released)
    steps, noted = notes_of(here)
    assert entries_of(here, held) == ["decision.made", "review.made", "asset.released"]
    assert (steps.count("seal"), steps.count("publish"), steps.count("withhold")) == (2, 2, 1)
    assert set(steps) <= {"seal", "publish", "withhold"}  # of the others the stages' own rows say all there is
    assert "casino" not in noted
    assert place_of(here, released) is None


def test_what_is_called_back_is_refused_on_record_and_no_worker_walks_it(here):
    asset_id, other = hand_over(here), hand_over(here)
    with here.leases.hold(other), pytest.raises(AssetInUseError):
        workflow.cancel(here, other, reason="changed my mind")
    result = workflow.cancel(here, asset_id, reason="changed my mind")
    assert (result.outcome, result.decision.reasons[0].text) == (Outcome.BLOCK, "called back: changed my mind")
    with pytest.raises(NotQueuedError, match="does not"):
        workflow.cancel(here, asset_id, reason="again")
    with engine(here):
        assert await_end(here, asset_id, other) == [State.BLOCKED, State.PUBLISHED]
    assert entries_of(here, asset_id) == ["decision.made"]


def test_what_dbos_forgot_is_handed_over_again(here):
    asset_id = intake(here, submission(side=SIDE))
    workflow.enqueue(here, asset_id)
    here.line.withdraw(place_of(here, asset_id).ticket)
    with engine(here) as started:
        assert started.restock() == 1
        assert started.restock() == 0
        assert await_end(here, asset_id) == [State.PUBLISHED]


def test_the_urgent_goes_first(here):
    late, urgent = (intake(here, submission(side=SIDE, prompt=HELD)) for _ in range(2))
    workflow.enqueue(here, late, priority=workflow.Priority.BULK)
    workflow.enqueue(here, urgent, priority=workflow.Priority.URGENT)
    assert [workflow.status(here, one).ahead for one in (late, urgent)] == [1, 0]
    for one in (late, urgent):
        workflow.cancel(here, one, reason="seen")


def test_another_tenants_asset_is_not_found(here):
    with pytest.raises(AssetNotFoundError):
        workflow.status(here, new_asset_id())
    with pytest.raises(AssetNotFoundError):
        workflow.enqueue(here, new_asset_id())


def test_what_ended_is_forgotten_after_an_hour(here):
    assert here.line.forget_ended() == 0


def test_what_was_taken_and_not_begun_is_given_back_even_where_nothing_is_walked(here, monkeypatch):
    given_back = []

    def recover(workers):
        given_back.extend(workers)
        raise DatabaseUnavailableError("busy")

    monkeypatch.setattr(here.line, "recover", recover)
    with engine(here, "test-9"):
        pass
    assert given_back == ["test-9"]


def test_all_that_ended_is_forgotten_in_parts_unless_it_is_to_stop(here, monkeypatch):
    hand_over(here)  # and everything that the tests before left
    with engine(here):
        await_end(here, *(hand_over(here, prompt=HELD) for _ in range(4)))
    monkeypatch.setattr(workflow, "_KEPT", timedelta(hours=-1))
    monkeypatch.setattr(workflow, "_FORGOTTEN", 2)
    assert here.line.forget_ended(is_stopped=lambda: True) == 2
    assert here.line.forget_ended() >= 2
    assert here.line.forget_ended() == 0


@pytest.mark.parametrize("engine_name", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_two_workers_under_load_keep_every_limit_and_each_tenants_order(engine_name, request, tmp_path):
    """Of 24 assets of three tenants: at most 3 in all, 2 a worker, 2 a tenant; the urgent of each before the others."""
    url = request.getfixturevalue("sqlite_url" if engine_name == "sqlite" else "fresh_postgres_url")
    limits = {"slots": 2, "most": 3, "most_per_tenant": 2, "poll_s": 0.02}
    (tmp_path / "told").write_text(json.dumps({"url": url, "limits": limits}))
    database = Database(url)
    line = workflow.Line(database)
    for number in range(24):
        tenant, priority = f"t{number % 3}", 9 if number < 12 else 1
        asset_id = f"{tenant}.{priority}.{number:02}"
        line.hand_over(Place(asset_id, tenant, f"{asset_id}.ticket", priority, 0, "", ""))
    command = [sys.executable, "-m", "tests.policies.walker", str(tmp_path)]
    workers = [subprocess.Popen([*command, name], cwd=ROOT) for name in ("w-0", "w-1")]
    try:
        await_lines(tmp_path, 2, workers, pattern="ready-*")
        (tmp_path / "go").touch()
        await_lines(tmp_path, 48, workers)
    finally:
        (tmp_path / "stop").touch()
        codes = [worker.wait(60) for worker in workers]
        line.close()
        database.close()
    assert codes == [0, 0]
    begun, running, most = [], set(), Counter()
    for what, worker, asset_id in (one.split() for one in (tmp_path / "notes").read_text().splitlines()):
        if what == "end":
            running.remove((worker, asset_id))
            continue
        begun.append(asset_id)
        running.add((worker, asset_id))
        tenants, hands = Counter(one[:2] for _, one in running), Counter(one for one, _ in running)
        most |= Counter(all=len(running), tenant=max(tenants.values()), worker=max(hands.values()))
    assert len(begun) == len(set(begun)) == 24, "each once"
    assert most["all"] <= 3
    assert most["worker"] <= 2
    assert most["tenant"] <= 2
    assert most["all"] >= 2, "and not one after the other"
    for tenant in ("t0", "t1", "t2"):
        ranks = [one.split(".")[1] for one in begun if one.startswith(tenant)]
        assert ranks == sorted(ranks), "the urgent before the others, though handed over after them"


def await_lines(folder, count, workers, pattern="", wait_s=90):
    """Wait until there are so many notes, or so many files that fit a pattern, and workers live."""
    notes = folder / "notes"
    for _ in range(int(wait_s / 0.05)):
        found = list(folder.glob(pattern)) if pattern else notes.read_text().splitlines() if notes.exists() else []
        if len(found) >= count:
            return
        assert all(worker.poll() is None for worker in workers)
        time.sleep(0.05)
    raise AssertionError(found)


def test_what_an_older_version_began_with_other_steps_is_walked_under_a_new_ticket(here):
    asset_id = hand_over(here)
    ticket = place_of(here, asset_id).ticket
    where = "" if here.database.is_sqlite else f"{SCHEMA}."
    noted = text(
        f"INSERT INTO {where}operation_outputs (workflow_uuid, function_id, function_name, output, serialization) "
        "VALUES (:ticket, 1, 'screen', 'null', 'chopmark_json')"
    )
    with here.line.engine.begin() as connection:
        connection.execute(noted, {"ticket": ticket})
    with engine(here):
        assert await_end(here, asset_id) == [State.PUBLISHED]
    assert entries_of(here, asset_id) == ["decision.made", "asset.released"]
