"""The log as a tree of files, which anybody can serve, mirror and check.

Source: c2sp.org/tlog-tiles.
"""

import shutil
from pathlib import Path
from typing import Final

from provenance.errors import VerificationError
from provenance.ledger.checkpoint import Checkpoint, parse_checkpoint, verify_extension
from provenance.ledger.export import write_keys
from provenance.ledger.log import Log
from provenance.ledger.tiles import (
    TILE_WIDTH,
    StoredTree,
    build_bundle,
    build_tile_path,
    list_tiles,
    write_resource,
)

CHECKPOINT: Final = "checkpoint"
"""The one file that changes."""


def write_tiles(log: Log, folder: Path, *, with_old: bool = False) -> Checkpoint:
    """Bring the static tree in `folder` up to the log's newest checkpoint, which is signed if need be.

    Writes what is missing and the checkpoint last, so that a reader never meets a checkpoint without its tiles; run
    again after a crash it goes on. Partial tiles go once the full one is there.

    Args:
        log: to be published.
        folder: where to.
        with_old: also bundles of entries that versions before 0.7 wrote in plain, which show decisions.

    Raises:
        VerificationError: the folder holds the tree of another log.
        InconsistentLedgerError: what was published there is not a beginning of this log.
    """
    checkpoint = log.checkpoint()
    published = _published(log, folder)
    if published is not None:
        proof = log.consistency_proof(published.size, checkpoint.size) if published.size <= checkpoint.size else ()
        verify_extension(published, checkpoint, proof)
    with log.database.read() as connection:
        tree = StoredTree(connection, checkpoint.size)
        for level, number, width in list_tiles(checkpoint.size):
            path = build_tile_path(level, number, width)
            if not (folder / path).exists():
                write_resource(folder, path, b"".join(tree.tile(level, number)))
    for level, number, width in list_tiles(checkpoint.size):
        path = build_tile_path("entries", number, width)
        if level == 0 and not (folder / path).exists():
            first = number * TILE_WIDTH
            entries = list(log.entries(first=first, stop=first + width))
            if with_old or not any(entry.is_old for entry in entries):
                write_resource(folder, path, build_bundle(entries))
    write_keys(log, folder, checkpoint)
    write_resource(folder, CHECKPOINT, checkpoint.note.encode())
    _drop_partial(folder, checkpoint.size)
    return checkpoint


def _published(log: Log, folder: Path) -> Checkpoint | None:
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        note = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        raise VerificationError(f"{path} is not a checkpoint") from exc
    # Not checked by key: the key may have been renewed since, and what counts is that we extend it.
    return parse_checkpoint(note.partition("\n\n")[0] + "\n", log.origin, note)


def _drop_partial(folder: Path, size: int) -> None:
    """Remove partial tiles whose full tile stands, as the specification allows."""
    for level, number, width in list_tiles(size):
        if width == TILE_WIDTH:
            for kind in (level, "entries") if level == 0 else (level,):
                shutil.rmtree(folder / f"{build_tile_path(kind, number)}.p", ignore_errors=True)
