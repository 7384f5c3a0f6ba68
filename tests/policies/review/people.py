"""Who reviews in these tests, and jobs for them to review."""

from policies import gate
from policies.review.job import Reviewer
from policies.review.verdicts import Verdict
from policies.rules.decision import Outcome
from tests.policies.deployments import SIDE
from tests.sites import as_submission, encode, photograph

MIA = Reviewer("person-mia", "Mia Chen")
NOA = Reviewer("person-noa", "Noa")
SAM = Reviewer("person-sam", "Sam", sees_sensitive=True)
GAMBLING = "House rules 3"
YES = Verdict(Outcome.RELEASE, GAMBLING, "a board game")
NO = Verdict(Outcome.BLOCK, GAMBLING, "roulette for money")


def held(here, **fields):
    """An asset that the pack `light` holds for gambling."""
    file = encode(photograph(side=SIDE))
    return gate.release(here, as_submission(file, prompt="people at a roulette table in a casino", **fields)).asset_id
