from dataclasses import fields

import pytest
from pydantic import ValidationError

from api.schemas.review import BatchOrder, FilterOrder, VerdictOrder
from policies.review.backlog import Filter


def test_every_filter_of_the_queue_can_be_asked_for():
    assert FilterOrder.model_fields.keys() == {one.name for one in fields(Filter)}
    assert Filter(**FilterOrder().model_dump()) == Filter()


@pytest.mark.parametrize("given", [{"outcome": "hold"}, {"reason": ""}, {"clause": ""}, {"unknown": 1}])
def test_a_verdict_is_whole(given):
    with pytest.raises(ValidationError):
        VerdictOrder(**{"outcome": "block", "clause": "c", "reason": "r", **given})


def test_a_batch_has_a_key():
    with pytest.raises(ValidationError):
        BatchOrder(outcome="block", clause="c", reason="r", key="")
