"""What `doctor` says of the line: who walks it, how many wait, and what does not go on."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from api.checks import Check, Level
from policies.fleet import Worker, find_workers
from policies.line.deployment import Deployment
from policies.line.place import Place, find_places

LONG: Final = timedelta(minutes=10)
"""Who waits for so long waits for something."""
_NAMED: Final = 20


def check_fleet(here: Deployment, *, silent_s: float) -> Iterator[Check]:
    """Yield a finding for the workers, the queue, and each asset that does not go on."""
    with here.database.read() as connection:
        workers, places = find_workers(connection), find_places(connection)
    alive = [worker for worker in workers if worker.silent_s < silent_s]
    yield from _check_workers(workers, alive, places)
    yield from _check_keys(alive)
    at_work = sum(place.is_at_work for place in places)
    waiting = len(places) - at_work
    if places:
        since = min(place.queued_at for place in places)
        yield Check("line", Level.OK, f"{waiting} wait and {at_work} are walked; the oldest since {since}")
    yield from _check_stalled(places, has_workers=bool(alive))


def _check_workers(workers: Sequence[Worker], alive: Sequence[Worker], places: Sequence[Place]) -> Iterator[Check]:
    for worker in alive:
        told = f"{worker.id} {worker.version}, {worker.slots} at a time, heard of {worker.silent_s:.0f} s ago"
        yield Check("worker", Level.OK, told)
    for worker in workers:
        if worker not in alive:
            told = f"{worker.id} is silent for {worker.silent_s:.0f} s: what it had waits for another worker to start"
            yield Check("worker", Level.NOTE, told)
    if places and not alive:
        yield Check("worker", Level.NOTE, f"{len(places)} assets wait and nobody walks them: chopmark worker")


def _check_keys(alive: Sequence[Worker]) -> Iterator[Check]:
    """Tell keys that two processes have and that are not the same."""
    holders: dict[str, dict[str, str]] = {}
    for worker in alive:
        for told in worker.keys.split():
            name, _, fingerprint = told.partition("=")
            holders.setdefault(name, {}).setdefault(fingerprint, worker.id)
    for name, found in holders.items():
        if len(found) > 1:
            who = ", ".join(f"{worker} has {fingerprint}" for fingerprint, worker in found.items())
            told = f"{name} is not the same everywhere: {who}; copy it from the host that is right (docs/deploy.md)"
            yield Check("keys", Level.WRONG, told)


def _check_stalled(places: Sequence[Place], *, has_workers: bool) -> Iterator[Check]:
    stopped = [place for place in places if place.stopped]
    for place in stopped[:_NAMED]:
        told = f"{place.asset_id} was stopped ({place.stopped}); each start of a worker tries it again"
        yield Check("stalled", Level.NOTE, told)
    long_ago = (datetime.now(UTC) - LONG).isoformat(timespec="milliseconds")
    late = [place for place in places if not (place.stopped or place.is_at_work) and place.queued_at < long_ago]
    if late and has_workers:
        tries = max(place.tries for place in late)
        told = f"{len(late)} wait for more than {LONG.seconds // 60} minutes, tried up to {tries} times: "
        yield Check("stalled", Level.NOTE, told + late[0].asset_id)
    if more := len(stopped[_NAMED:]):
        yield Check("stalled", Level.NOTE, f"and {more} more were stopped")
