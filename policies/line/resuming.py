"""Finish what was interrupted and has no place in the line, and count how often somebody began to.

The count is written before the walk, so that an asset which ends every process that takes it up is counted, too; after
as many tries as a worker has it is held for a person. Each try waits longer than the one before.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import delete, select, update

from policies.line.deployment import Deployment
from policies.line.ending import end_early
from policies.line.publishing import Result
from policies.line.sweeping import find_tenancy
from policies.rules.decision import Outcome
from provenance.asset import AssetId
from provenance.errors import AssetInUseError, ConfigurationError, GateError
from provenance.journal import Journal, spell_surprise
from provenance.storage.database import insert_new, utc_now
from provenance.storage.line_tables import RESUMPTIONS

MOST_TRIES: Final = 5
"""Where there are no workers, whose setting it is otherwise."""

# Before the second try none, for most was interrupted once; then as workers wait (`policies.line.attempt`).
WAITS_S: Final = (0.0, 5.0, 20.0, 60.0, 180.0)

_log = Journal(__name__)


def resume_one(here: Deployment, asset_id: AssetId, walk: Callable[..., Result]) -> Result | None:
    """Walk an interrupted asset on; None where it cannot be finished now, which is logged, or waits for another try.

    Args:
        here: the deployment of any tenant.
        asset_id: which.
        walk: `policies.gate.walk`.
    """
    tries = _begin(here, asset_id)
    if tries is None:
        return None
    try:
        result = _walk_or_hold(find_tenancy(here, asset_id), asset_id, tries, walk)
    except AssetInUseError:
        _take_back(here, asset_id)  # another process was quicker
        return None
    except ConfigurationError as exc:
        _take_back(here, asset_id)  # it says nothing of the asset
        _log.error("this deployment cannot finish an asset", asset_id=asset_id, code=exc.code, error=str(exc))
        return None
    except GateError as exc:
        _log.error(
            "an interrupted asset cannot be finished", asset_id=asset_id, tries=tries, code=exc.code, error=str(exc)
        )
        return None
    except Exception as exc:  # noqa: BLE001 - what one asset brings about must not keep the others waiting
        _log.error("an interrupted asset failed unforeseen", asset_id=asset_id, tries=tries, error=spell_surprise(exc))
        return None
    with here.database.write() as connection:
        connection.execute(delete(RESUMPTIONS).where(RESUMPTIONS.c.asset_id == asset_id))
    return result


def _walk_or_hold(here: Deployment, asset_id: AssetId, tries: int, walk: Callable[..., Result]) -> Result:
    most = MOST_TRIES if here.line is None else here.line.limits.tries
    if tries > most:
        text = f"given up after {most} tries: each time it failed, or the process ended or was killed"
        with here.leases.hold(asset_id, wait=False):
            held = end_early(here, asset_id, outcome=Outcome.HOLD, rule="line", text=text)
        if held is not None:
            _log.error("an interrupted asset is held", asset_id=asset_id, tries=most)
            return held
    return walk(here, asset_id, wait=False)  # what is recorded is past holding, and has to be published


def _begin(here: Deployment, asset_id: AssetId) -> int | None:
    """Count a try and return the how-manieth it is; None while the wait after the last one lasts."""
    now = datetime.now(UTC)
    mine = RESUMPTIONS.c.asset_id == asset_id
    with here.database.write() as connection:
        insert_new(connection, RESUMPTIONS, [{"asset_id": asset_id, "tries": 0, "tried_at": utc_now()}])
        known = connection.execute(select(RESUMPTIONS).where(mine).with_for_update()).one()
        waited_s = (now - datetime.fromisoformat(known.tried_at)).total_seconds()
        if known.tries and 0 <= waited_s < WAITS_S[min(known.tries, len(WAITS_S)) - 1]:
            return None
        connection.execute(update(RESUMPTIONS).where(mine).values(tries=known.tries + 1, tried_at=utc_now()))
        return int(known.tries) + 1


def _take_back(here: Deployment, asset_id: AssetId) -> None:
    mine = (RESUMPTIONS.c.asset_id == asset_id) & (RESUMPTIONS.c.tries > 0)
    with here.database.write() as connection:
        connection.execute(update(RESUMPTIONS).where(mine).values(tries=RESUMPTIONS.c.tries - 1))
