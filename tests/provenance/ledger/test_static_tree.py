"""The static tree, read by a reader of its own that knows the specification only."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.errors import InconsistentLedgerError, VerificationError
from provenance.ledger.checkpoint import verify_checkpoint
from provenance.ledger.log import Log
from provenance.ledger.note import build_signer
from provenance.ledger.static_tree import write_tiles
from provenance.storage.database import Database


def check(folder, signer):
    """Recompute everything from the entry bundles, and the root from the tiles; return the size."""
    checkpoint = verify_checkpoint((folder / "checkpoint").read_text(), signer.verifier)
    hashes, number = [], 0
    while number * 256 < checkpoint.size:
        width = min(256, checkpoint.size - number * 256)
        bundle = read(folder, "entries", number, width)
        found = []
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            found.append(sha256(b"\x00" + bundle[2 : 2 + length]).digest())
            bundle = bundle[2 + length :]
        assert len(found) == width
        hashes += found
        number += 1
    level = 0
    while hashes:
        for first in range(0, len(hashes), 256):
            part = hashes[first : first + 256]
            assert read(folder, level, first // 256, len(part)) == b"".join(part)
        if len(hashes) <= 256 and level and len(hashes) < 256:
            break
        hashes = [root(hashes[at : at + 256]) for at in range(0, len(hashes) - 255, 256)]
        level += 1
    return checkpoint.size


def read(folder, level, number, width):
    assert number < 1000
    return (folder / "tile" / str(level) / (f"{number:03}" + (f".p/{width}" if width < 256 else ""))).read_bytes()


def root(hashes):
    while len(hashes) > 1:
        hashes = [sha256(b"\x01" + hashes[at] + hashes[at + 1]).digest() for at in range(0, len(hashes), 2)]
    return hashes[0]


def test_the_tree_grows_and_can_be_read_by_others(log, append_many, signer, tmp_path):
    folder = tmp_path / "static"
    appended = 0
    for size in (0, 1, 255, 256, 300, 515):
        append_many(log, size, first=appended)
        appended = size
        assert write_tiles(log, folder).size == size
        assert check(folder, signer) == size
    assert not (folder / "tile" / "0" / "000.p").exists()
    assert not (folder / "tile" / "entries" / "001.p").exists()
    assert (folder / "tile" / "0" / "002.p" / "3").exists()
    assert not list(folder.rglob(".*"))


def test_full_tiles_are_written_once(sqlite_log, append_many, tmp_path):
    append_many(sqlite_log, 256)
    write_tiles(sqlite_log, tmp_path / "static")
    path = tmp_path / "static" / "tile" / "0" / "000"
    before = path.stat().st_mtime_ns
    append_many(sqlite_log, 300, first=256)
    write_tiles(sqlite_log, tmp_path / "static")
    assert path.stat().st_mtime_ns == before


def test_what_a_crash_left_out_is_made_up_for(sqlite_log, append_many, signer, tmp_path):
    append_many(sqlite_log, 300)
    folder = tmp_path / "static"
    write_tiles(sqlite_log, folder)
    (folder / "checkpoint").unlink()
    (folder / "tile" / "entries" / "000").unlink()
    (folder / "tile" / "1" / "000.p" / "1").unlink()
    write_tiles(sqlite_log, folder)
    assert check(folder, signer) == 300


def test_the_tree_of_another_log_is_not_overwritten(sqlite_log, append_many, tmp_path):
    append_many(sqlite_log, 3)
    folder = tmp_path / "static"
    write_tiles(sqlite_log, folder)
    database = Database(f"sqlite:///{tmp_path}/other.db")
    database.migrate()
    for origin, error in (("example.com/other", VerificationError), ("example.com/ledger", InconsistentLedgerError)):
        other = Log(database, build_signer(origin, Ed25519PrivateKey.generate()))
        with pytest.raises(error):
            write_tiles(other, folder)
    (folder / "checkpoint").write_bytes(b"\xff")
    with pytest.raises(VerificationError, match="not a checkpoint"):
        write_tiles(sqlite_log, folder)
    database.close()


def test_bundles_of_what_older_versions_wrote_in_plain_are_published_on_request_alone(
    sqlite_log, append_many, signer, tmp_path
):
    append_many(sqlite_log, 256)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("provenance.ledger.entry.token_bytes", lambda _: b"")
        append_many(sqlite_log, 300, first=256)
    append_many(sqlite_log, 520, first=300)
    folder = tmp_path / "static"
    write_tiles(sqlite_log, folder)
    bundles = {path.relative_to(folder / "tile" / "entries").as_posix() for path in folder.glob("tile/entries/**/*")}
    assert {"000", "002.p/8"} <= bundles
    assert "001" not in bundles
    published = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"asset-" not in published
    write_tiles(sqlite_log, folder, with_old=True)
    assert check(folder, signer) == 520
    assert b"asset-" in (folder / "tile" / "entries" / "001").read_bytes()
