"""What those are told who may see every asset."""

import pytest
from pydantic import ValidationError

from api.schemas.asset import AssetItem, AssetModel, LinkOrder
from detectors.base import Signal, Status
from policies.line.standing import Progress, Standing
from provenance.asset import AssetId
from tests.api.schemas.test_release import DECISION

STANDING = Standing(AssetId("a"), "n", "s", Progress.HELD, "t", decision=DECISION, media_type="image/png", size_bytes=5)


def test_signals_numbers_and_the_reviewer_are_told():
    told = AssetModel.describe(STANDING, (Signal("nsfw", "v1", Status.OK, {"nudity": 0.7}, reason="seen"),))
    assert (told.decided_by, told.reasons[0].score, told.reasons[0].threshold) == ("review:Ada Lovelace", 0.7, 0.5)
    assert told.signals[0].scores == {"nudity": 0.7}
    assert (AssetItem.list(STANDING).submitter, told.size_bytes) == ("s", 5)


@pytest.mark.parametrize("seconds", [0, 32 * 86_400, "soon"])
def test_a_link_lasts_a_month_at_most(seconds):
    with pytest.raises(ValidationError):
        LinkOrder(expires_s=seconds)
