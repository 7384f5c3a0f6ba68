"""The durable line: submissions wait in a queue, and any number of workers walk them, whichever of them dies.

One small module in front of DBOS, so that all that is not public of it stands here alone. One workflow walks one
asset, one step a stage of `policies.gate`; a step takes the asset's id, and some are noted. What a stage made is in the
stage's own rows, which stay the truth: a workflow that is lost, or begun again under a new ticket, walks the same line
and repeats nothing. Hand over with `enqueue`, look with `status`, call back with `cancel`; a worker runs an `Engine`.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from math import ceil
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from policies.line.attempt import attempt
from policies.line.deployment import Deployment
from policies.line.ending import end_early
from policies.line.notebook import SCHEMA, build_serializer, open_engine, quieten
from policies.line.place import (
    Place,
    count_ahead,
    find_place,
    find_places,
    leave_place,
    renew_ticket,
    take_place,
)
from policies.line.publishing import Result
from policies.line.records import FINAL_STAGES, Stage, asset_row
from policies.line.waiting import Limits, Priority, State, Status
from policies.rules.decision import Outcome
from provenance.asset import AssetId
from provenance.errors import ConfigurationError, DatabaseUnavailableError, NotQueuedError
from provenance.journal import Journal
from provenance.storage.database import Database

if TYPE_CHECKING:
    from dbos import DBOSClient
    from sqlalchemy import Connection
    from sqlalchemy import Engine as DatabaseEngine

APPLICATION: Final = "chopmark"
QUEUE: Final = "line"
WALK: Final = "walk"
LINE_VERSION: Final = "1"
"""Pinned, so that a newer release finishes what an older one began; with other steps than ours, under a new ticket."""

_RESTOCKED: Final = 1000
"""Places that are compared with DBOS's workflows at a time."""
_KEPT: Final = timedelta(hours=1)
_NOTED: Final = frozenset({"withhold", "seal", "publish"})
"""Stages that DBOS notes: those that somebody outside may see. Of the others our rows say all; a note took 2 ms."""
_FORGOTTEN: Final = 500
T = TypeVar("T")

_log = Journal(__name__)


class Line:
    """Hands assets to workers; one for each process, and nothing is opened before the first.

    Args:
        database: migrated; its rows say what became of an asset.
        limits: how much is taken on.
    """

    def __init__(self, database: Database, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._database = database
        self._opening = Lock()
        self._client: DBOSClient | None = None

    @cached_property
    def engine(self) -> "DatabaseEngine":
        """Where DBOS keeps its tables."""
        return open_engine(self._database, pool_size=self.limits.slots + 6)

    def hand_over(self, place: Place, *, delay_s: float = 0.0) -> None:
        """Let whichever worker has room walk an asset, after `delay_s`; a ticket that is known already is left alone.

        Raises:
            DatabaseUnavailableError: it could not be noted; workers find the place by themselves, a little later.
        """
        options: dict[str, Any] = {
            "workflow_name": WALK,
            "queue_name": QUEUE,
            "workflow_id": place.ticket,
            "app_version": LINE_VERSION,
            "priority": place.priority,
            "queue_partition_key": place.tenant,
        }
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        with self._database.telling_errors():
            self.client.enqueue(options, place.asset_id)  # type: ignore[arg-type]  # a TypedDict, filled in two steps

    def withdraw(self, ticket: str) -> None:
        """Let no worker begin under `ticket`."""
        with self._database.telling_errors():
            self.client.cancel_workflow(ticket)

    def find_live(self, tickets: Iterable[str]) -> frozenset[str]:
        """Return those tickets that wait for a worker or have one."""
        states = ["ENQUEUED", "DELAYED", "PENDING"]
        wanted = list(tickets)
        if not wanted:
            return frozenset()
        with self._database.telling_errors():
            found = self.client.list_workflows(workflow_ids=wanted, status=states, load_input=False, load_output=False)
        return frozenset(one.workflow_id for one in found)

    def recover(self, workers: Sequence[str]) -> int:
        """Put what workers had that are gone back into the queue; return how many assets. Twice changes nothing.

        Recovery across machines is sold apart (docs.dbos.dev/production/workflow-recovery); DBOS itself goes on only
        with what its own id had. What is called here admits one runner, whoever asks and however often.

        Args:
            workers: ids of processes that do not run any more.
        """
        from dbos._utils import INTERNAL_QUEUE_NAME

        with self._database.telling_errors():
            notes = self.client._sys_db  # noqa: SLF001 - see above
            had = [one.workflow_id for worker in workers for one in notes.get_pending_workflows(worker, LINE_VERSION)]
            return sum(notes.reenqueue_for_recovery(one, list(workers), INTERNAL_QUEUE_NAME) for one in had)

    def forget_ended(self, *, is_stopped: Callable[[], bool] = lambda: False) -> int:
        """Remove what is kept of workflows that ended an hour ago, some hundreds at a time; return how many.

        Args:
            is_stopped: asked after each of those times; what is left then is removed the next time.
        """
        count = done = self._forget_some()
        while done == _FORGOTTEN and not is_stopped():
            done = self._forget_some()
            count += done
        return count

    def _forget_some(self) -> int:
        states = ["SUCCESS", "ERROR", "CANCELLED"]
        ended = (datetime.now(UTC) - _KEPT).isoformat()
        with self._database.telling_errors():
            found = self.client.list_workflows(
                status=states, completed_before=ended, limit=_FORGOTTEN, load_input=False, load_output=False
            )
            self.client.delete_workflows([one.workflow_id for one in found])
        return len(found)

    @property
    def client(self) -> "DBOSClient":
        """DBOS from outside, with its tables made."""
        with self._opening:
            if self._client is None:
                from dbos import DBOSClient

                quieten()
                with self._database.telling_errors():
                    client = DBOSClient(
                        system_database_engine=self.engine,
                        dbos_system_schema=SCHEMA,
                        serializer=build_serializer(),
                        application_name=APPLICATION,
                        lazy=True,
                        retry_connection_errors=False,
                    )
                    client._sys_db.run_migrations()  # noqa: SLF001 - a client has no public way to make the tables
                self._client = client
            return self._client

    def close(self) -> None:
        """Close what was opened."""
        with self._opening:
            if self._client is not None:
                self._client.destroy()
                self._client = None
            if "engine" in self.__dict__:
                self.engine.dispose()


def enqueue(here: Deployment, asset_id: AssetId, *, priority: int | None = None) -> None:
    """Hand an asset to the workers; one that waits already, or has reached an end, is left alone.

    When this returns the asset's place is kept: it is walked even if this process dies now.

    Args:
        here: the deployment of the asset's tenant.
        asset_id: of an accepted asset, or of one that a moderator has just approved.
        priority: 1 to 9, the lowest first; None for the tenant's own.

    Raises:
        AssetNotFoundError: the tenant has no such asset.
        ConfigurationError: this deployment has no line.
    """
    placing = Placing(here, priority=priority)
    with here.leases.handing_over(asset_id) as give_lease_back, here.database.write() as connection:
        row = asset_row(connection, asset_id, here.tenant)
        if Stage(row["stage"]) in FINAL_STAGES:
            return
        placing(connection, asset_id)
        give_lease_back(connection)
    placing.tell_workers()


class Placing:
    """Hands one new asset to the workers in the transaction that takes it in, and tells them afterwards.

    Args:
        here: the deployment of the asset's tenant.
        priority: as `enqueue` takes it.

    Raises:
        ConfigurationError: this deployment has no line.
    """

    def __init__(self, here: Deployment, *, priority: int | None = None) -> None:
        self._line = _line_of(here)
        self._tenant = here.tenant
        self._priority = int(priority or self._line.limits.priorities.get(here.tenant, Priority.NORMAL))
        self.place: Place | None = None

    def __call__(self, connection: "Connection", asset_id: AssetId) -> None:
        """Keep the asset's place; it is its place as soon as the transaction ends."""
        self.place = take_place(connection, asset_id, self._tenant, self._priority)

    def tell_workers(self) -> None:
        """Have a worker begin soon; where that cannot be noted, workers find the place by themselves a little later."""
        if self.place is None:
            return
        try:
            self._line.hand_over(self.place)
        except DatabaseUnavailableError as exc:
            told = {"asset_id": self.place.asset_id, "error": str(exc)}
            _log.warning("a queued asset waits for a worker to find it", **told)


def status(here: Deployment, asset_id: AssetId) -> Status:
    """Return how it stands with an asset.

    Raises:
        AssetNotFoundError: the tenant has no such asset.
    """
    with here.database.read() as connection:
        stage = Stage(asset_row(connection, asset_id, here.tenant)["stage"])
        place = find_place(connection, asset_id)
        ahead = 0 if place is None or place.is_at_work else count_ahead(connection, place)
    if stage in FINAL_STAGES:
        return Status(State(stage.value), stage)
    if place is None:
        return Status(State.INTERRUPTED, stage)
    if place.stopped:
        return Status(State.STOPPED, stage, place.tries, reason=place.stopped)
    if place.is_at_work:
        return Status(State.AT_WORK, stage, place.tries)
    return Status(State.QUEUED, stage, place.tries, ahead)


def cancel(here: Deployment, asset_id: AssetId, *, reason: str) -> Result:
    """Call back an asset that waits: it is refused, on record, and no worker begins with it.

    Raises:
        AssetInUseError: a worker is at work on it: too late.
        NotQueuedError: it does not wait.
    """
    line = _line_of(here)
    with here.leases.hold(asset_id, wait=False):
        with here.database.read() as connection:
            asset_row(connection, asset_id, here.tenant)
            place = find_place(connection, asset_id)
        if place is None:
            raise NotQueuedError(f"expected an asset that waits in the line, got {asset_id}, which does not")
        result = end_early(here, asset_id, outcome=Outcome.BLOCK, rule="cancelled", text=f"called back: {reason}")
        if result is None:
            raise NotQueuedError(f"the release of {asset_id} is recorded: what is recorded cannot be called back")
        with here.database.write() as connection:
            leave_place(connection, asset_id, place.ticket)
    try:
        line.withdraw(place.ticket)
    except DatabaseUnavailableError as exc:
        _log.warning("a worker will find that it was called back", asset_id=asset_id, error=str(exc))
    return result


def _line_of(here: Deployment) -> Line:
    if here.line is None:
        raise ConfigurationError("this deployment has no line: nothing can be queued")
    return here.line


class Engine:
    """DBOS at work in this process: takes assets out of the queue and walks them. There is one a process.

    Args:
        here: the deployment of any tenant.
        worker: stable and unique id of this process, see `policies.fleet`: two that share one would do a step twice.
    """

    def __init__(self, here: Deployment, worker: str) -> None:
        self._here = here
        self.line = _line_of(here)
        self._worker = worker
        self._cursor = AssetId("")
        self._walking = 0
        self._counting = Lock()
        self._slots = BoundedSemaphore(self.line.limits.slots)

    def start(self) -> None:
        """Begin to take assets; what this worker's id had before it ended, it goes on with first."""
        from dbos import DBOS

        quieten()
        limits, database = self.line.limits, self._here.database
        with database.telling_errors():
            DBOS(
                config={
                    "name": APPLICATION,
                    "executor_id": self._worker,
                    "application_version": LINE_VERSION,
                    "system_database_engine": self.line.engine,
                    "dbos_system_schema": SCHEMA,
                    "serializer": build_serializer(),
                    "use_listen_notify": False,
                    "max_executor_threads": limits.slots + 4,
                    "log_level": "ERROR",
                }
            )
            DBOS.workflow(name=WALK, max_recovery_attempts=None)(partial(self._walk))
            DBOS.launch()
            DBOS.register_queue(
                QUEUE,
                worker_concurrency=limits.slots,
                global_concurrency=limits.most,
                partition_concurrency=limits.most_per_tenant,
                polling_interval_sec=limits.poll_s,
                on_conflict="always_update",
            )
        quieten()

    def restock(self, *, with_stopped: bool = False) -> int:
        """Hand over again what has a place and no workflow, a thousand places at a time; return how many it were.

        DBOS may have forgotten it, ended its workflow with an error, or never have been told.

        Args:
            with_stopped: try again, from the first try, what was stopped.
        """
        with self._here.database.read() as connection:
            places = find_places(connection, after=self._cursor, limit=_RESTOCKED)
        self._cursor = places[-1].asset_id if len(places) == _RESTOCKED else AssetId("")
        idle = [place for place in places if not place.is_at_work and (with_stopped or not place.stopped)]
        live = self.line.find_live(place.ticket for place in idle)
        lost = [place for place in idle if place.stopped or place.ticket not in live]
        for place in lost:
            tries = 0 if place.stopped else None
            with self._here.database.write() as connection:
                renewed = renew_ticket(connection, place.asset_id, place.ticket, tries=tries)
            if renewed is not None:
                self.line.hand_over(renewed)
        return len(lost)

    def stop(self, grace_s: float) -> bool:
        """Take nothing more, and wait so long for what is walked; return whether all of it ended.

        What did not end is given back: others begin with it at once, so this process has to end now.
        """
        from dbos import DBOS

        DBOS.destroy(workflow_completion_timeout_sec=max(1, ceil(grace_s)), destroy_registry=True)
        with self._counting:
            is_done = self._walking == 0
        # What was taken and not begun is given back too; what cannot be now, the others find missing a little later.
        with suppress(DatabaseUnavailableError):
            self.line.recover([self._worker])
        return is_done

    def _walk(self, asset_id: str) -> None:
        from dbos import DBOS

        ticket = DBOS.workflow_id
        assert ticket is not None
        with self._counting:
            self._walking += 1
        try:
            with self._slots:  # DBOS claims for several tenants at once by one count, and so one too many at times
                attempt(self._here, self.line, AssetId(asset_id), ticket, _noted)
        finally:
            with self._counting:
                self._walking -= 1


def _noted(stage: Callable[[Deployment, AssetId], T], here: Deployment, asset_id: AssetId, /) -> T:
    """Carry out a stage as a step of the workflow; what an earlier run has done is asked of the stage itself."""
    from dbos import DBOS

    made: list[T] = []
    if stage.__name__ in _NOTED:
        DBOS.run_step({"name": stage.__name__}, lambda: made.append(stage(here, asset_id)))
    return made[0] if made else stage(here, asset_id)
