"""`kill -9` at every boundary: nothing is readable that the ledger does not hold, nothing accepted is lost or done twice.

A child process walks assets down the line and kills itself right before or right after one of its durable effects (a
blob stored or removed, a transaction committed); another child then starts up as a user would, and checks. The
boundary moves on by one until a child gets through, over one and the same site.
"""

import importlib
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import alembic.command  # noqa: F401 - imported before forking, so that not every child pays for it
import cv2  # noqa: F401
import llvmlite.binding  # noqa: F401
import pdqhash  # noqa: F401
import pytest
from sqlalchemy import func, select

from api.wiring import open_site
from detectors import prompt
from detectors.segmentation import warm_segmentation
from policies.gate import release
from policies.line.records import FINAL_STAGES
from policies.line.sweeping import unfinished
from policies.rules.loader import find_pack_files, load_named
from provenance.asset import AssetId, sha256_hex
from provenance.storage.database import Database
from provenance.storage.store import Blobs
from provenance.storage.tables import ASSETS, SEALS
from tests.sites import LIGHT_PACKS, build_light_settings, submission

ROOT = Path(__file__).parents[2]

WORDS_ALONE = {"prompt": {"semantics": False}}
"""What blocks here are words: no child loads the encoder that compares meanings, half of what a walk takes."""


class KillAt:
    """Counts durable effects and kills the process at one of them."""

    def __init__(self, boundary):
        self.left = boundary

    def pass_one(self):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function):
        def run(*args, **kwargs):
            self.pass_one()
            answer = function(*args, **kwargs)
            self.pass_one()
            return answer

        return run

    def install(self):
        from contextlib import contextmanager

        for name in ("put", "put_all", "take_over", "delete"):
            setattr(Blobs, name, self.around(getattr(Blobs, name)))
        write = Database.write

        @contextmanager
        def counted(database):
            with write(database) as connection:
                yield connection
                self.pass_one()  # before the commit
            self.pass_one()  # after it

        Database.write = counted


def in_child(function):
    """Run `function` in a forked child; return its exit status, negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            function()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def hand_in(home, accepted, boundary):
    """Walk one asset that is released and one that is withheld; note each id once intake returned it."""
    from policies import gate

    take_in = gate.intake

    def noting(here, handed_in):
        asset_id = take_in(here, handed_in)
        with accepted.open("a") as notes:
            notes.write(f"{asset_id}\n")
        return asset_id

    gate.intake = noting
    with open_site(build_light_settings(home, detector_options=WORDS_ALONE)) as site:
        killer = KillAt(boundary)
        killer.install()
        for handed_in in (
            submission(side=256),
            submission(side=256, prompt="a poster on how to make a pipe bomb"),
        ):
            release(site.deployment, handed_in)


def check(home, accepted):
    """Check right after the crash, then start up as usual and check again."""
    settings = build_light_settings(home)
    database = Database(settings.resolved_database_url())
    verify_public(database, Blobs(str(home / "public")))
    database.close()
    with open_site(settings) as site:
        here = site.deployment
        verify_public(here.database, here.blobs.public)
        ids = {AssetId(line) for line in accepted.read_text().split()} if accepted.exists() else set()
        with here.database.read() as connection:
            stages = dict(connection.execute(select(ASSETS.c.id, ASSETS.c.stage)).all())
            sealed = connection.execute(select(func.count()).select_from(SEALS)).scalar()
        assert ids <= stages.keys(), "an accepted asset was lost"
        assert set(stages.values()) <= {stage.value for stage in FINAL_STAGES}, stages
        decided, done = {}, {}
        for entry in here.log.entries():
            counts = decided if entry.kind == "decision.made" else done
            counts[entry.subject] = counts.get(entry.subject, 0) + 1
        assert decided == dict.fromkeys(stages, 1), "an asset was decided twice or never"
        published = [asset_id for asset_id, stage in stages.items() if stage == "published"]
        assert done == dict.fromkeys(published, 1), "an asset was released twice or without an entry"
        assert sealed == len(published)
        held_back = {key.partition("/")[0] for key, _ in here.blobs.quarantine.keys()}
        assert not held_back & set(published), "a published asset left something in quarantine"
        # What had ended when its process died may keep its row, which nobody waits for: a lease is given back a little later.
        interrupted, at_work = here.leases.look()
        assert (interrupted <= stages.keys(), at_work) == (True, frozenset()), "a dead process still has a lease"
        here.log.checkpoint()


def verify_public(database, public):
    """Every readable file is one that the ledger holds."""
    if "seals" not in database.table_names():
        assert not list(public.keys())
        return
    with database.read() as connection:
        recorded = dict(connection.execute(select(SEALS.c.asset_id, SEALS.c.sha256)).all())
    for key, _ in public.keys():
        asset_id, _, name = key.partition("/")
        assert asset_id in recorded, f"{key} is readable without a record"
        if name.startswith("media"):
            assert sha256_hex(public.get(key)) == recorded[asset_id]


def preload(tmp_path):
    """Import and read here what every child would import and read for itself, a hundred times; starts no thread."""
    names = tmp_path / "names"

    def note():
        hand_in(tmp_path / "first", tmp_path / "first-accepted", -1)
        names.write_text("\n".join(sorted(sys.modules)))

    assert in_child(note) == 0
    for name in names.read_text().split():
        if name not in sys.modules and not name.startswith("__"):
            importlib.import_module(name)
    load_named(tuple(find_pack_files((LIGHT_PACKS,))), (LIGHT_PACKS,))
    prompt._builtin_bank()
    warm_segmentation()


def kill_at_every_boundary(tmp_path):
    home, accepted = tmp_path / "home", tmp_path / "accepted"
    preload(tmp_path)
    for boundary in range(1, 200):
        status = in_child(lambda boundary=boundary: hand_in(home, accepted, boundary))
        assert status in {0, -signal.SIGKILL}, f"boundary {boundary}"
        assert in_child(lambda: check(home, accepted)) == 0, f"after a kill at boundary {boundary}"
        if status == 0:
            break
    else:
        pytest.fail("no run got through")
    assert boundary > 20, "expected more durable effects than that: the counting is broken"


def kill_at_random_moments(tmp_path):
    home, accepted = tmp_path / "home", tmp_path / "accepted"
    dice = random.Random(20)
    for _ in range(8):
        child = os.fork()
        if child == 0:
            hand_in(home, accepted, -1)
            os._exit(0)
        time.sleep(dice.uniform(0.05, 1.5))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert in_child(lambda: check(home, accepted)) == 0


def kill_beside_a_server(tmp_path):
    """Workers die at random moments while a server lives on: it finishes each asset, once, and nobody else's."""
    from api.upkeep import keep_up

    home, accepted, stop = tmp_path / "home", tmp_path / "accepted", tmp_path / "stop"

    def serve():
        with open_site(build_light_settings(home)) as site, keep_up(site.deployment, every_s=0.1):
            for _ in range(6000):
                if stop.exists() and not site.deployment.leases.look()[0] and not unfinished(site.deployment):
                    return
                time.sleep(0.05)
        raise AssertionError("something was never finished")

    server = os.fork()
    if server == 0:
        try:
            serve()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    dice = random.Random(9)
    for _ in range(5):
        workers = []
        for _ in range(2):
            child = os.fork()
            if child == 0:
                hand_in(home, accepted, -1)
                os._exit(0)
            workers.append(child)
        time.sleep(dice.uniform(0.5, 2.5))
        for child in workers:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    stop.touch()
    assert os.waitstatus_to_exitcode(os.waitpid(server, 0)[1]) == 0
    assert in_child(lambda: check(home, accepted)) == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("walk", [kill_at_every_boundary, kill_at_random_moments, kill_beside_a_server])
def test_nothing_is_lost_or_done_twice(walk, tmp_path):
    """In a process of its own: forking one in which other tests have started threads may leave a lock held for ever."""
    code = f"from pathlib import Path; from tests.end_to_end.test_crash import {walk.__name__} as walk; walk(Path({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
