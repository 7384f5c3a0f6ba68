"""An order outlives the process that took it."""

import json
from datetime import UTC, datetime

import pytest

from policies.audit.exporting import Kind, Order
from policies.audit.spelling import parse_order, spell_order
from provenance.errors import DamagedRecordError


@pytest.mark.parametrize(
    "order",
    [
        Order(),
        Order(kind=Kind.CASE, asset_id="a", with_names=True, with_pictures=False),
        Order(since=datetime(2026, 1, 1, tzinfo=UTC), outcomes=("hold",), packs=("a", "b"), first=3, stop=9),
    ],
)
def test_there_and_back(order):
    assert parse_order(json.loads(json.dumps(spell_order(order)))) == order


@pytest.mark.parametrize("record", [{"kind": "nothing"}, {"unknown": 1}, {"since": "soon"}])
def test_what_is_no_order(record):
    with pytest.raises(DamagedRecordError):
        parse_order(record)
