"""Consents over HTTP: recorded, listed and revoked; whoever may record alone sees those they recorded."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.access.guard import PERMISSION, require
from api.access.identity import Actor, Permission
from api.cursor import USUAL, Cursor, Limit, build_page, parse_cursor
from api.errors import describe_problems
from api.service import find_service
from policies.refusals import ConsentNotFoundError
from provenance.errors import PolicyError

if TYPE_CHECKING:
    from policies.consents import Consent
    from policies.line.deployment import Deployment

Reads = Annotated[Actor, require(Permission.READ_CONSENTS, Permission.RECORD_CONSENTS)]
Records = Annotated[Actor, require(Permission.RECORD_CONSENTS)]
ConsentId = Annotated[str, Path(max_length=36)]


class NewConsent(BaseModel):
    """Who agreed to what."""

    model_config = ConfigDict(extra="forbid")

    subject: str = Field(min_length=1, max_length=200, description="who agreed")
    scope: list[str] = Field(
        min_length=1,
        max_length=16,
        description="purposes that it covers, such as avatar, or any",
        examples=[["avatar"]],
    )
    last_day: date = Field(description="on which it still covers, UTC")
    photo_sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$", description="only for the file of this digest")
    note: str = Field(default="", max_length=2000, description="how they agreed, for people")


def build_router() -> APIRouter:
    """Build the routes of consents."""
    router = APIRouter(tags=["consents"])
    known = describe_problems(401, 403, 404, 422, 500, 503)
    reads, writes = {PERMISSION: Permission.READ_CONSENTS}, {PERMISSION: Permission.RECORD_CONSENTS}
    add = router.add_api_route
    add("/v1/consents", list_some, methods=["GET"], responses=known, openapi_extra=reads)
    add("/v1/consents", record, methods=["POST"], status_code=201, responses=known, openapi_extra=writes)
    add("/v1/consents/{consent_id}", read, methods=["GET"], responses=known, openapi_extra=reads)
    add("/v1/consents/{consent_id}/revoke", revoke, methods=["POST"], responses=known, openapi_extra=writes)
    return router


async def list_some(
    request: Request,
    actor: Reads,
    subject: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Return consents, the oldest first; of one person alone, where one is named."""
    from policies.consents import list_consents

    here, after = find_service(request).deployment(actor), parse_cursor(cursor)
    found = await run_in_threadpool(
        list_consents, here.database, here.tenant, subject=subject, recorder_id=find_limit(actor), after=after,
        limit=limit + 1,
    )  # fmt: skip
    return build_page([build_consent(one) for one in found], [one.id for one in found], most=limit)


async def record(request: Request, actor: Records, wanted: Annotated[NewConsent, Body()]) -> dict[str, Any]:
    """Record that somebody agreed: an entry in the ledger, without their name, and a row with it."""
    from policies.consents import Wanted, record_consent

    here = find_service(request).deployment(actor)
    given = Wanted(wanted.subject, wanted.scope, wanted.last_day, wanted.photo_sha256, wanted.note, actor.id)
    made = await run_in_threadpool(
        record_consent, here.database, here.log, here.tenant, given, author=actor.name, day=datetime.now(UTC).date()
    )
    return build_consent(made)


async def read(request: Request, actor: Reads, consent_id: ConsentId) -> dict[str, Any]:
    """Return one consent, and the assets that named it."""
    here = find_service(request).deployment(actor)
    return await run_in_threadpool(_read, here, actor, consent_id)


async def revoke(
    request: Request,
    actor: Records,
    consent_id: ConsentId,
    reason: Annotated[str, Body(embed=True, min_length=1, max_length=2000)],
) -> dict[str, Any]:
    """Revoke a consent from now on: what is not released yet is held; `assets` are what was handed in under it."""
    here = find_service(request).deployment(actor)
    return await run_in_threadpool(revoke_one, here, actor, consent_id, reason)


def revoke_one(here: "Deployment", actor: Actor, consent_id: str, reason: str) -> dict[str, Any]:
    """Revoke a consent that an actor may see, and return it.

    Raises:
        ConsentNotFoundError: there is none, or somebody else recorded it.
    """
    from policies.consents import revoke_consent

    _find_seen(here, actor, consent_id)
    revoke_consent(here.database, here.log, here.tenant, consent_id, author=actor.name, reason=reason)
    return _read(here, actor, consent_id)


def find_limit(actor: Actor) -> str:
    """Return whose consents an actor sees alone; "" for everybody's."""
    return "" if actor.may(Permission.READ_CONSENTS) else actor.id


def _read(here: "Deployment", actor: Actor, consent_id: str) -> dict[str, Any]:
    from policies.consents import find_uses

    found = _find_seen(here, actor, consent_id)
    return {**build_consent(found), "assets": list(find_uses(here.database, found.id))}


def _find_seen(here: "Deployment", actor: Actor, consent_id: str) -> "Consent":
    from policies.consents import find_consent

    found = find_consent(here.database, here.tenant, consent_id)
    if find_limit(actor) not in {"", found.recorder_id}:
        raise ConsentNotFoundError("no consent that you recorded has this id")
    return found


def build_consent(consent: "Consent") -> dict[str, Any]:
    """Return what is told of a consent, with whether it stands today: ``stands``, ``expired`` or ``revoked``."""
    today = datetime.now(UTC).date()
    state = "revoked" if consent.revoked_at else "expired" if today > consent.last_day else "stands"
    return {
        "id": consent.id,
        "subject": consent.subject,
        "state": state,
        "for": list(consent.scope),
        "until": str(consent.last_day),
        "photo_sha256": consent.photo_sha256,
        "note": consent.note,
        "recorded_by": consent.recorded_by,
        "recorded_at": consent.recorded_at,
        "ledger_index": consent.ledger_index,
        "revoked_by": consent.revoked_by,
        "revoked_at": consent.revoked_at or None,
        "reason": consent.reason,
    }


def parse_day(unverified: str) -> date:
    """Return the day that a text names.

    Raises:
        PolicyError: it names none.
    """
    try:
        return date.fromisoformat(unverified.strip())
    except ValueError as exc:
        raise PolicyError(f"expected a day such as 2027-06-30, got {unverified[:40]!r}") from exc
