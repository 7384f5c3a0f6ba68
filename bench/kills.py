"""`kill -9` of workers and of whoever hands in, at random, under load: what became of everything that was accepted.

    .venv/bin/python -m bench.kills --kills 100
    .venv/bin/python -m bench.kills --kills 100 --database postgres
    .venv/bin/python -m bench.kills --kills 100 --store s3://bucket/kills

Processes are forked from one that has imported everything, so that a kill costs no start-up. At the end every accepted
asset must have one recorded outcome: a final stage, one decision of its packs, one entry for its release if it was
released, and a public file that is the one on record.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from api.settings import Settings, load_settings
from api.wiring import open_site
from api.working import run_worker
from bench.postgres import database_url
from policies import workflow
from policies.gate import release
from policies.line.deployment import Deployment, Submission
from policies.line.intake import intake
from policies.line.place import find_placed
from policies.line.records import FINAL_STAGES
from policies.line.wish import waiting_wishes
from provenance.asset import AssetId, sha256_hex
from provenance.storage.blob import Blob
from provenance.storage.tables import ASSETS, SEALS

FAILED: Final = 70
"""Exit code of a process that ended with an exception."""
IMPORTED: Final = ("alembic.command", "c2pa", "cv2", "dbos", "imagehash", "pdqhash", "policies.line.sealing")
PROMPTS: Final = ("", "", "a poster on how to make a pipe bomb", "a casino roulette table")
WAITING: Final = 6
"""Assets that whoever hands in keeps in the line."""


@dataclass
class Load:
    """What is done to a site.

    Attributes:
        settings: of the site.
        files: pictures that are handed in, one after the other.
        accepted: where each accepted id is noted once it was handed over.
        workers: processes that walk.
        kills: in all.
        dice: when, and whom.
        pauses: between two kills, at least and at most, in seconds.
        grown_s: younger processes, which do nothing yet, are spared where there are others.
    """

    settings: Settings
    files: Sequence[bytes]
    accepted: Path
    workers: int = 2
    kills: int = 100
    dice: random.Random = field(default_factory=lambda: random.Random(12))
    pauses: tuple[float, float] = (0.5, 4.0)
    grown_s: float = 2.0


def run_load(load: Load) -> dict[str, Any]:
    """Kill at random until it was often enough, let the rest finish, and return what became of everything."""
    running = {number: start(lambda number=number: walk(load, number)) for number in range(load.workers)}
    running[-1] = start(lambda: hand_in(load))
    killed: Counter[str] = Counter()
    began = time.monotonic()
    born = dict.fromkeys(running, began)
    try:
        while len(load.accepted.read_text().split()) < WAITING:
            time.sleep(0.05)
        for _ in range(load.kills):
            time.sleep(load.dice.uniform(*load.pauses))
            grown = [one for one in running if time.monotonic() - born[one] > load.grown_s] or list(running)
            whom = load.dice.choice(grown)
            kill(running.pop(whom))
            killed["whoever hands in" if whom < 0 else "worker"] += 1
            task = (lambda: hand_in(load)) if whom < 0 else (lambda whom=whom: walk(load, whom))
            running[whom], born[whom] = start(task), time.monotonic()
        kill(running.pop(-1))
        took_s = time.monotonic() - began
        await_rest(load)
    finally:
        codes = [stop(process) for number, process in running.items() if number >= 0]
    return {"killed": dict(killed), "seconds": round(took_s), "exit_codes": codes, **find_outcomes(load)}


def make_site(load: Load) -> None:
    """Make the site in a process of its own, and import here all that a walk needs.

    What walks an asset has threads afterwards, which a fork would miss.
    """
    for name in IMPORTED:
        import_module(name)

    def make() -> None:
        with open_site(load.settings, quiet=True) as site:
            site.warm()
            release(site.deployment, Submission(Blob.from_bytes(load.files[0])))
            assert site.deployment.line is not None
            site.deployment.line.find_live(["none"])

    code = os.waitstatus_to_exitcode(os.waitpid(start(make), 0)[1])
    if code:
        raise SystemExit(f"the site could not be made: {code}")


def start(task: Callable[[], object]) -> int:
    """Fork a process that does `task`; return its id."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    try:
        code = task()
    except BaseException:
        traceback.print_exc()
        os._exit(FAILED)
    os._exit(code if isinstance(code, int) else 0)


def kill(process: int) -> None:
    """Kill a process.

    Raises:
        RuntimeError: it has failed by itself, as each that is started in its place would.
    """
    os.kill(process, signal.SIGKILL)
    if os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == FAILED:
        raise RuntimeError("a process failed before it was killed: what it wrote to standard error says why")


def stop(process: int) -> int:
    """Tell a worker to stop; return its exit code."""
    os.kill(process, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def walk(load: Load, number: int) -> int:
    """Be a worker."""
    return run_worker(load.settings, number=number, parent=None, tell=lambda _: None)


def hand_in(load: Load) -> None:
    """Hand in until killed; what was accepted is noted."""
    dice = random.Random()
    with open_site(load.settings, finish=False) as site:
        here = site.deployment
        while True:
            with here.database.read() as connection:
                waiting = len(find_placed(connection))
            if waiting >= WAITING:
                time.sleep(0.02)
                continue
            prompt, file = dice.choice(PROMPTS), Blob.from_bytes(dice.choice(load.files))
            key = f"{os.getpid()}-{dice.random()}"
            asset_id = intake(here, Submission(file, prompt=prompt or None, key=key))
            workflow.enqueue(here, asset_id)
            with load.accepted.open("a") as notes:
                notes.write(f"{asset_id}\n")


def await_rest(load: Load, *, wait_s: float = 300.0) -> None:
    """Wait until nothing waits any more.

    Raises:
        TimeoutError: something does.
    """
    give_up = time.monotonic() + wait_s
    with open_site(load.settings, finish=False) as site:
        while time.monotonic() < give_up:
            if not (left := find_unfinished(site.deployment)):
                return
            time.sleep(0.1)
    raise TimeoutError(f"after {wait_s:.0f} s {len(left)} assets are not finished: {sorted(left)[:5]}")


def find_unfinished(here: Deployment) -> frozenset[AssetId]:
    """Return what has a place, or no final stage, or is a prompt that nobody has drawn yet."""
    final = [stage.value for stage in FINAL_STAGES]
    # Prompts first: one that is drawn meanwhile is found as an asset then.
    wished = frozenset(wish_id for wish_id, _ in waiting_wishes(here))
    with here.database.read() as connection:
        rows = connection.execute(select(ASSETS.c.id).where(ASSETS.c.stage.not_in(final))).scalars()
        return wished | find_placed(connection) | frozenset(AssetId(one) for one in rows)


def find_outcomes(load: Load) -> dict[str, Any]:
    """Count what became of everything, and what should not be."""
    accepted = set(load.accepted.read_text().split())
    with open_site(load.settings, finish=False) as site:
        here = site.deployment
        with here.database.read() as connection:
            stages = dict(connection.execute(select(ASSETS.c.id, ASSETS.c.stage)).all())
            sealed = dict(connection.execute(select(SEALS.c.asset_id, SEALS.c.sha256)).all())
        decided, released, by_line = Counter[str](), Counter[str](), Counter[str]()
        for entry in here.log.entries():
            if entry.kind == "decision.made":
                # A seal that does not read back holds what packs released: a second decision, and none of theirs.
                by = {"policy": decided, "line": by_line}.get(json.loads(entry.body)["decided_by"])
                if by is not None:
                    by[entry.subject] += 1
            elif entry.kind == "asset.released":
                released[entry.subject] += 1
        published = {one for one, stage in stages.items() if stage == "published"}
        public: Counter[str] = Counter()
        differing = 0
        for key, _ in here.blobs.public.keys():
            asset_id, _, name = key.partition("/")
            if name.startswith("media"):
                public[asset_id] += 1
                differing += sha256_hex(here.blobs.public.get(key)) != sealed.get(asset_id)
        kept = {key.partition("/")[0] for key, _ in here.blobs.quarantine.keys()}
        return {
            "accepted": len(accepted),
            "assets": len(stages),
            "stages": dict(Counter(stages.values())),
            "given_up": len(by_line),
            "lost": len(accepted - stages.keys()),
            "decided_twice": sum(count > 1 for count in decided.values()),
            "never_decided": len(stages.keys() - decided.keys() - by_line.keys()),
            "released_twice": sum(count > 1 for count in released.values()),
            "released_without_entry": len(published ^ released.keys()),
            "published_twice_or_never": sum(public[one] != 1 for one in published | public.keys()),
            "public_files_that_differ": differing,
            "left_in_quarantine": len(kept & published),
        }


WRONG: Final = (
    "lost",
    "decided_twice",
    "never_decided",
    "released_twice",
    "released_without_entry",
    "published_twice_or_never",
    "public_files_that_differ",
    "left_in_quarantine",
)
"""What has to be 0."""


def main() -> None:
    """Run from the command line, and print what became of everything."""
    from bench.kill_site import add_options, build_files, build_overrides, build_places

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    add_options(parser, workers=2)
    asked = parser.parse_args()
    with database_url(asked.database) as url, tempfile.TemporaryDirectory(prefix="chopmark-kills-") as folder:
        home = Path(folder) / "home"
        settings = load_settings(home=home, database_url=url, **build_places(asked.store), **build_overrides())
        load = Load(
            settings,
            build_files(),
            Path(folder) / "accepted",
            workers=asked.workers,
            kills=asked.kills,
            dice=random.Random(asked.seed),
        )
        if asked.quick:
            load.pauses, load.grown_s = (0.3, 1.5), 1.0
        load.accepted.touch()
        make_site(load)
        found = run_load(load)
    rows = (f"{name:26} {value}" for name, value in found.items())
    print(json.dumps(found) if asked.json else "\n".join(rows))
    sys.exit(any(found[name] for name in WRONG))


if __name__ == "__main__":
    main()
