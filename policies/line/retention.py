"""What is let go of once it was kept long enough, each with a tombstone on the ledger, so that the log stays provable.

The ledger never forgets: it holds digests and ids only. What goes are files, prompts and names that lie beside it. A
tombstone says which file went, by its digest, and under which rule; so a file that is missing without one was lost.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, select, update

from policies.line.deployment import Deployment
from policies.line.records import FINAL_STAGES, Stage, asset_row, lock_asset
from policies.line.wish import blank_names
from policies.review import fading, quality_fading
from provenance.asset import AssetId
from provenance.ledger.entry import format_time
from provenance.storage.access_tables import PEOPLE, SESSIONS, SIGN_IN_LINKS
from provenance.storage.quality_tables import QUALITY_CASES, QUALITY_DEALS
from provenance.storage.review_tables import JOBS
from provenance.storage.tables import ASSETS, DECISIONS
from provenance.storage.webhook_tables import WEBHOOK_DELIVERIES, WEBHOOK_EVENTS, WEBHOOKS

ORIGINAL_DELETED: Final = "original.deleted"
"""Kind of the tombstone of a refused asset's file and prompt."""
RETENTION_RUN: Final = "retention.run"
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Rules:
    """How long things are kept, in days; None for as long as the site stands.

    Attributes:
        originals_days: files and prompts of what was refused, after the decision that counts.
        names_days: file names of assets that are through, after they came in.
        events_days: what webhooks were told, after they heard it or were given up.
        sessions_days: sign-ins and sign-in links of people, after they ended.
        reviewers_days: who decided about what is through, after the decision that counts.
        evidence_days: boxes, spans, excerpts, reasons and notes about it, after the same.
    """

    originals_days: float | None = None
    names_days: float | None = None
    events_days: float | None = None
    sessions_days: float | None = None
    reviewers_days: float | None = None
    evidence_days: float | None = None


@dataclass(frozen=True, slots=True)
class Expired:
    """What has been kept long enough.

    Attributes:
        originals: refused assets whose file or prompt is still there.
        names: assets whose file name is still there.
        events: ids of events that webhooks were told.
        sessions: ids of sign-ins that ended.
        reviewers: cases that name who decided about them.
        evidence: cases of which is kept what was pointed out and written.
    """

    originals: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


def find_expired(here: Deployment, rules: Rules, now: datetime | None = None) -> Expired:
    """Return what `let_go` would let go of now, of the tenant."""
    moment = now or datetime.now(UTC)
    return Expired(
        originals=tuple(_find_originals(here, rules.originals_days, moment)),
        names=tuple(_find_names(here, rules.names_days, moment)),
        events=tuple(_find_events(here, rules.events_days, moment)),
        sessions=tuple(_find_sessions(here, rules.sessions_days, moment)),
        reviewers=_find_cases(here, fading.find_named, rules.reviewers_days, moment),
        evidence=_find_cases(here, fading.find_evident, rules.evidence_days, moment),
    )


def let_go(here: Deployment, rules: Rules, now: datetime | None = None) -> Expired:
    """Let go of what was kept long enough; each run that did something is on the ledger.

    A process that dies in between has let go of some of it; the next run goes on.
    """
    moment = now or datetime.now(UTC)
    found = find_expired(here, rules, moment)
    for asset_id in found.originals:
        drop_original(here, AssetId(asset_id), rules)
    _fade(here, found, rules, moment)
    with here.database.write() as connection:
        for part in _chunks(found.names):
            connection.execute(update(ASSETS).where(ASSETS.c.id.in_(part)).values(name=""))
            connection.execute(update(JOBS).where(JOBS.c.asset_id.in_(part)).values(name=""))  # what the queue searches
        if rules.names_days is not None:
            quality_fading.blank_file_names(here, connection, _before(moment, rules.names_days))
            blank_names(here, connection, _before(moment, rules.names_days))
        for part in _chunks(found.events):
            connection.execute(delete(WEBHOOK_DELIVERIES).where(WEBHOOK_DELIVERIES.c.event_id.in_(part)))
            connection.execute(delete(WEBHOOK_EVENTS).where(WEBHOOK_EVENTS.c.id.in_(part)))
        for part in _chunks(found.sessions):
            connection.execute(delete(SESSIONS).where(SESSIONS.c.id.in_(part)))
        if rules.sessions_days is not None:  # with what they were begun by
            old = (
                SIGN_IN_LINKS.c.tenant == here.tenant,
                SIGN_IN_LINKS.c.expires_at < _before(moment, rules.sessions_days),
            )
            connection.execute(delete(SIGN_IN_LINKS).where(*old))
        if found != Expired():
            counts = {name: len(getattr(found, name)) for name in Expired.__dataclass_fields__}
            at = format_time(moment)
            here.log.append(
                connection,
                kind=RETENTION_RUN,
                subject=f"retention-{at}",
                body={"counts": counts, "rules": _spell(rules)},
                key=f"retention:{here.tenant}:{at}",
            )
    here.log.checkpoint()
    return found


def _fade(here: Deployment, found: Expired, rules: Rules, moment: datetime) -> None:
    """Let go of what was pointed out about old cases, and of who decided about them; each leaves its tombstone."""
    for asset_id in found.evidence:
        fading.erase_evidence(here, AssetId(asset_id), rules.evidence_days)
    for asset_id in found.reviewers:
        fading.erase_names(here, AssetId(asset_id), rules.reviewers_days)
    with here.database.write() as connection:
        if rules.evidence_days is not None:
            before = _before(moment, rules.evidence_days)
            fading.erase_batches(here, connection, before, names=False, evidence=True)
            quality_fading.erase_case_words(here, connection, before)
        if rules.reviewers_days is not None:
            before = _before(moment, rules.reviewers_days)
            fading.erase_batches(here, connection, before, names=True, evidence=False)
            quality_fading.erase_case_names(here, connection, before)
            fading.forget_reviewers(here, connection)


def _find_cases(
    here: Deployment, find: Callable[[Deployment, str], Iterator[str]], days: float | None, now: datetime
) -> tuple[str, ...]:
    return () if days is None else tuple(find(here, _before(now, days)))


def build_tombstone_key(asset_id: str) -> str:
    """Return the key of the ledger entry that says that an asset's file was let go of."""
    return f"{ORIGINAL_DELETED}:{asset_id}"


def drop_original(here: Deployment, asset_id: AssetId, rules: Rules) -> None:
    """Put a refused asset's tombstone on the ledger, then delete its file and prompt, and copies that are judged.

    The entry is the same however often this is tried; an asset that is not refused is left alone.
    """
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        row = asset_row(connection, asset_id, here.tenant)
        if row["stage"] != Stage.BLOCKED.value:  # taken up again meanwhile
            return
        here.log.append(
            connection,
            kind=ORIGINAL_DELETED,
            subject=asset_id,
            body={"asset_id": asset_id, "asset_sha256": row["sha256"], "originals_days": rules.originals_days},
            key=build_tombstone_key(asset_id),
        )
    here.log.checkpoint()
    for owner in (asset_id, *_retire_copies(here, asset_id)):
        for key in [key for key, _ in here.blobs.quarantine.keys(f"{owner}/")]:
            here.blobs.quarantine.delete(key)


def _retire_copies(here: Deployment, asset_id: AssetId) -> list[str]:
    """Have copies that moderators are tried with judged no more; return the keys' owners."""
    copies = (QUALITY_CASES.c.asset_id == asset_id, QUALITY_CASES.c.has_file)
    with here.database.write() as connection:
        found = list(connection.execute(select(QUALITY_CASES.c.id).where(*copies)).scalars())
        waits = (QUALITY_DEALS.c.case_id.in_(found), QUALITY_DEALS.c.state == "open")
        connection.execute(update(QUALITY_DEALS).where(*waits).values(state="withdrawn"))
        retired = {"state": "retired", "has_file": False}
        connection.execute(update(QUALITY_CASES).where(QUALITY_CASES.c.id.in_(found)).values(retired))
    return found


def _find_originals(here: Deployment, days: float | None, now: datetime) -> Iterator[str]:
    if days is None:
        return
    newest = select(func.max(DECISIONS.c.created_at)).where(DECISIONS.c.asset_id == ASSETS.c.id).scalar_subquery()
    wanted = (ASSETS.c.stage == Stage.BLOCKED.value, newest < _before(now, days))
    for asset_id in _select_assets(here, *wanted):
        if any(here.blobs.quarantine.keys(f"{asset_id}/")):
            yield asset_id


def _find_names(here: Deployment, days: float | None, now: datetime) -> Iterator[str]:
    if days is not None:
        through = ASSETS.c.stage.in_([stage.value for stage in FINAL_STAGES if stage is not Stage.HELD])
        yield from _select_assets(here, through, ASSETS.c.name != "", ASSETS.c.created_at < _before(now, days))


def _find_events(here: Deployment, days: float | None, now: datetime) -> Iterator[str]:
    if days is None:
        return
    gone = select(WEBHOOKS.c.id).where(WEBHOOKS.c.state == "gone")  # nobody is left to hear it
    waits = (WEBHOOK_DELIVERIES.c.state == "due", WEBHOOK_DELIVERIES.c.webhook_id.not_in(gone))
    due = select(WEBHOOK_DELIVERIES.c.event_id).where(*waits)
    query = select(WEBHOOK_EVENTS.c.id).where(
        WEBHOOK_EVENTS.c.tenant == here.tenant,
        WEBHOOK_EVENTS.c.created_at < _before(now, days),
        WEBHOOK_EVENTS.c.id.not_in(due),
    )
    with here.database.read() as connection:
        yield from connection.execute(query.order_by(WEBHOOK_EVENTS.c.id)).scalars().all()


def _find_sessions(here: Deployment, days: float | None, now: datetime) -> Iterator[str]:
    if days is None:
        return
    theirs = select(PEOPLE.c.id).where(PEOPLE.c.tenant == here.tenant)
    ended = func.coalesce(SESSIONS.c.revoked_at, SESSIONS.c.expires_at)
    query = select(SESSIONS.c.id).where(SESSIONS.c.person_id.in_(theirs), ended < _before(now, days))
    with here.database.read() as connection:
        yield from connection.execute(query.order_by(SESSIONS.c.id)).scalars().all()


def _select_assets(here: Deployment, *wanted: ColumnElement[bool]) -> list[str]:
    query = select(ASSETS.c.id).where(ASSETS.c.tenant == here.tenant, *wanted).order_by(ASSETS.c.id)
    with here.database.read() as connection:
        return [str(found) for found in connection.execute(query).scalars()]


def _before(now: datetime, days: float) -> str:
    return format_time(now - timedelta(days=days))


def _chunks(items: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))


def _spell(rules: Rules) -> dict[str, Any]:
    given = {name: getattr(rules, name) for name in Rules.__dataclass_fields__}
    return {name: value for name, value in given.items() if value is not None}
