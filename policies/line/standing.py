"""Where assets stand on their way down the line, for whoever handed them in: one by its id, or a page of many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Select, exists, func, select

from policies.line.deployment import Deployment
from policies.line.records import LINE, UNREADABLE, Stage, find_decision_body, parse_decision, show_decision
from policies.line.wish import WishState
from policies.rules.decision import Decision
from provenance.asset import AssetId
from provenance.errors import AssetNotFoundError
from provenance.storage.review_tables import JOBS
from provenance.storage.tables import ASSETS, SEALS, TENANTS, WISHES
from provenance.tenant import MAIN, Tenant


class Progress(StrEnum):
    """How far a submission came, in the words of those who wait for it."""

    DRAWING = "drawing"
    """A prompt waits to be drawn, or is; so does a clip that is to be made."""
    SCREENING = "screening"
    SEALING = "sealing"
    PUBLISHING = "publishing"
    RELEASED = "released"
    HELD = "held"
    BLOCKED = "blocked"
    FAILED = "failed"
    """Nothing could be drawn or made."""


FINAL: Final = frozenset({Progress.RELEASED, Progress.HELD, Progress.BLOCKED, Progress.FAILED})
"""Where nothing more happens by itself."""

_BY_STAGE: Final = {
    Stage.ACCEPTED: Progress.SCREENING,
    Stage.DECIDED: Progress.SEALING,
    Stage.RECORDED: Progress.PUBLISHING,
    Stage.PUBLISHED: Progress.RELEASED,
    Stage.HELD: Progress.HELD,
    Stage.BLOCKED: Progress.BLOCKED,
}
_BY_WISH: Final = {
    WishState.WAITING: Progress.DRAWING,
    WishState.DRAWN: Progress.SCREENING,
    WishState.REFUSED: Progress.BLOCKED,
    WishState.FAILED: Progress.FAILED,
}

_WITHHELD: Final = (Stage.HELD.value, Stage.BLOCKED.value, Stage.DECIDED.value)
_HIDDEN: Final = ASSETS.c.stage.in_(_WITHHELD) & exists(
    select(JOBS.c.asset_id).where(JOBS.c.asset_id == ASSETS.c.id, JOBS.c.is_sensitive)
)
"""What only sensitive-queue moderators find."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One submission.

    Attributes:
        asset_id: the asset's, which a wish has before there is one.
        name: as handed in, for people.
        submitter: who did, or "" for the operator.
        progress: how far it came.
        created_at: when it was accepted, RFC 3339.
        decision: the one that counts, or None before the first; never for one of many that are listed.
        seal: the record of what was sealed, {} unless released.
        ledger_index: of the release entry, or None.
        media_type: of what ships, or of what came in; "" where there is no asset yet.
        size_bytes: of what came in; 0 where there is no asset yet.
        sha256: of what ships, or "".
        error: code of what kept it from being drawn, or of why its file is no asset, or "".
    """

    asset_id: AssetId
    name: str
    submitter: str
    progress: Progress
    created_at: str
    decision: Decision | None = None
    seal: Mapping[str, Any] | None = None
    ledger_index: int | None = None
    media_type: str = ""
    size_bytes: int = 0
    sha256: str = ""
    error: str = ""

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.progress in FINAL


def find_standing(
    here: Deployment, asset_id: str, *, submitter: str | None = None, sees_sensitive: bool = True
) -> Standing:
    """Return where an asset, or a wish, of this tenant stands; only what `submitter` handed in where one is named.

    Raises:
        AssetNotFoundError: there is no such one.
    """
    with here.database.read() as connection:
        query = _own(_select(), here.tenant, submitter).where(ASSETS.c.id == asset_id)
        found = connection.execute(query if sees_sensitive else query.where(~_HIDDEN))
        if (row := found.mappings().one_or_none()) is not None:
            body = find_decision_body(connection, AssetId(asset_id))
            decision = None if body is None else parse_decision(body)
            return replace(_read(row, decision), error=_find_fault(decision))
        if not sees_sensitive and connection.execute(select(ASSETS.c.id).where(ASSETS.c.id == asset_id)).first():
            raise AssetNotFoundError(f"expected the id of a release, got {asset_id[:40]!r}: there is none of it here")
        return _read_wish(connection, here.tenant, asset_id, submitter)


def list_standings(
    here: Deployment,
    *,
    most: int,
    before: str = "",
    submitter: str | None = None,
    stages: Sequence[Stage] = (),
    sees_sensitive: bool = True,
) -> tuple[Standing, ...]:
    """Return assets of this tenant, and what is still to be drawn, newest first.

    Args:
        here: the deployment.
        most: how many at most.
        before: go on after this id; "" for the newest.
        submitter: only what they handed in; None for everything.
        stages: only assets that stand there; where empty all, and wishes.
        sees_sensitive: whether also what is withheld and lies in the sensitive queue.
    """
    query = _own(_select(), here.tenant, submitter).order_by(ASSETS.c.id.desc()).limit(most)
    if before:
        query = query.where(ASSETS.c.id < before)
    if not sees_sensitive:
        query = query.where(~_HIDDEN)
    if stages:
        query = query.where(ASSETS.c.stage.in_([stage.value for stage in stages]))
    with here.database.read() as connection:
        found = {row["id"]: _read(row, None) for row in connection.execute(query).mappings()}
        wishes = () if stages else _list_wishes(connection, here.tenant, submitter, before, most)
    found = {**{wish.asset_id: wish for wish in wishes}, **found}
    return tuple(found[key] for key in sorted(found, reverse=True)[:most])


def count_stages(here: Deployment) -> dict[str, int]:
    """Return how many assets of all tenants stand where something is still to happen, by stage, and waiting wishes."""
    left = (Stage.ACCEPTED, Stage.DECIDED, Stage.RECORDED, Stage.HELD)
    with here.database.read() as connection:
        tenants = {MAIN, *connection.execute(select(TENANTS.c.name)).scalars()}
        counts = {stage.value: sum(_count(connection, tenant, stage) for tenant in tenants) for stage in left}
        waiting = select(func.count()).where(WISHES.c.state == WishState.WAITING.value)
        return {**counts, "drawing": connection.execute(waiting).scalar_one()}


def _count(connection: Connection, tenant: str, stage: Stage) -> int:
    query = select(func.count()).where(ASSETS.c.tenant == tenant, ASSETS.c.stage == stage.value)
    return int(connection.execute(query).scalar_one())


def stages_of(progress: Sequence[Progress]) -> tuple[Stage, ...]:
    """Return the stages of assets that came so far."""
    return tuple(stage for stage, reached in _BY_STAGE.items() if reached in progress)


def _list_wishes(
    connection: Connection, tenant: Tenant, submitter: str | None, before: str, most: int
) -> tuple[Standing, ...]:
    """Return what a tenant wants drawn and no asset was made of."""
    query = select(WISHES).where(WISHES.c.tenant == tenant, WISHES.c.state != WishState.DRAWN.value)
    if submitter is not None:
        query = query.where(WISHES.c.submitter == submitter)
    if before:
        query = query.where(WISHES.c.id < before)
    rows = connection.execute(query.order_by(WISHES.c.id.desc()).limit(most)).mappings()
    return tuple(_build_wish(row, None) for row in rows)


def _select() -> Select[Any]:
    seal = (SEALS.c.body.label("seal"), SEALS.c.ledger_index, SEALS.c.sha256.label("sealed_sha256"))
    shipped = SEALS.c.media_type.label("sealed_type")
    return select(ASSETS, *seal, shipped).join(SEALS, SEALS.c.asset_id == ASSETS.c.id, isouter=True)


def _own(query: Select[Any], tenant: Tenant, submitter: str | None) -> Select[Any]:
    query = query.where(ASSETS.c.tenant == tenant)
    return query if submitter is None else query.where(ASSETS.c.submitter == submitter)


def _find_fault(decision: Decision | None) -> str:
    """Return the code for which the line refused a file that is no asset, or ""."""
    codes = {one.code for one in UNREADABLE}
    reasons = () if decision is None or decision.decided_by != LINE else decision.reasons
    return next((reason.rule for reason in reasons if reason.rule in codes), "")


def _read(row: Mapping[Any, Any], decision: Decision | None) -> Standing:
    progress = _BY_STAGE[Stage(row["stage"])]
    is_released = progress is Progress.RELEASED
    return Standing(
        AssetId(row["id"]),
        row["name"],
        row["submitter"],
        progress,
        row["created_at"],
        decision=decision,
        seal=row["seal"] if is_released else {},
        ledger_index=row["ledger_index"] if is_released else None,
        media_type=row["sealed_type"] if is_released else row["media_type"],
        size_bytes=row["size_bytes"],
        sha256=row["sealed_sha256"] if is_released else "",
    )


def _read_wish(connection: Connection, tenant: Tenant, wish_id: str, submitter: str | None) -> Standing:
    query = select(WISHES).where(WISHES.c.id == wish_id, WISHES.c.tenant == tenant)
    row = connection.execute(query).mappings().one_or_none()
    if row is None or submitter not in {None, row["submitter"]}:
        raise AssetNotFoundError(f"expected the id of a release, got {wish_id[:40]!r}: there is none of it here")
    body = row["answer"].get("decision")
    return _build_wish(row, None if body is None else show_decision(AssetId(wish_id), body))


def _build_wish(row: Mapping[Any, Any], decision: Decision | None) -> Standing:
    return Standing(
        AssetId(row["id"]),
        row["body"].get("of_file", {}).get("name", ""),
        row["submitter"],
        _BY_WISH[WishState(row["state"])],
        row["created_at"],
        decision=decision,
        error=row["answer"].get("code", ""),
    )
