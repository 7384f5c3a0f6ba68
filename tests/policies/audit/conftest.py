"""One site for every test of exports: a release, a refused copy, a held picture that a person refused; read only."""

from dataclasses import dataclass

import pytest

from api.wiring import open_site
from policies import gate
from policies.line.deployment import Deployment
from policies.review.judgement import review
from policies.rules.decision import Outcome
from provenance.media.picture.image import parse_image
from tests.sites import as_submission, build_light_settings, encode, photograph, photograph_path, submission

HOSTILE_NAME = "=cmd|' /C calc'!A0\u202e<script>.jpg"


@dataclass(frozen=True)
class Docket:
    """What the site holds."""

    here: Deployment
    released: str
    copied: str
    refused: str
    work: str

    @property
    def vkey(self):
        return self.here.log.signer.vkey


@pytest.fixture(scope="session")
def docket(tmp_path_factory):
    home = tmp_path_factory.mktemp("docket") / "home"
    with open_site(build_light_settings(home), quiet=True) as site:
        here = site.deployment
        picture = parse_image(photograph_path("chelsea.png").read_bytes())
        work = here.works.register(picture, title="Chelsea 猫 <b>", owner="=HYPERLINK()")
        released = gate.release(here, submission(prompt="a cup of coffee"))
        assert released.outcome is Outcome.RELEASE
        small = encode(photograph("chelsea.png", 300), quality=70)
        copied = gate.release(here, as_submission(small, name=HOSTILE_NAME))
        assert copied.outcome is Outcome.BLOCK
        flat = gate.release(
            here, as_submission(encode(photograph("astronaut.png")), prompt="a casino at night", name="flat.jpg")
        )
        assert flat.outcome is Outcome.HOLD
        review(here, flat.asset_id, outcome=Outcome.BLOCK, reviewer="Ada Lovelace", reason="too plain 太素了")
        yield Docket(here, released.asset_id, copied.asset_id, flat.asset_id, work.id)
