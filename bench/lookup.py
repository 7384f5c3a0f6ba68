"""How long a lookup by code takes over HTTP among many works: `python -m bench.lookup [WORKS]`.

Works are written straight into the tables, with random codes and without pictures; the server, its ASGI stack, the
socket and the index are the real ones. One client, one request at a time, on the loopback.
"""

import argparse
import secrets
import time
from statistics import median, quantiles
from typing import Any

from sqlalchemy import insert

from api.access.identity import Role
from bench.serving import serving
from provenance.storage.database import utc_now
from provenance.tenant import MAIN
from provenance.works.tables import CODES, WORKS

CHUNK = 50_000
ROUNDS = 400


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


def run(works: int = 1_000_000) -> list[dict[str, Any]]:
    """Fill a site and ask; a row for each way, in milliseconds."""
    with serving(Role.AUDITOR) as (client, here):
        here.works.define_bank("works", action="block")
        codes = fill(here.database, works)
        ask(client, codes[0])  # reads every code once
        here.works.fold()
        unknown = [secrets.token_bytes(32) for _ in range(ROUNDS)]
        ways = {"known": timed(client, codes), "unknown": timed(client, unknown)}
        ways["/healthz of the same server"] = timed_path(client, "/healthz")
    return [
        {"lookup": name, "works": f"{works:,}", "n": ROUNDS, "p50 ms": tell(taken).split(" / ")[0],
         "p99 ms": tell(taken).split(" / ")[1]}
        for name, taken in ways.items()
    ]  # fmt: skip


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(prog="python -m bench.lookup")
    parser.add_argument("works", nargs="?", type=int, default=1_000_000)
    for row in run(parser.parse_args().works):
        print(row)


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
