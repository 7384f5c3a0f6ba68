"""A pack whose law comes later is enabled today and decides from its day on, by the gate's own clock (UTC)."""

from datetime import UTC, datetime

import pytest

from api.wiring import open_site
from policies import gate
from policies.rules.decision import Outcome
from tests.sites import build_light_settings, submission

PACK = "eu-ai-act-5"
LAST, FIRST = datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC)
"""Art. 5(1)(ba) and (bb) of the AI Act apply from 2 December 2026 (Regulation (EU) 2026/1744)."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """No detector here looks for nudity, which the pack asks for: it holds as soon as it counts."""
    with open_site(build_light_settings(tmp_path_factory.mktemp("day") / "home", packs=("light", PACK))) as opened:
        yield opened


def set_clock(monkeypatch, now):
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return now.astimezone(tz)

    monkeypatch.setattr("policies.line.screening.datetime", Clock)


def test_ai_act_art_5_is_asked_from_its_first_second_and_not_before(site, monkeypatch):
    set_clock(monkeypatch, LAST)
    before = gate.release(site.deployment, submission("coffee.png"))
    assert before.outcome is Outcome.RELEASE
    assert {pack.name for pack in before.decision.packs} == {"light", PACK}
    set_clock(monkeypatch, FIRST)
    since = gate.release(site.deployment, submission("rocket.jpg"))
    assert since.outcome is Outcome.HOLD
    (reason,) = [one for one in since.decision.reasons if one.pack == PACK]
    assert reason.clause == "AI Act Art. 5(1)(ba)"
