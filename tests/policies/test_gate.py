"""The line's invariants: what must hold whatever fails, at any moment, in any number of threads."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from api.wiring import open_site
from detectors.base import Status
from policies import gate
from policies.line import granting, intake, publishing, recording, screening, sealing
from policies.line.records import Stage
from policies.line.sweeping import unfinished
from policies.review.verdicts import queue
from policies.rules.decision import Outcome
from policies.rules.parsing import parse_pack
from provenance.asset import new_asset_id, sha256_hex
from provenance.errors import DetectorError, GrantMismatchError, PackInvalidError
from provenance.storage.store import BlobStore
from provenance.storage.tables import ASSETS, SEALS
from tests.policies.deployments import SIDE, Probe, decided, entries_of, hand_in, kept_of, public_of, run_only
from tests.sites import build_light_settings, build_sealer, pictures, submission


def test_the_line_reads_as_its_docstring_says():
    source = Path(gate.__file__).read_text("utf-8")
    described = re.findall(r"^    \((\d)\) (\w+)", gate.__doc__, re.MULTILINE)
    assert [number for number, _ in described] == list("12345678")
    body = source[source.index("def release") :]
    done = re.findall(r"(\w+)(?:\(|, )here, \w+\).*# \((\d)\)", body)
    assert sorted({(number, name) for name, number in done}) == described


def test_no_byte_is_readable_outside_quarantine_without_a_ledger_entry(here):
    """Stage by stage; and at the very moment of publishing, the entry is there."""
    stored = []

    class Watched:
        def take_over(self, other, keys):
            stored.extend((key, here.log.find(f"release:{key.partition('/')[0]}")) for key in keys)
            return here.blobs.public.take_over(other, keys)

        def __getattr__(self, name):
            return getattr(here.blobs.public, name)

    watched = replace(here, blobs=BlobStore(quarantine=here.blobs.quarantine, public=Watched()))
    asset_id = hand_in(watched)
    for stage in (screening.screen, screening.decide, granting.grant, sealing.seal, recording.record):
        stage(watched, asset_id)
        assert not public_of(here, asset_id), stage.__name__
    publishing.publish(watched, asset_id)
    assert len(stored) == 2
    assert all(entry is not None and entry.subject == asset_id for _, entry in stored)


def test_a_missing_signal_holds(here):
    class Silent:
        detectors = (Probe(),)

        def run(self, subject, views, **_):
            return ()

    result = gate.release(replace(here, runner=Silent()), submission(side=SIDE))
    assert result.outcome is Outcome.HOLD
    assert {reason.rule for reason in result.decision.reasons} >= {"missing_signal"}


@pytest.mark.parametrize("error", [DetectorError("the weights are gone"), ZeroDivisionError("a bug")])
def test_a_failed_signal_holds(here, error):
    result = gate.release(replace(here, runner=run_only(Probe(error))), submission(side=SIDE))
    assert result.outcome is Outcome.HOLD
    with here.database.read() as connection:
        (signal,) = screening.find_signals(connection, result.asset_id)
    assert signal.status is Status.FAILED
    assert not public_of(here, result.asset_id)


def test_an_empty_rule_list_is_invalid(here):
    light = (Path(__file__).parents[1] / "packs" / "light.yaml").read_text("utf-8")
    empty = light[: light.index("requires:")]
    with pytest.raises(PackInvalidError, match="neither thresholds nor rules"):
        parse_pack(empty.encode(), file="light.yaml")


def test_no_pack_at_all_takes_nothing_in(here):
    from provenance.errors import ConfigurationError

    before = len(list(here.blobs.quarantine.keys()))
    with pytest.raises(ConfigurationError, match="got none"):
        gate.release(replace(here, default_packs=()), submission(side=SIDE))
    assert len(list(here.blobs.quarantine.keys())) == before


def test_a_mismatch_after_sealing_holds(site, here):
    class Swaps:
        """Says that it embedded what it was given, and did not."""

        name, alg = pictures(site).watermark.name, pictures(site).watermark.alg
        extract = pictures(site).watermark.extract

        def embed(self, frame, payload):
            return pictures(site).watermark.embed(frame, payload ^ 1)

    result = gate.release(replace(here, sealer=build_sealer(site, watermark=Swaps())), submission(side=SIDE))
    assert result.outcome is Outcome.HOLD
    assert result.decision.decided_by == "seal"
    assert not public_of(here, result.asset_id)
    assert kept_of(here, result.asset_id) == ["original"]
    assert entries_of(here, result.asset_id) == ["decision.made", "decision.made"]
    assert result.asset_id in {asset_id for asset_id, _, _ in queue(here)}


def test_seal_refuses_bytes_that_are_not_the_granted_ones(here):
    asset_id, other = decided(here), decided(here, name="chelsea.png")
    licence = granting.grant(here, asset_id)
    asset = intake.load_asset(here, other)
    picture, original = intake.load_content(here, asset)
    with pytest.raises(GrantMismatchError, match="grant is for bytes"):
        here.sealer.seal(asset, picture, original, licence, {})


def walk_at_once(here, asset_id, workers=4):
    with ThreadPoolExecutor(workers) as pool:
        return [answer.result() for answer in [pool.submit(gate.walk, here, asset_id) for _ in range(workers)]]


def check_released_once(here, asset_id, results):
    from sqlalchemy import select

    assert {result.outcome for result in results} == {Outcome.RELEASE}
    assert len({(result.seal["sha256"], result.ledger_index, result.public_key) for result in results}) == 1
    assert sorted(entries_of(here, asset_id)) == ["asset.released", "decision.made"]
    assert sorted(public_of(here, asset_id)) == sorted([results[0].public_key, f"{asset_id}/manifest.c2pa"])
    assert sha256_hex(here.blobs.public.get(results[0].public_key)) == results[0].seal["sha256"]
    with here.database.read() as connection:
        assert connection.execute(select(ASSETS.c.stage).where(ASSETS.c.id == asset_id)).scalar() == Stage.PUBLISHED


def test_threads_that_walk_one_asset_release_it_once(here):
    for _ in range(3):
        asset_id = hand_in(here)
        check_released_once(here, asset_id, walk_at_once(here, asset_id))


@pytest.mark.postgres
def test_threads_that_walk_one_asset_release_it_once_on_postgresql(tmp_path, emptied_postgres_url):
    with open_site(build_light_settings(tmp_path / "home", database_url=emptied_postgres_url)) as site:
        for _ in range(3):
            asset_id = hand_in(site.deployment)
            check_released_once(site.deployment, asset_id, walk_at_once(site.deployment, asset_id))


def test_threads_that_hand_in_one_submission_make_one_asset(here):
    handed_in = submission(side=SIDE, asset_id=new_asset_id())
    with ThreadPoolExecutor(4) as pool:
        results = [answer.result() for answer in [pool.submit(gate.release, here, handed_in) for _ in range(4)]]
    check_released_once(here, handed_in.asset_id, results)


def test_a_broken_asset_does_not_keep_others_from_being_resumed(here):
    gate.resume(here)  # what other tests left half-way
    broken, *others = (hand_in(here, name=name) for name in ("coffee.png", "chelsea.png", "rocket.jpg"))
    here.blobs.quarantine.delete(intake.original_key(broken))
    results = gate.resume(here)
    assert [result.asset_id for result in results] == others
    assert {result.outcome for result in results} == {Outcome.RELEASE}
    assert unfinished(here) == (broken,), "it waits where it can be seen"
    assert gate.resume(here) == ()


def test_a_broken_asset_does_not_keep_a_site_from_starting(tmp_path):
    settings = build_light_settings(tmp_path / "home")
    with open_site(settings) as site:
        broken, other = hand_in(site.deployment), hand_in(site.deployment)
        site.deployment.blobs.quarantine.delete(intake.original_key(broken))
    with open_site(settings) as site:
        assert unfinished(site.deployment) == (broken,)
        assert public_of(site.deployment, other)


def test_a_worker_that_comes_late_does_not_hold_what_is_released(here, monkeypatch):
    """It looked before the record was written, and finds the quarantine emptied when it goes to seal."""
    asset_id = decided(here)
    released = gate.walk(here, asset_id)
    answers = iter([False])
    with monkeypatch.context() as patch:
        patch.setattr(sealing, "is_recorded", lambda *_: next(answers, True))
        assert sealing.seal(here, asset_id) == released.decision
    assert gate.walk(here, asset_id) == released


def test_the_database_keeps_one_seal_of_each_asset(here):
    assert [column.name for column in SEALS.primary_key.columns] == ["asset_id"]
    assert SEALS.c.manifest_id.unique
