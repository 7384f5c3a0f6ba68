"""An answer stops the looking where it alone blocks, and nothing else does."""

import pytest

from detectors.base import Signal, Status
from policies.line.stopping import build_stop
from policies.rules.loader import load_named


@pytest.mark.parametrize(
    ("scores", "stops"),
    [
        ({"nsfw": 0.95}, True),
        ({"nsfw": 0.6}, False),
        ({"weapons": 1.0}, False),
        ({"copyright_block": 1.0, "copyright_hold": 0.0}, True),
        ({"somebody.else": 1.0}, False),
        ({"nsfw": float("nan")}, False),
        ({}, False),
    ],
)
def test_what_a_threshold_blocks_stops(scores, stops):
    blocks = build_stop(load_named(["baseline"]))
    assert blocks(Signal("some", "1", Status.OK, scores)) is stops


def test_without_packs_nothing_stops():
    assert build_stop(())(Signal("some", "1", Status.OK, {"nsfw": 1.0})) is False
