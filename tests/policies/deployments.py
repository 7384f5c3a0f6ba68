"""Detectors that misbehave, and what became of one asset, for tests of the line."""

from detectors.base import Signal, Status
from detectors.cards import load_card
from detectors.runner import Runner
from policies.line.intake import intake
from policies.line.screening import decide, screen
from policies.rules.decision import Outcome
from tests.sites import submission

SIDE = 288


class Probe:
    """A detector that counts how often it is asked, and answers what it is told, or raises it."""

    def __init__(self, answer=None):
        self.card = load_card("incoming_marks")
        self.asked = 0
        self.answer = answer

    def warm(self):
        pass

    def detect(self, subject):
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return Signal(self.card.name, self.card.version, Status.OK, dict.fromkeys(self.card.categories, 0.0))


def run_only(detector):
    return Runner((detector,), deadline_s=30.0, total_s=60.0)


def hand_in(here, **fields):
    """Take a photograph in; return its id."""
    return intake(here, submission(side=SIDE, **fields))


def decided(here, outcome=Outcome.RELEASE, **fields):
    """Take a photograph in and have it decided on."""
    asset_id = hand_in(here, **fields)
    screen(here, asset_id)
    assert decide(here, asset_id).outcome is outcome
    return asset_id


def public_of(here, asset_id):
    return [key for key, _ in here.blobs.public.keys(f"{asset_id}/")]


def kept_of(here, asset_id):
    return [key.partition("/")[2] for key, _ in here.blobs.quarantine.keys(f"{asset_id}/")]


def entries_of(here, asset_id):
    return [entry.kind for entry in here.log.entries(subject=asset_id)]
