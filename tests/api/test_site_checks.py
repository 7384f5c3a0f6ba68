"""What `doctor` says of a site's records and blobs."""

from api.checks import Level
from api.site_checks import check_holdings
from api.wiring import open_site
from policies import gate
from policies.line import intake
from provenance.asset import new_asset_id
from tests.policies.deployments import SIDE, hand_in
from tests.sites import build_light_settings, submission


def levels(here, **options):
    return [(check.what, check.level) for check in check_holdings(here, **options)]


def test_a_sound_site_is_ok_and_findings_are_told(tmp_path):
    with open_site(build_light_settings(tmp_path / "home")) as site:
        here = site.deployment
        result = gate.release(here, submission(side=SIDE))
        assert levels(here) == levels(here, full=True) == [("records", Level.OK), ("blobs", Level.OK)]
        waiting = hand_in(here)
        checks = {check.what: check for check in check_holdings(here)}
        assert waiting in checks["interrupted"].text
        for number in range(25):
            here.blobs.public.put(f"stray{number}/media.png", b"x")
        here.blobs.public.put(result.public_key, b"x")
        told = [check.text for check in check_holdings(here) if check.what == "blobs"]
        assert len(told) == 21
        assert told[-1] == "and 6 more"
        here.blobs.quarantine.put(intake.original_key(new_asset_id()), b"x")
        assert ("quarantine", Level.NOTE) not in levels(here), "it may be about to be recorded"
