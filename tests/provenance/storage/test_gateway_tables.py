"""One paid call a key and tenant, held by the database itself."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from provenance.storage.gateway_tables import GATEWAY_JOBS


def row(number, tenant="main", key="k"):
    return {
        "id": f"job-{number}",
        "tenant": tenant,
        "key": key,
        "gateway": "ark",
        "kind": "text-to-video",
        "order_sha256": "0" * 64,
        "state": "planned",
        "outcome": {},
        "created_at": "",
        "changed_at_ms": 0,
    }


def test_a_key_is_one_job_within_its_tenant(database):
    with database.write() as connection:
        connection.execute(insert(GATEWAY_JOBS), [row(1), row(2, tenant="other"), row(3, key="another")])
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(GATEWAY_JOBS), [row(4)])
