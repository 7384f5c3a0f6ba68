"""One person is forgotten: the ledger's pseudonym takes the place of their name wherever the tenant's records have it.

What was decided, when and on what it rested stays, and still says who did it by the pseudonym that the ledger has for
them, so that the database goes on being held against the ledger and nobody can be found by it. Files that somebody
handed in go by the tombstones that retention has for them (`policies.line.retention`).

Limits: what people wrote stays as they wrote it, but for `@` mentions: a note that says "ask Mia" still does, until
`retention.evidence_days` takes it. Exports and backups that were made before have what they had.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, delete, select, update

from policies.line.deployment import Deployment
from policies.line.records import Stage
from policies.line.retention import Rules, drop_original
from policies.line.wish import blank_wish_names
from policies.review.judgement import review
from policies.review.note import blind_mentions, spell_handle
from policies.review.reviewers import REVIEW
from policies.review.verdicts import name_person
from policies.rules.decision import Outcome
from provenance.asset import AssetId
from provenance.storage.access_tables import API_KEYS
from provenance.storage.export_tables import EXPORTS
from provenance.storage.policy_tables import APPEALS, CONSENTS, POLICY_CHANGES
from provenance.storage.quality_tables import QUALITY_CASES, QUALITY_DEALS, QUALITY_RULES
from provenance.storage.review_tables import BATCHES, JOBS, NOTES, OPINIONS, WELLNESS
from provenance.storage.tables import ASSETS, DECISIONS, REVIEWERS, REVIEWS
from provenance.storage.webhook_tables import WEBHOOKS

NAMING: Final[tuple[tuple[Table, str], ...]] = (
    (REVIEWS, "reviewer"),
    (OPINIONS, "reviewer"),
    (NOTES, "author"),
    (APPEALS, "decided_by"),
    (JOBS, "holder"),
    (JOBS, "assigned_by"),
    (BATCHES, "reviewer"),
    (BATCHES, "undone_by"),
    (QUALITY_RULES, "updated_by"),
    (QUALITY_CASES, "made_by"),
    (QUALITY_CASES, "settled_by"),
    (QUALITY_DEALS, "holder"),
    (QUALITY_DEALS, "assigned_by"),
    (QUALITY_DEALS, "answered_by"),
    (POLICY_CHANGES, "author"),
    (CONSENTS, "recorded_by"),
    (CONSENTS, "revoked_by"),
    (EXPORTS, "ordered_by"),
    (WEBHOOKS, "created_by"),
    (API_KEYS, "made_by"),
)
"""Where a person who works here is named by a column of their own; a test holds it to the tables."""
IDENTIFYING: Final[tuple[tuple[Table, str], ...]] = (
    (REVIEWS, "reviewer_id"),
    (OPINIONS, "reviewer_id"),
    (NOTES, "author_id"),
    (JOBS, "holder_id"),
    (JOBS, "escalated_by"),
    (BATCHES, "reviewer_id"),
    (QUALITY_CASES, "made_by_id"),
    (QUALITY_DEALS, "reviewer_id"),
    (QUALITY_DEALS, "holder_id"),
    (QUALITY_DEALS, "answered_by_id"),
    (CONSENTS, "recorder_id"),
)
"""Where they stand by an id: that of who decides on the command line is made of their name."""
_CHUNK: Final = 500
_ASKED: Final = "who handed it in asked to be forgotten"


@dataclass(frozen=True, slots=True)
class Uploads:
    """What became of what somebody handed in.

    Attributes:
        refused: held assets that were refused for it.
        deleted: assets whose file and prompt were let go of, each with its tombstone.
        released: assets that are public: their files are for whoever publishes them to take back.
        waiting: assets that are still on their way.
    """

    refused: int = 0
    deleted: int = 0
    released: int = 0
    waiting: int = 0


def blind_decisions(here: Deployment, name: str, pseudonym: str) -> int:
    """Put the pseudonym into every decision that a person made, some hundreds at a time; return how many."""
    count, wanted, after = 0, f"{REVIEW}{name}", ""
    while True:
        query = select(DECISIONS.c.id, DECISIONS.c.body).join(ASSETS, ASSETS.c.id == DECISIONS.c.asset_id)
        query = query.where(ASSETS.c.tenant == here.tenant, DECISIONS.c.sequence > 0, DECISIONS.c.id > after)
        with here.database.read() as connection:
            rows = connection.execute(query.order_by(DECISIONS.c.id).limit(_CHUNK)).all()
        theirs = [row.id for row in rows if row.body.get("decided_by") == wanted]
        if theirs:
            with here.database.write() as connection:
                these = select(DECISIONS.c.id, DECISIONS.c.body).where(DECISIONS.c.id.in_(theirs)).with_for_update()
                for row in connection.execute(these).all():
                    body = {**row.body, "decided_by": f"{REVIEW}{pseudonym}"}
                    connection.execute(update(DECISIONS).where(DECISIONS.c.id == row.id).values(body=body))
        count += len(theirs)
        if len(rows) < _CHUNK:
            return count
        after = rows[-1].id


def blind_records(here: Deployment, connection: Connection, *, name: str, person_id: str, pseudonym: str) -> None:
    """Put the pseudonym in the place of a name in every other record, and give back what its bearer had claimed.

    From then on the pseudonym stands for itself among those whom the ledger speaks of, and nothing leads to the name.

    Args:
        here: the deployment of the person's tenant.
        connection: of `Database.write`.
        name: as records have it.
        person_id: of their account, or "" where they have none.
        pseudonym: what the ledger calls them.
    """
    if person_id:
        _give_back(connection, person_id)
        this = (WELLNESS.c.tenant == here.tenant, WELLNESS.c.person_id == person_id)
        connection.execute(delete(WELLNESS).where(*this))
    for table, column in NAMING:
        this = (_own(here, table), table.c[column] == name)
        connection.execute(update(table).where(*this).values({column: pseudonym}))
    by_line, other = name_person(name).id, name_person(pseudonym).id
    for table, column in IDENTIFYING:
        this = (_own(here, table), table.c[column] == by_line)
        connection.execute(update(table).where(*this).values({column: other}))
    _blind_notes(here, connection, name, pseudonym)
    for table, column in ((QUALITY_CASES, "body"), (QUALITY_DEALS, "notes")):
        for row in connection.execute(select(table.c.id, table.c[column]).where(_own(here, table))).all():
            before = row._mapping[column]  # noqa: SLF001 - public all the same
            after = _blind(before, name, pseudonym)
            if after != before:
                connection.execute(update(table).where(table.c.id == row.id).values({column: after}))
    known = (REVIEWERS.c.tenant == here.tenant, REVIEWERS.c.name == name)
    connection.execute(update(REVIEWERS).where(*known).values(name=pseudonym))


def drop_uploads(here: Deployment, submitter: str, *, by: str) -> Uploads:
    """Let go of files, prompts and file names of what somebody handed in; what is held of it is refused first.

    Each file that goes leaves its tombstone, as by `retention.originals_days`. What is public stays so: who publishes
    it takes it back. Decisions, digests and scores stay.

    Args:
        here: the deployment of the person's tenant.
        submitter: id of the person or key.
        by: who refuses what is held, for the record.
    """
    query = select(ASSETS.c.id).where(ASSETS.c.tenant == here.tenant, ASSETS.c.submitter == submitter)
    with here.database.read() as connection:
        ids = [AssetId(one) for one in connection.execute(query.order_by(ASSETS.c.id)).scalars()]
    found = [_drop_upload(here, one, by) for one in ids]
    with here.database.write() as connection:
        for start in range(0, len(ids), _CHUNK):
            part = ids[start : start + _CHUNK]
            connection.execute(update(ASSETS).where(ASSETS.c.id.in_(part)).values(name=""))
            connection.execute(update(JOBS).where(JOBS.c.asset_id.in_(part)).values(name=""))
            connection.execute(update(QUALITY_CASES).where(QUALITY_CASES.c.asset_id.in_(part)).values(name=""))
        blank_wish_names(here, connection, submitter)
    stages = [stage for stage, _ in found]
    return Uploads(
        refused=sum(was_held for _, was_held in found),
        deleted=stages.count(Stage.BLOCKED),
        released=stages.count(Stage.PUBLISHED),
        waiting=len(stages) - stages.count(Stage.BLOCKED) - stages.count(Stage.PUBLISHED),
    )


def _drop_upload(here: Deployment, asset_id: AssetId, by: str) -> tuple[Stage, bool]:
    """Let go of one file; return where its asset stands, and whether it was held."""
    was_held = _find_stage(here, asset_id) is Stage.HELD
    if was_held:
        review(here, asset_id, outcome=Outcome.BLOCK, reviewer=by, reason=_ASKED)
    stage = _find_stage(here, asset_id)
    if stage is Stage.BLOCKED:
        drop_original(here, asset_id, Rules())
    return stage, was_held


def _find_stage(here: Deployment, asset_id: AssetId) -> Stage:
    with here.database.read() as connection:
        return Stage(connection.execute(select(ASSETS.c.stage).where(ASSETS.c.id == asset_id)).scalar_one())


def _give_back(connection: Connection, person_id: str) -> None:
    nobody = {"holder_id": "", "holder": "", "assigned_by": "", "expires_at_ms": 0}
    for table in (JOBS, QUALITY_DEALS):
        connection.execute(update(table).where(table.c.holder_id == person_id).values(nobody))


def _blind_notes(here: Deployment, connection: Connection, name: str, pseudonym: str) -> None:
    """Take a person out of those whom notes mention; the rest of the words stays."""
    handle, other = spell_handle(name), spell_handle(pseudonym)
    query = select(NOTES.c.id, NOTES.c.text, NOTES.c.mentions).where(_own(here, NOTES), NOTES.c.text.contains("@"))
    for row in connection.execute(query).all():
        if handle in row.mentions:
            mentions = sorted({other if one == handle else one for one in row.mentions})
            values = {"text": blind_mentions(row.text, handle, pseudonym), "mentions": mentions}
            connection.execute(update(NOTES).where(NOTES.c.id == row.id).values(values))


def _blind(value: Any, name: str, pseudonym: str) -> Any:  # noqa: ANN401 - JSON
    """Return a record with the pseudonym wherever the name was all that a text said."""
    if isinstance(value, str):
        known = {name: pseudonym, f"{REVIEW}{name}": f"{REVIEW}{pseudonym}"}
        return (known | {name_person(name).id: name_person(pseudonym).id}).get(value, value)
    if isinstance(value, Mapping):
        return {key: _blind(one, name, pseudonym) for key, one in value.items()}
    return [_blind(one, name, pseudonym) for one in value] if isinstance(value, list | tuple) else value


def _own(here: Deployment, table: Table) -> ColumnElement[bool]:
    """Return what keeps to the tenant's rows: by their own column, or by their asset's."""
    if "tenant" in table.c:
        return table.c.tenant == here.tenant
    return table.c.asset_id.in_(select(ASSETS.c.id).where(ASSETS.c.tenant == here.tenant))


def list_named() -> Iterator[tuple[str, str]]:
    """Yield table and column of `NAMING`, by their names."""
    yield from ((table.name, column) for table, column in NAMING)
