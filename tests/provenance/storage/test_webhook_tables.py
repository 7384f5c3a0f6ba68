import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from provenance.storage.webhook_tables import WEBHOOK_DELIVERIES


def test_nothing_is_told_that_is_no_event(database):
    delivery = {"event_id": "msg_1", "webhook_id": "1", "state": "due", "due_at_ms": 0}
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(WEBHOOK_DELIVERIES).values(delivery))
