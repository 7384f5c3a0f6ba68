"""Jobs at services, so kept that no crash makes one be paid for twice.

A job's row is there, under its key, before the call is made, and says `asked` while the call is under way. Whoever
finds it so later cannot know whether the service took it. Where the service finds jobs by our key it is asked; where
it does not, the job is `unsure` and stays so until a person says what became of it: nothing is sent a second time.
"""

import json
import time
import uuid
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update

from generation.gateways.base import JobSettledError, Kind, Order, QuotaSpentError
from provenance.asset import Digest, sha256_hex
from provenance.errors import AssetNotFoundError, BlobNotFoundError, DamagedRecordError, KeyReusedError
from provenance.storage.blob import Blob
from provenance.storage.database import Database, insert_new, utc_now
from provenance.storage.gateway_tables import GATEWAY_JOBS, WAITING
from provenance.storage.store import Blobs
from provenance.tenant import MAIN, Tenant

_PAGE: Final = 100
_OUTCOME: Final[Mapping[str, Any]] = {
    "problem": "",
    "refusal": None,
    "usage": {},
    "assets": [],
    "files": 0,
    "stumbles": 0,
}


class JobState(StrEnum):
    """How a job stands with us."""

    PLANNED = "planned"
    """Nothing was sent."""
    ASKED = "asked"
    """The call is under way, or whoever made it is gone."""
    RUNNING = "running"
    """The service has it."""
    MADE = "made"
    """What came of it lies in quarantine, not yet handed to the gate."""
    HANDED_IN = "handed_in"
    """The gate has it; what it decides is the asset's."""
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNSURE = "unsure"
    """It may have been taken, and paid for; only a person can tell (`Jobs.settle`)."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it by itself."""
        return self is JobState.UNSURE or self.value not in WAITING


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is kept.

    Attributes:
        id: ours.
        key: chosen by who ordered it; one paid call a key.
        gateway: plugin name.
        kind: what comes of it.
        order_sha256: digest of the order.
        state: how it stands.
        job: the service's name for it.
        outcome: `problem`, `refusal`, `usage`, `assets` (ids), `files` (how many lie in quarantine),
            `stumbles` (how often in a row the service could not be understood or its file not fetched), and what was
            `asked` with it.
        created_at: when it was ordered.
        changed_at_ms: when it last changed.
    """

    id: str
    key: str
    gateway: str
    kind: Kind
    order_sha256: Digest
    state: JobState
    job: str
    outcome: Mapping[str, Any]
    created_at: str
    changed_at_ms: int


class Jobs:
    """The jobs of one tenant.

    Args:
        database: where the rows are.
        quarantine: where orders and what came of them wait.
        tenant: whose.
    """

    def __init__(self, database: Database, quarantine: Blobs, tenant: Tenant = MAIN) -> None:
        self._database, self._quarantine, self._tenant = database, quarantine, tenant

    def plan(
        self, gateway: str, order: Order, key: str = "", *, asked: Mapping[str, Any] | None = None, most_a_day: int = 0
    ) -> Job:
        """Keep an order before anything is sent; the same key and order is the same job.

        Args:
            gateway: who is to do it.
            order: what.
            key: of whoever orders; one is made without.
            asked: what else is kept with it, JSON-able: who ordered, and which packs decide.
            most_a_day: how many jobs this tenant may order between two midnights, UTC; 0 for no bound.

        Raises:
            KeyReusedError: the key stands for another order.
            QuotaSpentError: this one would be one too many; nothing is kept.
        """
        spelled = spell_order(order)
        fresh: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "tenant": self._tenant,
            "key": key or str(uuid.uuid4()),
            "gateway": gateway,
            "kind": order.kind.value,
            "order_sha256": sha256_hex(spelled),
            "state": JobState.PLANNED.value,
            "outcome": {**_OUTCOME, **(asked or {})},
            "created_at": utc_now(),
            "changed_at_ms": _now_ms(),
        }
        self._quarantine.put(_order_key(fresh["id"]), Blob.from_bytes(spelled))
        try:
            with self._database.write() as connection:
                insert_new(connection, GATEWAY_JOBS, fresh)
                row = connection.execute(self._select().where(GATEWAY_JOBS.c.key == fresh["key"])).one()
                if most_a_day and row.id == fresh["id"]:
                    self._verify_quota(connection, most_a_day)
        except QuotaSpentError:
            self._quarantine.delete(_order_key(fresh["id"]))
            raise
        known = _parse(row)
        if known.id != fresh["id"]:
            self._quarantine.delete(_order_key(fresh["id"]))
            if (known.gateway, known.order_sha256) != (gateway, fresh["order_sha256"]):
                raise KeyReusedError(f"the key {key[:40]!r} stands for another order, of {known.created_at}")
        return known

    def find_keyed(self, key: str) -> Job | None:
        """Return the job that was ordered under a key, or None."""
        with self._database.read() as connection:
            row = connection.execute(self._select().where(GATEWAY_JOBS.c.key == key)).one_or_none()
        return None if row is None else _parse(row)

    def count_today(self) -> int:
        """Return how many jobs were ordered since midnight, UTC."""
        with self._database.read() as connection:
            return self._count_today(connection)

    def _verify_quota(self, connection: Connection, most: int) -> None:
        """Count in the transaction that adds one; on PostgreSQL, where two may add at once, one after the other."""
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"gateway_jobs:{self._tenant}"))))
        if self._count_today(connection) > most:
            raise QuotaSpentError(
                f"expected at most {most} jobs a day, and they were ordered: again after midnight, UTC"
            )

    def _count_today(self, connection: Connection) -> int:
        since = GATEWAY_JOBS.c.created_at >= utc_now()[:10]
        query = select(func.count()).select_from(GATEWAY_JOBS).where(GATEWAY_JOBS.c.tenant == self._tenant, since)
        return int(connection.execute(query).scalar_one())

    def load_order(self, job: Job) -> Order:
        """Return the order of a job that is not over.

        Raises:
            BlobNotFoundError: it is gone.
            DamagedRecordError: it is not the one that was kept.
        """
        spelled = self._quarantine.get(_order_key(job.id))
        if sha256_hex(spelled) != job.order_sha256:
            raise DamagedRecordError(f"the order of job {job.id} is not the one that was kept")
        return parse_order(spelled)

    def find(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            AssetNotFoundError: there is none of this tenant.
        """
        with self._database.read() as connection:
            row = connection.execute(self._select().where(GATEWAY_JOBS.c.id == job_id)).one_or_none()
        if row is None:
            raise AssetNotFoundError(f"there is no gateway job {job_id[:60]}")
        return _parse(row)

    def list(self, states: Sequence[JobState] = (), *, before: str = "", limit: int = _PAGE) -> tuple[Job, ...]:
        """Return jobs, newest first, a page at a time.

        Args:
            states: only these; all without.
            before: id of the last job of the page before.
            limit: how many.
        """
        query = self._select().order_by(GATEWAY_JOBS.c.created_at.desc(), GATEWAY_JOBS.c.id.desc()).limit(limit)
        if states:
            query = query.where(GATEWAY_JOBS.c.state.in_([state.value for state in states]))
        if before:
            last = self.find(before)
            older = GATEWAY_JOBS.c.created_at < last.created_at
            same = (GATEWAY_JOBS.c.created_at == last.created_at) & (GATEWAY_JOBS.c.id < last.id)
            query = query.where(older | same)
        with self._database.read() as connection:
            return tuple(_parse(row) for row in connection.execute(query))

    def move(self, job: Job, state: JobState, *, name: str = "", **outcome: Any) -> Job | None:  # noqa: ANN401 - JSON
        """Move a job on, if it still stands as `job` says; None where somebody else has moved it meanwhile."""
        made = replace(
            job,
            state=state,
            job=name or job.job,
            outcome={**job.outcome, **outcome},
            changed_at_ms=max(_now_ms(), job.changed_at_ms + 1),
        )
        columns = {
            "state": made.state.value,
            "job": made.job,
            "outcome": made.outcome,
            "changed_at_ms": made.changed_at_ms,
        }
        this = (GATEWAY_JOBS.c.id == job.id, GATEWAY_JOBS.c.state == job.state.value)
        with self._database.write() as connection:
            same = connection.execute(
                update(GATEWAY_JOBS).where(*this, GATEWAY_JOBS.c.changed_at_ms == job.changed_at_ms).values(**columns)
            )
        if same.rowcount != 1:
            return None
        if state.value not in WAITING:
            self._quarantine.delete(_order_key(job.id))
        if state is not JobState.RUNNING:
            self._quarantine.delete(_addresses_key(job.id))
        return made

    def settle(self, job: Job, name: str = "") -> Job:
        """Say what became of a job that is UNSURE: the service has it as `name`, or never took it.

        Args:
            job: as it was found.
            name: the service's name for it; without one it will be sent, and paid for, again.

        Raises:
            JobSettledError: nobody has to be asked about it, or somebody has said so meanwhile.
        """
        state = JobState.RUNNING if name else JobState.PLANNED
        moved = self.move(job, state, name=name, problem="", stumbles=0) if job.state is JobState.UNSURE else None
        if moved is None:
            raise JobSettledError(f"job {job.id} is {self.find(job.id).state}, not unsure: nothing is to be settled")
        return moved

    def keep_addresses(self, job: Job, urls: Sequence[str]) -> None:
        """Keep where lies what came with the answer to a paid call, for whoever goes on: it is not told again."""
        self._quarantine.put(_addresses_key(job.id), Blob.from_bytes(json.dumps(list(urls)).encode()))

    def find_addresses(self, job: Job) -> tuple[str, ...]:
        """Return the addresses that came with the answer of a job; () where it has to be asked for."""
        try:
            return tuple(json.loads(self._quarantine.get(_addresses_key(job.id))))
        except BlobNotFoundError:
            return ()

    def keep_files(self, job: Job, files: Sequence[Blob]) -> None:
        """Put what came of a job into quarantine, before anything says that it is there."""
        for number, file in enumerate(files):
            self._quarantine.put(_file_key(job.id, number), file)

    def files(self, job: Job) -> tuple[Blob, ...]:
        """Return what came of a job.

        Raises:
            BlobNotFoundError: it is gone.
        """
        return tuple(self._quarantine.open(_file_key(job.id, number)) for number in range(job.outcome["files"]))

    def drop_files(self, job: Job) -> None:
        """Remove what came of a job from its place: the gate has it."""
        for number in range(job.outcome["files"]):
            self._quarantine.delete(_file_key(job.id, number))

    def _select(self) -> Any:  # noqa: ANN401 - SQLAlchemy's own type says less
        return select(GATEWAY_JOBS).where(GATEWAY_JOBS.c.tenant == self._tenant)


def spell_order(order: Order) -> bytes:
    """Return an order as bytes, the same for the same order."""
    fields = {**asdict(order), "source": b64encode(order.source).decode(), "more": dict(order.more)}
    return json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()


def parse_order(spelled: bytes) -> Order:
    """Return the order that `spell_order` spelled.

    Raises:
        DamagedRecordError: it is none.
    """
    try:
        fields = json.loads(spelled)
        return Order(**{**fields, "kind": Kind(fields["kind"]), "source": b64decode(fields["source"])})
    except (ValueError, TypeError, KeyError) as exc:
        raise DamagedRecordError("the order of a gateway job cannot be read") from exc


def _parse(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        key=row.key,
        gateway=row.gateway,
        kind=Kind(row.kind),
        order_sha256=Digest(row.order_sha256),
        state=JobState(row.state),
        job=row.job,
        outcome={**_OUTCOME, **row.outcome},
        created_at=row.created_at,
        changed_at_ms=row.changed_at_ms,
    )


def _now_ms() -> int:
    return int(time.time() * 1000)


def _order_key(job_id: str) -> str:
    return f"{job_id}/order"


def _addresses_key(job_id: str) -> str:
    return f"{job_id}/addresses"


def _file_key(job_id: str, number: int) -> str:
    return f"{job_id}/made-{number}"
