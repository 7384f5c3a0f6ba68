"""Who decided about old cases, and what was pointed out and written about them, goes by rule; the outcome stays.

What stays is what the ledger committed to: outcome, rules, categories, scores. Reviewers become the pseudonyms that the
ledger calls them. Each case leaves a tombstone, appended in the transaction in which it fades; that of evidence says
what is left of the signals, by digest, so that the database stays held against the ledger
(`policies.audit.concordance`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update

from policies.line.deployment import Deployment
from policies.line.records import FINAL_STAGES, Stage, build_signal, find_signals, lock_asset
from policies.review.quality_fading import list_naming
from policies.review.reviewers import REVIEW, find_pseudonyms
from provenance.asset import AssetId, sha256_hex
from provenance.ledger.canonical import canonical_json
from provenance.storage.access_tables import PEOPLE
from provenance.storage.policy_tables import APPEALS
from provenance.storage.review_tables import BATCHES, JOBS, NOTES, OPINIONS
from provenance.storage.tables import ASSETS, DECISIONS, REVIEWERS, REVIEWS, SIGNALS

EVIDENCE_ERASED: Final = "evidence.erased"
"""Kind of the tombstone of what was pointed out and written about a case."""
NAMES_ERASED: Final = "names.erased"
"""Kind of the tombstone of who decided about it."""
PEOPLE_PACK: Final = "review"
"""What the reasons of reviewers have for a pack."""
KEPT_OF_SIGNALS: Final = ("detector", "version", "status", "scores", "looked_at")
NAMING: Final = ((REVIEWS, "reviewer"), (OPINIONS, "reviewer"), (NOTES, "author"), (APPEALS, "decided_by"))
"""Where people are named, by asset."""
_DECIDED: Final = ("upheld", "overturned")


def find_named(here: Deployment, before: str) -> Iterator[str]:
    """Yield the tenant's cases that were last decided before a time and name somebody who had to do with them."""
    theirs = select(REVIEWERS.c.name).where(REVIEWERS.c.tenant == here.tenant)
    query = _select_old(here, before).where(
        ASSETS.c.id.in_(select(REVIEWS.c.asset_id).where(REVIEWS.c.reviewer.in_(theirs)))
        | ASSETS.c.id.in_(select(OPINIONS.c.asset_id).where(OPINIONS.c.reviewer_id != ""))
        | ASSETS.c.id.in_(select(NOTES.c.asset_id).where(NOTES.c.author_id != ""))
        | ASSETS.c.id.in_(select(APPEALS.c.asset_id).where(APPEALS.c.decided_by.in_(theirs)))
    )
    with here.database.read() as connection:
        yield from (str(found) for found in connection.execute(query).scalars().all())


def find_evident(here: Deployment, before: str) -> Iterator[str]:
    """Yield the tenant's cases that were last decided before a time and of which words or evidence are kept."""
    with here.database.read() as connection:
        for asset_id in connection.execute(_select_old(here, before)).scalars().all():
            if _is_evident(connection, AssetId(asset_id)):
                yield str(asset_id)


def erase_names(here: Deployment, asset_id: AssetId, days: float | None) -> None:
    """Have nobody named in what is kept of a case, once its tombstone is on the ledger."""
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        pseudonyms = find_pseudonyms(connection, here.tenant)
        for table, column in NAMING:
            query = select(table.c[column]).where(table.c.asset_id == asset_id).distinct()
            for name in connection.execute(query).scalars().all():
                known = {column: pseudonyms.get(name, name if name in pseudonyms.values() else "")}
                ids = {f"{column}_id": ""} if f"{column}_id" in table.c else {}
                this = (table.c.asset_id == asset_id, table.c[column] == name)
                connection.execute(update(table).where(*this).values({**known, **ids}))
        connection.execute(update(NOTES).where(NOTES.c.asset_id == asset_id).values(mentions=[]))
        nobody = {"holder": "", "holder_id": "", "assigned_by": "", "escalated_by": ""}
        connection.execute(update(JOBS).where(JOBS.c.asset_id == asset_id).values(nobody))
        for row in _find_decisions(connection, asset_id):
            name = str(row.body.get("decided_by", "")).removeprefix(REVIEW)
            if name in pseudonyms:
                body = {**row.body, "decided_by": f"{REVIEW}{pseudonyms[name]}"}
                connection.execute(update(DECISIONS).where(DECISIONS.c.id == row.id).values(body=body))
        _append_stone(here, connection, asset_id, NAMES_ERASED, {"reviewers_days": days})


def erase_evidence(here: Deployment, asset_id: AssetId, days: float | None) -> None:
    """Let go of boxes, spans, excerpts, reasons, notes and what was said in an appeal; scores and outcomes stay."""
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        query = select(SIGNALS.c.detector, SIGNALS.c.body).where(SIGNALS.c.asset_id == asset_id)
        for row in connection.execute(query).all():
            this = (SIGNALS.c.asset_id == asset_id, SIGNALS.c.detector == row.detector)
            connection.execute(update(SIGNALS).where(*this).values(body=_fade(row.body)))
        for decision in _find_decisions(connection, asset_id):
            body = {**decision.body, "reasons": _fade_reasons(decision.body)}
            connection.execute(update(DECISIONS).where(DECISIONS.c.id == decision.id).values(body=body))
        connection.execute(update(REVIEWS).where(REVIEWS.c.asset_id == asset_id).values(reason=""))
        connection.execute(update(OPINIONS).where(OPINIONS.c.asset_id == asset_id).values(reason=""))
        connection.execute(delete(NOTES).where(NOTES.c.asset_id == asset_id))
        heard = (APPEALS.c.asset_id == asset_id, APPEALS.c.state.in_(_DECIDED))
        connection.execute(update(APPEALS).where(*heard).values(text="", statement=""))
        left = [build_signal(one) for one in find_signals(connection, asset_id)]
        facts = {"evidence_days": days, "signals_sha256": sha256_hex(canonical_json(left))}
        _append_stone(here, connection, asset_id, EVIDENCE_ERASED, facts)


def erase_batches(here: Deployment, connection: Connection, before: str, *, names: bool, evidence: bool) -> None:
    """Do the same with batches that were carried out before a time."""
    old = (BATCHES.c.tenant == here.tenant, BATCHES.c.finished_at != "", BATCHES.c.finished_at < before)
    if evidence:
        connection.execute(update(BATCHES).where(*old, BATCHES.c.reason != "").values(reason=""))
    if names:
        for name, pseudonym in find_pseudonyms(connection, here.tenant).items():
            theirs = {"reviewer": pseudonym, "reviewer_id": ""}
            connection.execute(update(BATCHES).where(*old, BATCHES.c.reviewer == name).values(theirs))
            undone = (*old, BATCHES.c.undone_by == name)
            connection.execute(update(BATCHES).where(*undone).values(undone_by=pseudonym))


def forget_reviewers(here: Deployment, connection: Connection) -> int:
    """Drop what the ledger calls those whom nothing names any more and who have no account; return how many."""
    named = [
        select(REVIEWS.c.reviewer).join(ASSETS, ASSETS.c.id == REVIEWS.c.asset_id).where(_own(here)),
        select(OPINIONS.c.reviewer).join(ASSETS, ASSETS.c.id == OPINIONS.c.asset_id).where(_own(here)),
        select(NOTES.c.author).join(ASSETS, ASSETS.c.id == NOTES.c.asset_id).where(_own(here)),
        select(APPEALS.c.decided_by).join(ASSETS, ASSETS.c.id == APPEALS.c.asset_id).where(_own(here)),
        select(BATCHES.c.reviewer).where(BATCHES.c.tenant == here.tenant),
        select(PEOPLE.c.name).where(PEOPLE.c.tenant == here.tenant),
        *list_naming(here),
    ]
    gone = [REVIEWERS.c.name.not_in(query) for query in named]
    return connection.execute(delete(REVIEWERS).where(REVIEWERS.c.tenant == here.tenant, *gone)).rowcount


def _append_stone(
    here: Deployment, connection: Connection, asset_id: AssetId, kind: str, facts: Mapping[str, Any]
) -> None:
    newest = select(DECISIONS.c.id).where(DECISIONS.c.asset_id == asset_id).order_by(DECISIONS.c.sequence.desc())
    decision_id = connection.execute(newest.limit(1)).scalar_one()
    body = {"asset_id": asset_id, "decision_id": decision_id, **facts}
    digest = sha256_hex(canonical_json(body))[:16]
    here.log.append(connection, kind=kind, subject=asset_id, body=body, key=f"{kind}:{decision_id}:{digest}")


def _fade(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a signal's record without what it rests on: which detector gave which scores stays."""
    kept = {name: body[name] for name in KEPT_OF_SIGNALS if name in body}
    findings = [{"category": one["category"], "score": one["score"]} for one in body.get("findings", ())]
    rest: dict[str, Any] = {"evidence": [], "reason": "", "elapsed_ms": body.get("elapsed_ms", 0.0)}
    return {**kept, **rest, **({"findings": findings} if findings else {})}


def _find_decisions(connection: Connection, asset_id: AssetId) -> Sequence[Any]:
    return connection.execute(select(DECISIONS.c.id, DECISIONS.c.body).where(DECISIONS.c.asset_id == asset_id)).all()


def _fade_reasons(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a decision's reasons without the words of people: those of packs stay."""
    return [{**one, "text": ""} if one.get("pack") == PEOPLE_PACK else dict(one) for one in body["reasons"]]


def _is_evident(connection: Connection, asset_id: AssetId) -> bool:
    bodies = connection.execute(select(SIGNALS.c.body).where(SIGNALS.c.asset_id == asset_id)).scalars()
    if any(_fade(body) != dict(body) for body in bodies):
        return True
    decisions = _find_decisions(connection, asset_id)
    if any(_fade_reasons(one.body) != list(one.body["reasons"]) for one in decisions):
        return True
    texts = (
        select(REVIEWS.c.id).where(REVIEWS.c.asset_id == asset_id, REVIEWS.c.reason != ""),
        select(OPINIONS.c.number).where(OPINIONS.c.asset_id == asset_id, OPINIONS.c.reason != ""),
        select(NOTES.c.id).where(NOTES.c.asset_id == asset_id),
        select(APPEALS.c.decision_id).where(
            APPEALS.c.asset_id == asset_id, APPEALS.c.state.in_(_DECIDED), APPEALS.c.text + APPEALS.c.statement != ""
        ),
    )
    return any(connection.execute(query.limit(1)).first() is not None for query in texts)


def _own(here: Deployment) -> Any:  # noqa: ANN401 - SQLAlchemy's own type
    return ASSETS.c.tenant == here.tenant


def _select_old(here: Deployment, before: str) -> Any:  # noqa: ANN401 - SQLAlchemy's own type
    newest = select(func.max(DECISIONS.c.created_at)).where(DECISIONS.c.asset_id == ASSETS.c.id).scalar_subquery()
    through = ASSETS.c.stage.in_([stage.value for stage in FINAL_STAGES if stage is not Stage.HELD])
    waits = select(APPEALS.c.asset_id).where(APPEALS.c.state == "filed")
    wanted = (_own(here), through, newest < before, ASSETS.c.id.not_in(waits))
    return select(ASSETS.c.id).where(*wanted).order_by(ASSETS.c.id)
