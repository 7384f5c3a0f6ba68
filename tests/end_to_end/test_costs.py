"""What a release and a verification cost, counted: these numbers may fall, and never grow unnoticed.

Counted on SQLite, in a process that has released before, with BEGIN and PRAGMA. It began with 101 statements, 17
transactions, 8 of them writing, and 15 fsyncs of ours for a release, and 57 statements for a verification.

The nine fsyncs are three for what came in (the file, its new folder, the name of that), three for what was sealed (the
file, its manifest, their folder), one for the memory of the checkpoint, and two for what is public (the new folder and
its name; files and manifest are those of the quarantine under a second name). Each has to come before what follows it.
Six would take other keys: an asset's folder costs a sync of its own name on either side of the store, and a manifest that
is kept beside the file it is in costs one. POSIX promises no name without a sync of the folder that it stands in.
"""

import hashlib
import os
from collections import Counter
from contextlib import contextmanager
from hashlib import sha256

import c2pa
import pdqhash
import pytest
from sqlalchemy import event

from api.wiring import open_site
from policies.gate import release
from provenance.media.picture.image import decode
from provenance.storage.blob import Blob
from tests.sites import build_light_settings, submission


@contextmanager
def counting(site, monkeypatch):
    """Count statements, writing transactions, fsyncs of ours, decodes, hashed bytes, c2pa Readers and PDQ."""
    counts = Counter()
    database, sync, compute = site.deployment.database, os.fsync, pdqhash.compute

    def note(_connection, _cursor, statement, *_):
        counts["writing"] += statement == "BEGIN IMMEDIATE"
        counts["statements"] += 1

    def noting_sync(handle):
        counts["fsyncs"] += 1
        sync(handle)

    def noting_compute(frame):
        counts["pdq"] += 1
        return compute(frame)

    class NotingReader(c2pa.Reader):
        def __init__(self, *args, **kwargs):
            counts["readers"] += 1
            super().__init__(*args, **kwargs)

    class NotingSha256:
        def __init__(self, data=b""):
            self._hash = sha256()
            self.update(data)

        def update(self, data):
            counts["hashed_bytes"] += len(data)
            self._hash.update(data)

        def digest(self):
            return self._hash.digest()

        def hexdigest(self):
            return self._hash.hexdigest()

    def noting_decode(layout, limits):
        counts["decodes"] += 1
        return decode(layout, limits)

    for engine in (database.engine, database.reading):
        event.listen(engine, "before_cursor_execute", note)
    monkeypatch.setattr(c2pa, "Reader", NotingReader)
    monkeypatch.setattr(hashlib, "sha256", NotingSha256)
    monkeypatch.setattr("provenance.media.picture.image.decode", noting_decode)
    monkeypatch.setattr(os, "fsync", noting_sync)
    monkeypatch.setattr(pdqhash, "compute", noting_compute)
    yield counts
    for engine in (database.engine, database.reading):
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
    handed_in = submission(kind=kind, side=256)
    with counting(used, monkeypatch) as counts:
        done = release(used.deployment, handed_in)
    shipped = used.deployment.blobs.public.get(done.public_key)
    assert counts["writing"] <= 5
    assert counts["statements"] <= 45
    assert counts["fsyncs"] <= 9
    assert counts["decodes"] == 2, "what came in, and what ships"
    assert counts["readers"] == 2, "what came in, and what ships"
    # As it came in, as it is taken from quarantine to be looked at and to be sealed; as it ships, and from quarantine.
    assert counts["hashed_bytes"] <= 3 * (handed_in.unverified_file.size_bytes + len(shipped))
    assert counts["pdq"] <= most_codes


def test_what_a_verification_costs(used, monkeypatch):
    done = release(used.deployment, submission(side=256))
    file = Blob.from_bytes(used.deployment.blobs.public.get(done.public_key))
    with counting(used, monkeypatch) as counts:
        used.verifier.verify(file)
    assert counts["writing"] == 0
    assert counts["statements"] <= 15
    assert counts["fsyncs"] == 0
    assert counts["decodes"] == counts["readers"] == 1
    assert counts["pdq"] == 1
