"""Carries on with what moderators decided: approvals whose moment has come walk the rest of the line, batches go on.

What is due stands in the database, so any process of the site may be the one that does it, and one that was killed is
followed by the next; leases keep two from walking one asset.
"""

import threading
from typing import Final, Self

from sqlalchemy import select, update

from policies.gate import walk
from policies.line.deployment import Deployment
from policies.review.batch import list_unfinished, run_batch
from policies.review.job import now_ms
from provenance.asset import AssetId
from provenance.errors import AssetInUseError, GateError
from provenance.journal import Journal, spell_surprise
from provenance.storage.review_tables import JOBS
from provenance.tenant import Tenant

POLL_S: Final = 1.0
AT_ONCE: Final = 20
"""Jobs looked at before it is asked anew what is due."""
ATTEMPTS: Final = 5
"""An approval that cannot be walked is tried so often, then left to the next `chopmark` that finishes."""
_LATER_MS: Final = 30_000

_log = Journal(__name__)


def follow(here: Deployment, *, grace_s: float) -> int:
    """Do what is due now, of every tenant; return how much there was."""
    done = 0
    for tenant, batch_id in list_unfinished(here):
        try:
            run_batch(here.tenancy(Tenant(tenant)), batch_id, most=AT_ONCE, grace_s=grace_s)
            done += 1
        except GateError as exc:
            _log.error("a batch cannot go on", batch_id=batch_id, code=exc.code, error=str(exc))
        except Exception as exc:  # noqa: BLE001 - what one batch brings about must not keep the others waiting
            _log.error("a batch failed unforeseen", batch_id=batch_id, error=spell_surprise(exc))
    query = select(JOBS.c.asset_id, JOBS.c.tenant, JOBS.c.due_at_ms, JOBS.c.attempts)
    due = query.where(JOBS.c.due_at_ms > 0, JOBS.c.due_at_ms <= now_ms()).order_by(JOBS.c.due_at_ms).limit(AT_ONCE)
    with here.database.read() as connection:
        rows = connection.execute(due).all()
    for row in rows:
        _walk_one(here, AssetId(row.asset_id), Tenant(row.tenant), row.due_at_ms, row.attempts)
    return done + len(rows)


def _walk_one(here: Deployment, asset_id: AssetId, tenant: Tenant, due_at_ms: int, attempts: int) -> None:
    changes = {"due_at_ms": 0, "attempts": 0}
    try:
        walk(here.tenancy(tenant), asset_id, wait=False)
    except AssetInUseError:
        changes = {"due_at_ms": now_ms() + _LATER_MS, "attempts": attempts}
    except GateError as exc:
        _log.error("an approved asset cannot be released", asset_id=asset_id, code=exc.code, error=str(exc))
        changes = _try_later(attempts)
    except Exception as exc:  # noqa: BLE001 - what one asset brings about must not keep the others waiting
        _log.error("an approved asset failed unforeseen", asset_id=asset_id, error=spell_surprise(exc))
        changes = _try_later(attempts)
    with here.database.write() as connection:
        # What was taken back, or approved again, meanwhile is not ours to change.
        this = (JOBS.c.asset_id == asset_id, JOBS.c.due_at_ms == due_at_ms)
        connection.execute(update(JOBS).where(*this).values(changes))


def _try_later(attempts: int) -> dict[str, int]:
    is_last = attempts + 1 >= ATTEMPTS
    return {"due_at_ms": 0 if is_last else now_ms() + _LATER_MS, "attempts": attempts + 1}


class Follower:
    """A thread that follows for as long as the block lasts."""

    def __init__(self, here: Deployment, *, grace_s: float) -> None:
        self._here = here
        self._grace_s = grace_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(POLL_S):
            try:
                while not self._stopped.is_set() and follow(self._here, grace_s=self._grace_s):
                    pass
            except GateError as exc:
                _log.warning("nothing could be followed now", code=exc.code, error=str(exc))
            except Exception as exc:  # noqa: BLE001 - the thread goes on for as long as the process does
                _log.error("following failed unforeseen", error=spell_surprise(exc))
