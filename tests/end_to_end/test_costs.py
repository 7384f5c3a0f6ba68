"""What a release and a verification cost, counted: these numbers may fall, and never grow unnoticed.

Counted on SQLite, in a process that has released before, with BEGIN and PRAGMA. It began with 101 statements, 17
transactions, 8 of them writing, and 15 fsyncs of ours for a release, and 57 statements for a verification.
"""

import os
from collections import Counter
from contextlib import contextmanager

import pdqhash
import pytest
from sqlalchemy import event

from api.wiring import open_site
from policies.gate import release
from provenance.storage.blob import Blob
from tests.sites import build_light_settings, submission


@contextmanager
def counting(site, monkeypatch):
    """Count statements, writing transactions, fsyncs of ours and PDQ computations."""
    counts = Counter()
    engine, sync, compute = site.deployment.database.engine, os.fsync, pdqhash.compute

    def note(_connection, _cursor, statement, *_):
        counts["writing"] += statement == "BEGIN IMMEDIATE"
        counts["statements"] += 1

    def noting_sync(handle):
        counts["fsyncs"] += 1
        sync(handle)

    def noting_compute(frame):
        counts["pdq"] += 1
        return compute(frame)

    event.listen(engine, "before_cursor_execute", note)
    monkeypatch.setattr(os, "fsync", noting_sync)
    monkeypatch.setattr(pdqhash, "compute", noting_compute)
    yield counts
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def used(tmp_path, monkeypatch):
    """A site that has released before; what looks at the database now and then, whatever is released, rests."""
    monkeypatch.setattr("provenance.storage.lease._LINGER_S", 600.0)
    monkeypatch.setattr("policies.editing.live.REFRESH_S", 600.0)
    with open_site(build_light_settings(tmp_path / "home"), quiet=True) as site:
        release(site.deployment, submission("chelsea.png", side=256))
        yield site


@pytest.mark.parametrize(("kind", "most_codes"), [("PNG", 2), ("JPEG", 3)])
def test_what_a_release_costs(used, monkeypatch, kind, most_codes):
    """PDQ of what came in, of what was marked, and of what ships, where that is not the very pixels that were marked."""
    with counting(used, monkeypatch) as counts:
        release(used.deployment, submission(kind=kind, side=256))
    assert counts["writing"] <= 5
    assert counts["statements"] <= 64
    assert counts["fsyncs"] <= 12
    assert counts["pdq"] <= most_codes


def test_what_a_verification_costs(used, monkeypatch):
    done = release(used.deployment, submission(side=256))
    file = Blob.from_bytes(used.deployment.blobs.public.get(done.public_key))
    with counting(used, monkeypatch) as counts:
        used.verifier.verify(file)
    assert counts["writing"] == 0
    assert counts["statements"] <= 15
    assert counts["fsyncs"] == 0
    assert counts["pdq"] == 1
