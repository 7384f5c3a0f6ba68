"""`chopmark sweep` from the command line."""

import os
import time


def test_orphans_are_listed_then_binned_then_removed(run, home):
    orphan = home / "quarantine" / "0a" / "original"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"nobody knows me")
    old = time.time() - 3600
    os.utime(orphan, (old, old))
    assert "0a/original" in run("sweep", "--dry-run").words
    assert orphan.exists()
    assert run("sweep", "--json").document["orphans"] == ["0a/original"]
    assert not orphan.exists()
    (binned,) = (home / "quarantine" / "bin").rglob("original")
    assert binned.read_bytes() == b"nobody knows me"
    assert len(run("sweep", "--json").document["waiting"]) == 1
    assert "in the bin: stays" in run("sweep").words
    assert len(run("sweep", "--days", "0", "--json").document["expired"]) == 1
    assert not binned.exists()
