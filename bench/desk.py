"""How long the desk's pages take with many open jobs: `python -m bench.desk [JOBS] [--database postgres]`.

Rows are written straight into the tables; the server, its ASGI stack, the templates, the socket and the database are
the real ones. One client, one request at a time, on the loopback. A third of the jobs has a category of its own, one in
a thousand a rare one; a fifth of the assets was reviewed within the last two weeks, the rest is open.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any, Final

import httpx
from sqlalchemy import create_engine, insert

from api.access.identity import Role
from bench.postgres import OWN
from bench.serving import serving
from policies.line.deployment import Deployment
from policies.review.queue import spell_time
from provenance.storage.review_tables import FACETS, JOBS
from provenance.storage.tables import ASSETS, DECISIONS, REVIEWS
from provenance.tenant import MAIN

CHUNK: Final = 5_000
ROUNDS: Final = 30
PAGES: Final = {
    "overview": "/desk",
    "queue": "/desk/queue",
    "queue, a category": "/desk/queue?category=gore",
    "queue, a rare category": "/desk/queue?category=weapons",
    "queue, a part of a name": "/desk/queue?name=4711",
    "queue by API": "/v1/reviews",
}


def fill(here: Deployment, jobs: int, *, now: datetime) -> None:
    """Write so many assets with a decision and a job; one in five was reviewed."""
    for start in range(0, jobs, CHUNK):
        rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in (ASSETS, DECISIONS, JOBS, FACETS, REVIEWS)}
        for number in range(start, min(start + CHUNK, jobs)):
            _add(rows, number, now - timedelta(seconds=(jobs - number) * 14 * 86_400 / jobs))
        with here.database.write() as connection:
            for table, values in rows.items():
                connection.execute(insert(table), values)
    if not here.database.is_sqlite:
        # As autovacuum does by itself, a little later.
        with create_engine(here.database.engine.url, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _add(rows: Mapping[Any, list[dict[str, Any]]], number: int, moment: datetime) -> None:
    asset_id, at, is_closed = f"{number:08x}-0000-7000-8000-000000000000", spell_time(moment), number % 5 == 0
    category = "weapons" if number % 1000 == 1 else "gore" if number % 3 == 0 else "nudity"
    common = {"asset_id": asset_id, "tenant": MAIN}
    reason = {"pack": "baseline", "rule": category, "outcome": "hold", "clause": "1.2", "text": "seen", "score": 0.7}
    reason |= {"detector": "clip", "category": category, "threshold": 0.5}
    decision = {"id": f"d{number}", "asset_id": asset_id, "outcome": "hold", "reasons": [reason], "obligations": []}
    rows[ASSETS].append(
        {"id": asset_id, "sha256": f"{number:064x}", "media_type": "image/png", "size_bytes": 1, "tenant": MAIN,
         "medium": "picture", "facts": {}, "origin": "submitted", "stage": "published" if is_closed else "held",
         "request": {"packs": [], "context": {}}, "recipe": {}, "has_prompt": False, "name": f"picture-{number}.png",
         "created_at": at, "submitter": f"s{number % 50}"}
    )  # fmt: skip
    rows[DECISIONS].append(
        {"id": f"d{number}", "asset_id": asset_id, "sequence": 0, "outcome": "hold", "created_at": at,
         "body": {**decision, "packs": [], "decided_by": "policy"}}
    )  # fmt: skip
    rows[JOBS].append(
        {**common, "state": "closed" if is_closed else "open", "is_sensitive": number % 50 == 0, "medium": "picture",
         "name": f"picture-{number}.png", "opened_at": at}
    )  # fmt: skip
    for place, detector in enumerate(("clip", "nsfw")):
        facet = {"number": place, "is_open": not is_closed, "detector": detector, "category": category}
        rows[FACETS].append({**common, **facet, "pack": "baseline"})
    if is_closed:
        rows[REVIEWS].append(
            {"id": f"r{number}", "asset_id": asset_id, "decision_id": f"d{number}", "reviewer": f"m{number % 7}",
             "outcome": "release" if number % 2 else "block", "reason": "seen", "created_at": at}
        )  # fmt: skip


@contextmanager
def serving_many(jobs: int, database: str) -> Iterator[httpx.Client]:
    """Give a client of a server that has so many jobs."""
    roles = (Role.ADMIN, Role.SENSITIVE_MODERATOR)
    with serving(*roles, database=database, REVIEW__GRACE_S=0) as (client, here):
        fill(here, jobs, now=datetime.now(UTC))
        yield client


def measure(client: httpx.Client, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Ask for each page; a row each, in milliseconds. CPU is that of server and client, PostgreSQL's own beside it."""
    rows = []
    for name, path in PAGES.items():
        took, busy = [], []
        for _ in range(rounds + 1):
            began, began_cpu = time.perf_counter(), time.process_time()
            client.get(path).raise_for_status()
            took.append(1000 * (time.perf_counter() - began))
            busy.append(1000 * (time.process_time() - began_cpu))
        p50, p99 = median(took[1:]), quantiles(took[1:], n=100)[98]  # the first one warms up
        figures = {"p50 ms": p50, "p99 ms": p99, "CPU ms": median(busy[1:])}
        rows.append({"page": name, "n": rounds, **{key: round(value, 1) for key, value in figures.items()}})
    return rows


def run(jobs: int, database: str, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Fill a site and measure its pages."""
    with serving_many(jobs, database) as client:
        engine = "PostgreSQL" if database else "SQLite"
        return [{"database": engine, "jobs": f"{jobs:,}", **row} for row in measure(client, rounds)]


def main() -> None:
    """Print a line for each page."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk")
    parser.add_argument("jobs", nargs="?", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--database", default="", help=f"a URL, or {OWN} for a server of its own")
    asked = parser.parse_args()
    for row in run(asked.jobs, asked.database, asked.rounds):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
