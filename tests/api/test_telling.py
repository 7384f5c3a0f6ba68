"""What happens beside requests: a release, a refusal and a review are told, in the order in which they happened."""

import time

from api.telling import keep_telling, tell_once
from api.wiring import open_site
from policies import gate
from policies.review.judgement import review
from policies.rules.decision import Outcome
from policies.webhooks.endpoints import Endpoints
from provenance.storage.secretbox import load_box
from provenance.tenant import MAIN
from tests.policies.webhooks.receiver import receiving
from tests.sites import build_light_settings, submission


def test_what_becomes_of_assets_is_told(tmp_path):
    settings = build_light_settings(tmp_path / "home", webhooks={"private_networks": True})
    with receiving() as receiver, open_site(settings, quiet=True) as site:
        here = site.deployment
        endpoints = Endpoints(here.database, load_box(settings.keys_dir), MAIN, may_be_local=True)
        _, secret = endpoints.add(receiver.url)
        released = gate.release(here, submission(side=288))
        held = gate.release(here, submission("astronaut.png", side=288, prompt="a casino at night"))
        review(here, held.asset_id, outcome=Outcome.BLOCK, reviewer="Ada", reason="no casinos")
        assert tell_once(site)
        told = [receiver.verified(secret, number) for number in range(len(receiver.heard))]
        assert [(one["type"], one["data"]["asset_id"]) for one in told] == [
            ("release.published", released.asset_id),
            ("release.held", held.asset_id),
            ("review.decided", held.asset_id),
            ("release.blocked", held.asset_id),
        ]
        assert "Ada" not in str(told)
        assert "no casinos" not in str(told)
        assert not tell_once(site)


def test_it_goes_on_for_as_long_as_the_block_lasts(tmp_path):
    settings = build_light_settings(tmp_path / "home", webhooks={"private_networks": True})
    with receiving() as receiver, open_site(settings, quiet=True) as site:
        here = site.deployment
        endpoints = Endpoints(here.database, load_box(settings.keys_dir), MAIN, may_be_local=True)
        endpoints.add(receiver.url)
        with keep_telling(site, every_s=0.02):
            gate.release(here, submission(side=288))
            for _ in range(200):
                if receiver.heard:
                    break
                time.sleep(0.05)
    assert len(receiver.heard) == 1


def test_an_error_that_nobody_foresaw_ends_no_telling(tmp_path, monkeypatch):
    called = []

    def fail(_):
        called.append(True)
        raise KeyError("a surprise")

    monkeypatch.setattr("api.telling.export_once", fail)
    with open_site(build_light_settings(tmp_path / "home"), quiet=True) as site, keep_telling(site, every_s=0.01):
        for _ in range(1000):
            if len(called) > 1:
                break
            time.sleep(0.01)
    assert len(called) > 1
