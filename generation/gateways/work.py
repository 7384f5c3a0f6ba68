"""Take a job one step on, or wait until it is over: submit, poll with growing pauses, fetch before it expires.

Each step starts from what the row says, so any process may take the next one, and a crash between two of them costs
nothing. What is fetched is a stranger's file: spooled within bounds, from an address that may not lead into our own
network, and never looked at here; the gate does that.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from generation.gateways.base import (
    Gateway,
    Order,
    Output,
    ProviderBusyError,
    ProviderError,
    ProviderUnreadableError,
    ProviderUnsureError,
    Standing,
    State,
)
from generation.gateways.caller import CALL_S as LONGEST_CALL_S
from generation.gateways.jobs import Job, Jobs, JobState
from provenance.errors import AssetTooLargeError, FetchError
from provenance.fetching import fetch
from provenance.journal import Journal
from provenance.storage.blob import Blob, Spool

_log = Journal(__name__)

MOST_BYTES: Final = 1 << 30
"""Of one file that was made."""
FIRST_PAUSE_S: Final = 2.0
MOST_PAUSE_S: Final = 30.0
DEADLINE_S: Final = 3600.0
FETCH_S: Final = 600.0
MOST_STUMBLES: Final = 5
"""So often in a row a service may fail to make sense of itself before its job counts as failed."""
CALL_S: Final = LONGEST_CALL_S + 60
"""After so long a call that is still said to be under way is nobody's, and its service has it or never will."""

_ENDS: Final = {
    State.REFUSED: JobState.REFUSED,
    State.FAILED: JobState.FAILED,
    State.CANCELLED: JobState.CANCELLED,
    State.EXPIRED: JobState.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait, in seconds.

    Attributes:
        first: before the second look; each pause is half as long again.
        most: a pause at most.
        deadline: for one call of `finish`; the job stays as it stands then.
        sleep: how to wait.
        may_be_local: fetch from this machine and its networks too; for tests only.
    """

    first: float = FIRST_PAUSE_S
    most: float = MOST_PAUSE_S
    deadline: float = DEADLINE_S
    sleep: Callable[[float], None] = time.sleep
    may_be_local: bool = False


def finish(jobs: Jobs, gateway: Gateway, job: Job, pace: Pace | None = None) -> Job:
    """Take a job on until what came of it lies in quarantine, or nothing will, or the time is over.

    Returns:
        The job as it stands then: MADE, or over, or, after the deadline, as it was.
    """
    pace = pace or Pace()
    until, pause = time.monotonic() + pace.deadline, pace.first
    while not (job.state.is_over or job.state is JobState.MADE):
        wait_s = pause
        try:
            job = advance(jobs, gateway, job, may_be_local=pace.may_be_local)
        except ProviderBusyError as exc:
            _log.info("a service asks to wait", gateway=gateway.name, job_id=job.id, reason=str(exc))
            wait_s = max(pause, exc.wait_s)
            job = jobs.find(job.id)
        if job.state.is_over or job.state is JobState.MADE:
            break
        if time.monotonic() + wait_s > until:
            break
        pace.sleep(wait_s)
        pause = min(pause * 1.5, pace.most)
    return job


def advance(jobs: Jobs, gateway: Gateway, job: Job, *, may_be_local: bool = False) -> Job:
    """Take a job one step on, and return it as it stands then.

    Raises:
        ProviderBusyError: not now.
    """
    if job.state is JobState.PLANNED:
        return _submit(jobs, gateway, job, may_be_local=may_be_local)
    if job.state is JobState.ASKED:
        return _clear_up(jobs, gateway, job, may_be_local=may_be_local)
    if job.state is JobState.RUNNING:
        return _poll(jobs, gateway, job, may_be_local=may_be_local)
    return job


def cancel(jobs: Jobs, gateway: Gateway, job: Job) -> Job:
    """Give a job up: at once while nothing was sent, else if the service takes it back; returns it as it stands.

    Raises:
        ProviderError: the service does not answer.
    """
    if job.state is JobState.PLANNED or (job.state is JobState.RUNNING and gateway.cancel(job.job)):
        return jobs.move(job, JobState.CANCELLED) or jobs.find(job.id)
    return job


def _submit(jobs: Jobs, gateway: Gateway, job: Job, *, may_be_local: bool) -> Job:
    order = jobs.load_order(job)
    asked = jobs.move(job, JobState.ASKED)  # before the call: what comes next may cost money
    if asked is None:
        return jobs.find(job.id)
    try:
        standing = gateway.submit(order, job.key)
    except ProviderBusyError:
        jobs.move(asked, JobState.PLANNED)
        raise
    except (ProviderUnsureError, ProviderUnreadableError) as exc:
        return _doubt(jobs, gateway, asked, order, str(exc), may_be_local=may_be_local)
    except ProviderError as exc:
        return _settle(jobs, asked, JobState.FAILED, problem=str(exc))
    if standing.state is State.SUCCEEDED:  # as pictures do with most services, which tell their addresses once
        jobs.keep_addresses(asked, [output.url for output in standing.outputs if output.url])
    return _follow(jobs, gateway, asked, standing, may_be_local=may_be_local)


def _clear_up(jobs: Jobs, gateway: Gateway, job: Job, *, may_be_local: bool) -> Job:
    """Go on with a call whose end nobody wrote down."""
    if not _is_old(job) and not gateway.finds:
        raise ProviderBusyError("another process is at work on this job", CALL_S / 4)
    problem = "the process that made the call ended before the answer was kept"
    return _doubt(jobs, gateway, job, jobs.load_order(job), problem, may_be_local=may_be_local)


def _doubt(jobs: Jobs, gateway: Gateway, job: Job, order: Order, problem: str, *, may_be_local: bool) -> Job:
    """Ask the service for the job by our key where it can tell, and send it again only where it has none.

    Raises:
        ProviderBusyError: it has none yet, and the call may still reach it.
    """
    if not gateway.finds:
        _log.warning("a job may have been paid for", gateway=gateway.name, job_id=job.id, reason=problem)
        return _settle(jobs, job, JobState.UNSURE, problem=problem)
    try:
        standing = gateway.find(job.key, order)
    except ProviderBusyError:
        raise
    except ProviderError as exc:
        return _settle(jobs, job, JobState.UNSURE, problem=f"{problem}; asked by its key: {exc}")
    if standing is None and not _is_old(job):
        raise ProviderBusyError(f"{problem}; it does not have the job yet", CALL_S / 4)
    if standing is None:
        return jobs.move(job, JobState.PLANNED) or jobs.find(job.id)
    return _follow(jobs, gateway, job, standing, may_be_local=may_be_local)


def _is_old(job: Job) -> bool:
    """Whether a call that began when the job last changed must be over."""
    return time.time() * 1000 - job.changed_at_ms >= CALL_S * 1000


def _poll(jobs: Jobs, gateway: Gateway, job: Job, *, may_be_local: bool) -> Job:
    if kept := jobs.find_addresses(job):
        standing = Standing(job.job, State.SUCCEEDED, tuple(Output(url=url) for url in kept))
        return _follow(jobs, gateway, job, standing, may_be_local=may_be_local)
    try:
        standing = gateway.poll(job.job)
    except ProviderBusyError:
        raise
    except ProviderError as exc:
        return _stumble(jobs, job, str(exc))
    return _follow(jobs, gateway, job, standing, may_be_local=may_be_local)


def _stumble(jobs: Jobs, job: Job, problem: str) -> Job:
    """Leave a job that is paid for as it stands, a few times: an answer without sense may be the last one.

    Raises:
        ProviderBusyError: not yet too often.
    """
    stumbles = int(job.outcome["stumbles"]) + 1
    if stumbles >= MOST_STUMBLES:
        return _settle(jobs, job, JobState.FAILED, problem=problem)
    jobs.move(job, JobState.RUNNING, stumbles=stumbles, problem=problem)
    raise ProviderBusyError(problem)


def _follow(jobs: Jobs, gateway: Gateway, job: Job, standing: Standing, *, may_be_local: bool) -> Job:
    """Write down how a job stands, after what came of it was taken in."""
    usage = dict(standing.usage) or dict(job.outcome["usage"])
    if not standing.state.is_over:
        moved = jobs.move(job, JobState.RUNNING, name=standing.job, usage=usage, stumbles=0, problem="")
        return moved or jobs.find(job.id)
    if standing.state is not State.SUCCEEDED:
        refusal = None
        if standing.refusal is not None:
            told = standing.refusal
            refusal = {"code": told.code, "categories": list(told.categories), "about": told.about}
        return _settle(
            jobs, job, _ENDS[standing.state], name=standing.job, problem=standing.problem, refusal=refusal, usage=usage
        )
    if not standing.outputs:
        return _settle(
            jobs,
            job,
            JobState.FAILED,
            name=standing.job,
            problem="the service says it is done, and gave nothing",
            usage=usage,
        )
    if not any(output.data for output in standing.outputs):  # so that a crash while fetching asks again
        job = jobs.move(job, JobState.RUNNING, name=standing.job, usage=usage) or jobs.find(job.id)
    try:
        files = [_take(gateway, output, may_be_local=may_be_local) for output in standing.outputs]
    except (FetchError, ProviderBusyError) as exc:
        return _stumble(jobs, job, f"what was made cannot be fetched: {exc}")
    except (ProviderError, AssetTooLargeError) as exc:
        return _settle(jobs, job, JobState.FAILED, name=standing.job, problem=str(exc), usage=usage)
    jobs.keep_files(job, files)
    made = jobs.move(job, JobState.MADE, name=standing.job, usage=usage, files=len(files), problem="")
    return made or jobs.find(job.id)


def _take(gateway: Gateway, output: Output, *, may_be_local: bool) -> Blob:
    if output.data:
        return Blob.from_bytes(output.data)
    if output.url:
        return fetch(output.url, most_bytes=MOST_BYTES, deadline_s=FETCH_S, may_be_local=may_be_local)
    with Spool(most_bytes=MOST_BYTES) as spool, gateway.open(output.path, MOST_BYTES) as chunks:
        for chunk in chunks:
            spool.write(chunk)
        return spool.finish()


def _settle(jobs: Jobs, job: Job, state: JobState, *, name: str = "", **outcome: object) -> Job:
    return jobs.move(job, state, name=name, **outcome) or jobs.find(job.id)
