"""What the durable line costs a release, and what a fleet of workers brings.

    .venv/bin/python -m bench.durable
    .venv/bin/python -m bench.durable --database postgres

The first table walks the same pictures by `policies.gate.release` and through the line, in one process: half of the former
before and half after, for a worker that waits looks at the queue all the time. Hand over is what a caller waits for besides intake; the walk is what a worker takes, with its notes; the wait for a worker to
look is `line.poll_s` at most, and not counted. The second lets one worker and then four walk a full queue, one asset each
at a time, in processes of their own, with the processor time that each asset takes: where that times the pace is as many
as there are cores, these are what limits it.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.settings import Settings, load_settings
from api.wiring import open_site
from bench.kill_site import build_files, build_overrides
from bench.kills import find_unfinished
from bench.postgres import database_url
from policies import workflow
from policies.fleet import find_workers
from policies.gate import release
from policies.line.deployment import Deployment, Submission
from policies.line.intake import intake
from provenance.asset import AssetId
from provenance.storage.blob import Blob

ROUNDS: Final = 30
FLEET: Final = 4
QUEUED: Final = 24


def measure_overhead(here: Deployment, files: list[bytes], rounds: int) -> list[dict[str, str]]:
    """Return the rows of the first table, medians in milliseconds."""
    blobs = [Blob.from_bytes(files[number % len(files)]) for number in range(rounds)]
    for blob in blobs[: len(files)]:
        walk_directly(here, blob)  # what is read for the first time is not counted
    times = {"direct": [walk_directly(here, blob)["direct"] for blob in blobs[::2]]}
    times |= walk_by_line(here, blobs)
    times["direct"] += [walk_directly(here, blob)["direct"] for blob in blobs[1::2]]
    middle = {name: statistics.median(found) * 1000 for name, found in times.items()}
    by_line = [sum(parts) * 1000 for parts in zip(times["intake"], times["hand over"], times["walk"], strict=True)]
    rows = [{"what": name, "median": f"{value:.1f} ms"} for name, value in middle.items()]
    return [
        *rows,
        {"what": "overhead of the line", "median": f"{statistics.median(by_line) - middle['direct']:.1f} ms"},
    ]


def walk_by_line(here: Deployment, blobs: list[Blob]) -> dict[str, list[float]]:
    """Release each through a worker in this process; return the times of each part in seconds."""
    times: dict[str, list[float]] = {"intake": [], "hand over": [], "walk": []}
    walked: list[float] = []
    attempt = workflow.attempt

    def timed(*given: Any) -> None:
        walked.append(clock(lambda: attempt(*given)))

    workflow.attempt = timed  # type: ignore[assignment]  # put back below
    engine = workflow.Engine(here, "bench-0")
    engine.start()
    try:
        for blob in (blobs[0], *blobs):
            for name, took_s in hand_in(here, blob, walked).items():
                times[name].append(took_s)
    finally:
        workflow.attempt = attempt
        engine.stop(10)
    return {name: found[1:] for name, found in times.items()}


def walk_directly(here: Deployment, file: Blob) -> dict[str, float]:
    """Release as the command line does."""
    return {"direct": clock(lambda: release(here, Submission(file)))}


def hand_in(here: Deployment, file: Blob, walked: list[float]) -> dict[str, float]:
    """Release through the line, and wait for the worker in this process."""
    before, ids = len(walked), list[AssetId]()
    found = {"intake": clock(lambda: ids.append(intake(here, Submission(file))))}
    found["hand over"] = clock(lambda: workflow.enqueue(here, ids[0]))
    while len(walked) == before:
        time.sleep(0.005)
    return {**found, "walk": walked[-1]}


def clock(task: Callable[[], object]) -> float:
    """Return how long a task takes, in seconds."""
    began = time.perf_counter()
    task()
    return time.perf_counter() - began


@dataclass(frozen=True)
class Pace:
    """How fast workers walk.

    Attributes:
        rate: assets a second.
        cpu_s: seconds of a processor that the workers took for each, the database's own apart.
    """

    rate: float
    cpu_s: float

    def tell(self, workers: int, one: "Pace") -> str:
        """Return a line for people: where processors are what limits it, all of them are busy."""
        busy = f"{self.cpu_s:.2f} CPU seconds each, {self.rate * self.cpu_s:.2f} of {os.cpu_count()} cores busy with it"
        return f"{workers} workers              {self.rate:.2f} assets a second, {self.rate / one.rate:.2f} times one; {busy}"


def measure_fleet(settings: Settings, files: list[bytes], workers: int) -> Pace:
    """Return how fast so many workers walk."""
    with open_site(settings) as site:
        here = site.deployment
        ids = [intake(here, Submission(Blob.from_bytes(files[one % len(files)]))) for one in range(QUEUED)]
        running = [start_worker(settings, number) for number in range(workers)]
        while count_workers(here) < workers:
            time.sleep(0.1)
        began, cpu_s = time.monotonic(), sum(map(read_cpu_s, running))
        for one in ids:
            workflow.enqueue(here, one)
        while find_unfinished(here):
            time.sleep(0.05)
        took_s, cpu_s = time.monotonic() - began, sum(map(read_cpu_s, running)) - cpu_s
    for process in running:
        process.terminate()
        process.wait()
    return Pace(QUEUED / took_s, cpu_s / QUEUED)


def read_cpu_s(process: subprocess.Popen[bytes]) -> float:
    """Return how long a process was on a processor so far, in seconds, as Linux tells it."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start_worker(settings: Settings, number: int) -> subprocess.Popen[bytes]:
    """Start a worker of one slot."""
    environment = {
        **os.environ,
        "CHOPMARK_HOME": str(settings.home),
        "CHOPMARK_DATABASE_URL": settings.database_url,
        "CHOPMARK_DETECTORS": ",".join(settings.detectors),
        "CHOPMARK_PACKS": ",".join(settings.packs),
        "CHOPMARK_PACK_FOLDERS": str(settings.pack_folders[0]),
        "CHOPMARK_BACKEND": settings.backend,
        "CHOPMARK_LINE": settings.line.model_dump_json(),
    }
    command = [sys.executable, "-m", "chopmark", "worker", "--number", str(number)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def count_workers(here: Deployment) -> int:
    """Return how many workers said that they are there."""
    with here.database.read() as connection:
        return len(find_workers(connection))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.durable")
    parser.add_argument(
        "--database", default="", help="a URL, or postgres for a server of its own; SQLite unless named"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    with database_url(asked.database) as url, tempfile.TemporaryDirectory(prefix="chopmark-durable-") as folder:
        overrides = build_overrides(slots=1, poll_s=0.1)
        settings, files = (
            load_settings(home=Path(folder) / "home", database_url=url, **overrides),
            build_files(),
        )
        with open_site(settings, quiet=True) as site:
            release(site.deployment, Submission(Blob.from_bytes(files[0])))
            for row in measure_overhead(site.deployment, files, asked.rounds):
                print(f"{row['what']:22} {row['median']}")
        found = {workers: measure_fleet(settings, files, workers) for workers in (1, FLEET)}
    for workers, pace in found.items():
        print(pace.tell(workers, found[1]))


if __name__ == "__main__":
    main()
