"""The whole line on PostgreSQL: the same statements, the same outcomes."""

import pytest

from api.wiring import open_site
from policies import gate
from policies.review.judgement import review
from policies.rules.decision import Outcome
from provenance.ledger.export import export_ledger
from provenance.ledger.verification import verify_export
from provenance.media.picture.image import parse_image
from tests.sites import build_light_settings, encode, photograph, submission

pytestmark = pytest.mark.postgres


@pytest.fixture
def site(tmp_path, fresh_postgres_url):
    with open_site(build_light_settings(tmp_path / "home", database_url=fresh_postgres_url)) as opened:
        assert not opened.deployment.database.is_sqlite
        yield opened


def test_release_review_match_withdraw_verify_and_audit(site, tmp_path):
    here = site.deployment
    released = gate.release(here, submission(prompt="a cup of coffee"))
    assert released.outcome is Outcome.RELEASE, released.decision.reasons
    held = gate.release(here, submission("chelsea.png", prompt="a casino roulette table"))
    assert held.outcome is Outcome.HOLD
    approved = review(here, held.asset_id, outcome=Outcome.RELEASE, reviewer="mo", reason="a drawing of a game")
    assert approved.outcome is Outcome.RELEASE
    for result in (released, approved):
        assert site.verifier.verify(here.blobs.public.get(result.public_key)).state.value == "consistent"
    original = photograph("rocket.jpg")
    work = here.works.register(parse_image(encode(original, "PNG")), title="Rocket", owner="N")
    assert gate.release(here, submission("rocket.jpg")).outcome is Outcome.BLOCK
    here.works.withdraw(work.id, "claim dropped")
    assert gate.release(here, submission("rocket.jpg")).outcome is Outcome.RELEASE
    manifest = export_ledger(here.log, tmp_path / "audit")
    summary = verify_export(tmp_path / "audit", here.log.signer.vkey)
    assert summary.rows == manifest.rows == here.log.size()
    kinds = [entry.kind for entry in here.log.entries()]
    assert kinds.count("asset.released") == 3
    assert kinds.count("review.made") == 1


def test_walking_again_repeats_nothing(site):
    result = gate.release(site.deployment, submission())
    size = site.deployment.log.size()
    assert gate.walk(site.deployment, result.asset_id) == result
    assert gate.resume(site.deployment) == ()
    assert site.deployment.log.size() == size
