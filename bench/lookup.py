"""How long a lookup by code takes over HTTP among many works: `python -m bench.lookup [WORKS]`.

Works are written straight into the tables, with random codes and without pictures; the server, its ASGI stack, the
socket and the index are the real ones. One client, one request at a time, on the loopback.
"""

import argparse
import logging
import os
import secrets
import tempfile
import threading
import time
from pathlib import Path
from statistics import median, quantiles

import httpx
import structlog
import uvicorn
from sqlalchemy import insert

from api.access.identity import Actor, Role
from api.app import create_app
from provenance.storage.database import utc_now
from provenance.tenant import MAIN
from provenance.works.tables import CODES, WORKS

CHUNK = 50_000
ROUNDS = 400


class Anybody:
    """Lets everybody in, so that what is timed is the lookup."""

    def identify(self, _):
        return Actor("bench", "bench", MAIN, frozenset({Role.AUDITOR}), "key")


def fill(database, works):
    """Write so many works with a random code each; return some of the codes."""
    now, kept = utc_now(), []
    for start in range(0, works, CHUNK):
        numbers = range(start, min(start + CHUNK, works))
        codes = [secrets.token_bytes(32) for _ in numbers]
        kept += codes[:4]
        common = {"tenant": MAIN, "created_at": now}
        with database.write() as connection:
            connection.execute(
                insert(WORKS),
                [
                    {**common, "id": f"w{n}", "title": f"Work {n}", "owner": "Bench", "bank": "works", "status": "active",
                     "claim": {}, "picture_sha256": f"{n:064x}", "ledger_index": n}
                    for n in numbers
                ],
            )  # fmt: skip
            connection.execute(
                insert(CODES),
                [
                    {
                        **common,
                        "collection": "works",
                        "owner_id": f"w{n}",
                        "alg": "pdq",
                        "variant": "plain",
                        "value": code,
                    }
                    for n, code in zip(numbers, codes, strict=True)
                ],
            )
    return kept


def main() -> None:
    """Fill a site, ask, and print one line."""
    parser = argparse.ArgumentParser(prog="python -m bench.lookup")
    parser.add_argument("works", nargs="?", type=int, default=1_000_000)
    works = parser.parse_args().works
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CHOPMARK_HOME"] = str(Path(folder) / "home")
        os.environ["CHOPMARK_DETECTORS"] = "prompt,copyright,incoming_marks"
        app = create_app()
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        app.state.doorkeeper = Anybody()
        here = app.state.service.site.deployment
        here.works.define_bank("works", action="block")
        began = time.perf_counter()
        codes = fill(here.database, works)
        filled_s = time.perf_counter() - began
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
            ask(client, codes[0])  # reads every code once
            here.works.fold()
            ready_s = time.perf_counter() - began - filled_s
            hits, misses = timed(client, codes), timed(client, [secrets.token_bytes(32) for _ in range(ROUNDS)])
            bare = timed_path(client, "/healthz")
        server.should_exit = True
        thread.join()
    print(
        f"{works:,} works, written in {filled_s:.0f} s, index in {ready_s:.1f} s; lookup over HTTP, ms p50 / p99: "
        f"known {tell(hits)}, unknown {tell(misses)}; /healthz of the same server {tell(bare)}"
    )


def ask(client, code):
    answer = client.get("/v1/matches", params={"alg": "pdq", "value": code.hex()})
    answer.raise_for_status()
    return answer.json()["matches"]


def timed(client, codes):
    taken = []
    for n in range(ROUNDS):
        code = codes[n % len(codes)]
        began = time.perf_counter()
        ask(client, code)
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def timed_path(client, path):
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        client.get(path).raise_for_status()
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def tell(taken):
    return f"{median(taken):.1f} / {quantiles(taken, n=100)[98]:.1f}"


if __name__ == "__main__":
    main()
