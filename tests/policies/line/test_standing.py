"""Where submissions stand, one and many, for everybody and for one submitter."""

import pytest

from policies.gate import release
from policies.line.intake import intake
from policies.line.records import Stage
from policies.line.standing import Progress, find_standing, list_standings, stages_of
from policies.line.wish import Wish, keep_wish, settle_drawn
from provenance.errors import AssetNotFoundError
from tests.sites import submission


def test_progress_follows_the_line(here):
    asset_id = intake(here, submission(side=256, submitter="s"))
    standing = find_standing(here, asset_id)
    assert (standing.progress, standing.is_final, standing.decision, standing.sha256) == (
        Progress.SCREENING,
        False,
        None,
        "",
    )
    done = release(here, submission(side=256, asset_id=asset_id))
    standing = find_standing(here, asset_id, submitter="s")
    assert (standing.progress, standing.ledger_index, standing.decision) == (
        Progress.RELEASED,
        done.ledger_index,
        done.decision,
    )
    with pytest.raises(AssetNotFoundError):
        find_standing(here, asset_id, submitter="t")
    with pytest.raises(AssetNotFoundError):
        find_standing(here, "nonesuch")


def test_lists_have_assets_and_wishes_newest_first(here):
    first, second = (intake(here, submission(side=128, submitter=name)) for name in "st")
    wish, drawn = (keep_wish(here, Wish(words, submitter="s")) for words in ("a boat", "a car"))
    settle_drawn(here, drawn)

    def ids(**options):
        found = [one.asset_id for one in list_standings(here, **{"most": 10, **options})]
        return [one for one in found if one >= first]  # other tests of this site came before

    assert ids() == [wish, second, first]
    assert ids(submitter="s") == [wish, first]
    assert ids(before=wish, most=1) == [second]
    assert ids(stages=stages_of([Progress.SCREENING])) == [second, first]
    assert ids(stages=[Stage.HELD]) == []
    assert find_standing(here, wish).progress is Progress.DRAWING
