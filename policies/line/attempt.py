"""One worker's attempt at one asset: walk it, and see to what goes wrong.

What may go better later is tried again, each time after a longer wait; what never will, and what was tried often
enough, is held for a person with a reason that says so. Nothing is lost and nothing is tried for ever.
"""

from typing import TYPE_CHECKING, Final

from policies.gate import walk
from policies.line.deployment import Deployment
from policies.line.ending import end_early
from policies.line.place import begin_try, leave_place, renew_ticket, stop_place
from policies.line.step import Step
from policies.line.sweeping import find_tenancy
from policies.rules.decision import Outcome
from provenance.asset import AssetId
from provenance.errors import (
    AssetInUseError,
    AssetNotFoundError,
    ConfigurationError,
    GateError,
    GrantMismatchError,
)
from provenance.journal import Journal, spell_surprise

if TYPE_CHECKING:
    from policies.workflow import Line

WAITS_S: Final = (1.0, 5.0, 20.0, 60.0, 180.0)
"""Before the second try, the third, ...; the last for all that follow."""
UNABLE_S: Final = 60.0
"""How long an asset waits that this deployment is unable to finish, whatever asset it is: no signer, no such tenant."""

_log = Journal(__name__)


def attempt(here: Deployment, line: "Line", asset_id: AssetId, ticket: str, step: Step) -> None:
    """Walk an asset under `ticket`, unless another ticket counts by now.

    Args:
        here: the deployment of any tenant.
        line: where what is tried again is handed over.
        asset_id: which.
        ticket: of the workflow that walks it.
        step: how each stage is carried out.

    Raises:
        GateError: not even what went wrong could be put on record; the place stays, and workers find it again.
    """
    with here.database.write() as connection:
        tries = begin_try(connection, asset_id, ticket)
    if tries is None:
        return
    try:
        tenancy = find_tenancy(here, asset_id)
        if tries > line.limits.tries:
            _give_up(
                tenancy, asset_id, ticket, f"given up after {tries - 1} tries: each time the worker ended or was killed"
            )
            return
        walk(tenancy, asset_id, step=step)
    except AssetNotFoundError:
        _log.error("an asset in the line does not exist", asset_id=asset_id)
    except ConfigurationError as exc:
        _log.error("this deployment cannot finish an asset", asset_id=asset_id, code=exc.code, error=str(exc))
        _try_again(here, line, asset_id, ticket, tries=tries - 1, wait_s=UNABLE_S)
        return
    except GateError as exc:
        _see_to(here, line, asset_id, ticket, tries, exc)
        return
    except (OSError, MemoryError) as exc:
        _see_to_surprise(here, line, asset_id, ticket, tries, exc, may_pass=True)
        return
    except Exception as exc:  # noqa: BLE001 - whatever one asset brings about ends with that asset
        _see_to_surprise(here, line, asset_id, ticket, tries, exc, may_pass=type(exc).__module__.startswith("dbos"))
        return
    with here.database.write() as connection:
        leave_place(connection, asset_id, ticket)


def _see_to(here: Deployment, line: "Line", asset_id: AssetId, ticket: str, tries: int, exc: GateError) -> None:
    """Try again what may go better, and hold the rest."""
    may_pass = exc.retryable or isinstance(exc, GrantMismatchError)  # somebody decided otherwise meanwhile
    _log.warning("an attempt at an asset failed", asset_id=asset_id, tries=tries, code=exc.code, error=str(exc))
    if isinstance(exc, AssetInUseError):  # says nothing of the asset
        _try_again(here, line, asset_id, ticket, tries=tries - 1, wait_s=WAITS_S[1])
    elif may_pass and tries < line.limits.tries:
        _try_again(here, line, asset_id, ticket, tries=tries, wait_s=_wait_s(tries))
    else:
        _give_up(find_tenancy(here, asset_id), asset_id, ticket, f"given up after {_count(tries)} ({exc.code}): {exc}")


def _see_to_surprise(
    here: Deployment, line: "Line", asset_id: AssetId, ticket: str, tries: int, exc: Exception, *, may_pass: bool
) -> None:
    """See to an error that nobody foresaw; only kind and place are told."""
    told = spell_surprise(exc)
    _log.error("an attempt at an asset failed unforeseen", asset_id=asset_id, tries=tries, error=told)
    if may_pass and tries < line.limits.tries:
        _try_again(here, line, asset_id, ticket, tries=tries, wait_s=_wait_s(tries))
    else:
        _give_up(find_tenancy(here, asset_id), asset_id, ticket, f"given up after {_count(tries)}: {told}")


def _try_again(here: Deployment, line: "Line", asset_id: AssetId, ticket: str, *, tries: int, wait_s: float) -> None:
    with here.database.write() as connection:
        place = renew_ticket(connection, asset_id, ticket, tries=tries)
    if place is not None:
        line.hand_over(place, delay_s=wait_s)


def _give_up(here: Deployment, asset_id: AssetId, ticket: str, text: str) -> None:
    """Hold an asset for a person; where its release is recorded, or it cannot be held, an operator has to look."""
    stopped = ""
    try:
        with here.leases.hold(asset_id):
            if end_early(here, asset_id, outcome=Outcome.HOLD, rule="line", text=text) is None:
                stopped = f"its release is recorded, but {text}"
    except GateError as exc:
        if exc.retryable:
            raise
        stopped = f"{text}; and it could not be held ({exc.code}): {exc}"
    with here.database.write() as connection:
        if stopped:
            stop_place(connection, asset_id, ticket, stopped)
        else:
            leave_place(connection, asset_id, ticket)


def _wait_s(tries: int) -> float:
    return WAITS_S[min(tries, len(WAITS_S)) - 1]


def _count(tries: int) -> str:
    return "1 try" if tries == 1 else f"{tries} tries"
