"""What a process does for a site besides its own work."""

import time

import numpy as np

from api.upkeep import finish_interrupted, keep_up, sign_off
from api.wiring import open_site
from policies.line.sweeping import unfinished
from provenance.errors import InconsistentLedgerError, StoreError
from provenance.fingerprints.copy import Copy
from provenance.media.picture.image import Picture
from provenance.storage.store import MARKER
from tests.policies.deployments import hand_in
from tests.sites import build_light_settings, photograph


def test_a_server_finishes_what_others_left_again_and_again(tmp_path):
    with open_site(build_light_settings(tmp_path / "home")) as site, keep_up(site.deployment, every_s=0.05):
        for _ in range(2):
            asset_id = hand_in(site.deployment)
            for _ in range(1000):
                if asset_id not in unfinished(site.deployment):
                    break
                time.sleep(0.02)
            assert site.deployment.log.find(f"release:{asset_id}") is not None


def test_what_fails_stops_nothing(tmp_path, monkeypatch):
    def fail(_):
        raise StoreError("the disk is away")

    with open_site(build_light_settings(tmp_path / "home")) as site:
        with monkeypatch.context() as patch:
            patch.setattr("api.upkeep.resume", fail)
            finish_interrupted(site.deployment)

        def refuse():
            raise InconsistentLedgerError("it was set back")

        with monkeypatch.context() as patch:
            patch.setattr(site.deployment.log, "checkpoint", refuse)
            sign_off(site.deployment)


def test_signing_off_covers_every_entry_and_tells_the_stores(tmp_path):
    with open_site(build_light_settings(tmp_path / "home")) as site:
        here = site.deployment
        marker = here.blobs.public.get(MARKER)
        sign_off(here)
        assert here.blobs.public.get(MARKER) == marker
        here.works.define_bank("press", action="hold")
        sign_off(here)
        assert here.log.latest_checkpoint().size == here.log.size() == 1
        assert here.blobs.public.get(MARKER) == here.blobs.quarantine.get(MARKER) != marker


def test_a_server_codes_what_other_weights_coded(tmp_path, monkeypatch):
    settings = build_light_settings(tmp_path / "home")
    picture = Picture.from_frame(np.asarray(photograph("coffee.png")))
    with monkeypatch.context() as patch, open_site(settings) as site:
        patch.setattr(Copy, "kept_as", "copy-00000000")
        work = site.deployment.works.register(picture, title="Coffee", owner="somebody")
    with open_site(settings) as site, keep_up(site.deployment, every_s=0.05):
        assert site.deployment.works.count_uncoded().waiting in {0, 1}
        for _ in range(1000):
            if not site.deployment.works.count_uncoded().waiting:
                break
            time.sleep(0.02)
        coded = [entry.subject for entry in site.deployment.log.entries() if entry.kind == "work.coded"]
        assert coded == [work.id]


def test_an_error_that_nobody_foresaw_ends_no_upkeep(tmp_path, monkeypatch):
    called = []

    def fail(_):
        called.append(True)
        raise KeyError("a surprise")

    with open_site(build_light_settings(tmp_path / "home")) as site:
        monkeypatch.setattr("api.upkeep.finish_interrupted", fail)
        with keep_up(site.deployment, every_s=0.01):
            site.deployment.works.define_bank("press", action="hold")
            for _ in range(1000):
                if len(called) > 1 and site.deployment.log.latest_checkpoint().size == 1:
                    break
                time.sleep(0.02)
        assert len(called) > 1
        assert site.deployment.log.latest_checkpoint().size == 1


def test_who_visited_is_forgotten(tmp_path):
    from sqlalchemy import insert, select

    from api.upkeep import forget
    from provenance.storage.access_tables import VISITS

    rows = [{"key": b"a" * 32, "full_at_us": 1}, {"key": b"b" * 32, "full_at_us": 2**62}]
    with open_site(build_light_settings(tmp_path / "home")) as site:
        here = site.deployment
        with here.database.write() as connection:
            connection.execute(insert(VISITS), rows)
        forget(here)
        with here.database.read() as connection:
            assert connection.execute(select(VISITS.c.key)).scalars().all() == [b"b" * 32]
