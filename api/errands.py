"""Jobs at services that were ordered over HTTP, gone on with in a thread of the server: asked, fetched, handed in.

Whoever ordered one has its id at once. Each step starts from the job's row and moves it only as it stands, so that
another process may take the next one, and none sends what another has sent. What a service made goes down the line as
a stranger's file does.
"""

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from api.ordering import build_submission, open_gateway, open_jobs, require_ordered
from generation.gateways.base import ProviderBusyError
from generation.gateways.jobs import Job, JobState
from generation.gateways.work import FIRST_PAUSE_S, MOST_PAUSE_S, advance
from policies.line.deployment import Deployment
from provenance.asset import AssetId
from provenance.errors import AssetError, AssetInUseError, GateError
from provenance.journal import Journal, spell_surprise
from provenance.storage.gateway_tables import GATEWAY_JOBS, WAITING
from provenance.storage.secretfile import SecretDirectory
from provenance.tenant import Tenant

if TYPE_CHECKING:
    from api.service import Service
    from api.wiring import Site

KEYED: Final = "http:"
"""What the keys of jobs begin with that were ordered over HTTP; others are gone on with by whoever runs the command."""
LOOK_S: Final = 1.0
CALLBACK_KEY: Final = "callback-key.txt"
SECRET_BYTES: Final = 32
_GOING_ON: Final = tuple(state for state in WAITING if state != JobState.UNSURE.value)
_CONTEXT: Final = b"chopmark callback v1\n"

_log = Journal(__name__)


@dataclass(slots=True)
class Round:
    """When a job is looked at next."""

    at_s: float = 0.0
    pause_s: float = FIRST_PAUSE_S


@dataclass(slots=True)
class Errands:
    """Goes on with jobs.

    Attributes:
        site: whose services and jobs.
        may_be_local: fetch from this machine and its networks too; for tests only.
    """

    site: "Site"
    may_be_local: bool = False
    _woken: threading.Event = field(default_factory=threading.Event)
    _rounds: dict[str, Round] = field(default_factory=dict)

    def wake(self, gateway: str = "") -> None:
        """Have jobs looked at now: all of a service that called back, or one that was just ordered."""
        for one in list(self._rounds.values()) if gateway else ():
            one.at_s = 0.0
        self._woken.set()

    @contextmanager
    def running(self, service: "Service") -> Iterator[None]:
        """Go on with jobs for as long as the block lasts; where no service is set up nobody looks."""
        if not self.site.settings.gateway_options:
            yield
            return
        stopped = threading.Event()

        def work() -> None:
            while not stopped.is_set():
                self._woken.clear()
                try:
                    self.look(service)
                except Exception as exc:  # noqa: BLE001 - the thread goes on for as long as the process does
                    _log.error("jobs could not be looked for, unforeseen", error=spell_surprise(exc))
                self._woken.wait(LOOK_S)

        thread = threading.Thread(target=work, name="errands", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            self._woken.set()
            thread.join()

    def look(self, service: "Service") -> None:
        """Take every job that is due one step on; what fails with one of them is its own."""
        waiting = find_waiting(self.site.deployment)
        for gone in self._rounds.keys() - {job_id for job_id, _ in waiting}:
            del self._rounds[gone]
        for job_id, tenant in waiting:
            due = self._rounds.setdefault(job_id, Round())
            if due.at_s > time.monotonic():
                continue
            due.at_s, due.pause_s = time.monotonic() + due.pause_s, min(due.pause_s * 1.5, MOST_PAUSE_S)
            here = self.site.deployment.tenancy(tenant)
            try:
                with here.leases.hold(name_lease(job_id), wait=False):
                    self._step(service, here, job_id)
            except AssetInUseError:
                continue
            except ProviderBusyError as exc:
                due.at_s = time.monotonic() + max(due.pause_s, exc.wait_s)
            except GateError as exc:
                _log.error("a job could not be gone on with now", job_id=job_id, code=exc.code, error=str(exc))
            except Exception as exc:  # noqa: BLE001 - what one job brings about must not keep the others waiting
                _log.error("a job failed unforeseen", job_id=job_id, error=spell_surprise(exc))

    def _step(self, service: "Service", here: Deployment, job_id: str) -> None:
        jobs = open_jobs(here)
        job = jobs.find(job_id)
        with open_gateway(self.site.settings, job.gateway) as gateway:
            job = advance(jobs, gateway, job, may_be_local=self.may_be_local)
            if job.state is JobState.MADE:
                hand_in(service, here, job)


def find_waiting(here: Deployment) -> list[tuple[str, Tenant]]:
    """Return the jobs of every tenant that were ordered over HTTP and are not over, the oldest first."""
    table = GATEWAY_JOBS.c
    query = select(table.id, table.tenant).where(table.state.in_(_GOING_ON), table.key.startswith(KEYED))
    with here.database.read() as connection:
        return [(row.id, Tenant(row.tenant)) for row in connection.execute(query.order_by(table.created_at))]


def hand_in(service: "Service", here: Deployment, job: Job) -> Job:
    """Hand in what a service made, once: under a key of the job's, however often this is tried."""
    from api.routes.releases import keep_file

    jobs = open_jobs(here)
    order, assets = jobs.load_order(job), []
    packs, submitter = tuple(job.outcome.get("packs", ())), str(job.outcome.get("submitter", ""))
    with open_gateway(service.site.settings, job.gateway) as gateway:
        made = [
            build_submission(job, order, gateway, file, number, packs, submitter)
            for number, file in enumerate(jobs.files(job))
        ]
    try:
        for one in made:
            require_ordered(here, one.unverified_file, order)
        assets = [keep_file(service, here, one, None) for one in made]
    except AssetError as exc:  # what is no asset will never be one
        problem = f"what the service made cannot be taken: {exc}"
        return jobs.move(job, JobState.FAILED, assets=assets, problem=problem) or jobs.find(job.id)
    done = jobs.move(job, JobState.HANDED_IN, assets=assets) or jobs.find(job.id)
    jobs.drop_files(job)
    return done


def name_lease(job_id: str) -> AssetId:
    """Return what is leased while a job is taken one step on."""
    return AssetId(f"errand{job_id.replace('-', '')}"[:36])


def build_callback_token(site: "Site", gateway: str) -> str:
    """Return what stands in the address at which a service calls back: nobody else can know it."""
    key = SecretDirectory(site.settings.keys_dir).read_or_make(CALLBACK_KEY, _make_key)
    return base64.urlsafe_b64encode(hmac.digest(key.strip(), _CONTEXT + gateway.encode(), hashlib.sha256)).decode()[:43]


def _make_key() -> bytes:
    import secrets

    return base64.b64encode(secrets.token_bytes(SECRET_BYTES)) + b"\n"
