"""A stage that is carried out at once is just the stage."""

from policies.line.step import at_once


def test_at_once_returns_what_the_stage_returns():
    assert at_once(lambda here, asset_id: (here, asset_id), "here", "id") == ("here", "id")
