"""Audit exports: entries as a file, with all that it takes to check them without us.

An export is a folder: ``entries.<format>``; ``entries.batch-proof``, one proof that all of them are in the tree that
the checkpoint commits to; ``proofs/<index>.tlog-proof`` for each entry, or for chosen ones of a large export;
``manifest.json``, which holds the checkpoint and says what else there is; and ``manifest.note``, the log's signature
over the manifest.
"""

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import file_digest, sha256
from pathlib import Path
from secrets import token_hex
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from provenance.errors import InconsistentLedgerError, LedgerError
from provenance.ledger.checkpoint import Checkpoint
from provenance.ledger.encoding import build_base64
from provenance.ledger.entry import LedgerEntry, format_time
from provenance.ledger.log import Log
from provenance.ledger.merkle import build_batch_proof, build_inclusion_proof, hash_leaf
from provenance.ledger.note import sign_note
from provenance.ledger.proof import SUFFIX, Proof
from provenance.ledger.rows import FORMATS
from provenance.ledger.tiles import StoredTree
from provenance.storage.database import utc_now

EXPORT_FORMAT: Final = "chopmark.ledger-export/1"
BATCH_FORMAT: Final = "chopmark.batch-proof/1"
MANIFEST: Final = "manifest.json"
MANIFEST_NOTE: Final = "manifest.note"
BATCH_PROOF: Final = "entries.batch-proof"
PROOFS: Final = "proofs"

ROW_PROOF_LIMIT: Final = 1_000
"""Up to so many entries each gets a `.tlog-proof` of its own by default; the batch proof covers any number."""

FormatName = Literal["jsonl", "csv", "parquet"]


class ExportManifest(BaseModel):
    """What an export says of itself, as in ``manifest.json``.

    Attributes:
        format: this form of export.
        file, file_format: the entries.
        sha256: of the file, hexadecimal.
        rows: how many entries.
        first_index, last_index: of the first and last entry; None when there are none.
        since, until, kinds: what was asked for; None for everything.
        checkpoint: the signed note that the proofs lead to.
        vkey: the log's verifier key, to compare with the one you trust; never a reason to trust.
        batch_proof_sha256: of ``entries.batch-proof``, hexadecimal.
        row_proofs: indices of the entries that have a `.tlog-proof`.
        created_at: when the export was made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["chopmark.ledger-export/1"]
    file: Literal["entries.jsonl", "entries.csv", "entries.parquet"]
    file_format: FormatName
    sha256: str
    rows: int
    first_index: int | None
    last_index: int | None
    since: str | None
    until: str | None
    kinds: list[str] | None
    checkpoint: str
    vkey: str
    batch_proof_sha256: str
    row_proofs: list[int]
    created_at: str


def export_ledger(
    log: Log,
    folder: Path,
    format: FormatName = "jsonl",  # noqa: A002 - the word that the command line uses
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    kinds: Collection[str] | None = None,
    proofs: Collection[int] | None = None,
) -> ExportManifest:
    """Export entries into `folder`, which appears whole or not at all; of a tenant's log, its own alone.

    Args:
        log: what to export; a checkpoint of all of it is signed first.
        folder: must not exist, or be empty.
        format: ``jsonl``, ``csv`` or ``parquet``.
        since: only entries made at this time or later; with a time zone.
        until: only entries made before this time; with a time zone.
        kinds: only these kinds.
        proofs: indices that get a `.tlog-proof` each; by default all of an export of at most 1,000 entries.

    Raises:
        LedgerError: the format is unknown, the folder is in use, or `proofs` names an entry that is not exported.
        InconsistentLedgerError: the log is not fit to be signed.
        MissingExtraError: Parquet was asked for and pyarrow is not installed.
    """
    if format not in FORMATS:
        raise LedgerError(f"an export is one of {', '.join(FORMATS)}, got {format!r}")
    checkpoint = log.checkpoint()
    with _whole_folder(folder) as staged:
        entries = log.entries(stop=checkpoint.size, since=since, until=until, kinds=kinds)
        indices: list[int] = []
        data = staged / f"entries.{format}"
        FORMATS[format].write(data, _noting(filter(log.is_own, entries), indices))
        chosen = _choose(indices, proofs)
        batch_sha256 = _write_proofs(log, staged, checkpoint, indices, chosen)
        with data.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        manifest = ExportManifest(
            format=EXPORT_FORMAT,
            file=f"entries.{format}",  # type: ignore[arg-type]  # checked against FORMATS above
            file_format=format,
            sha256=digest,
            rows=len(indices),
            first_index=indices[0] if indices else None,
            last_index=indices[-1] if indices else None,
            since=None if since is None else format_time(since),
            until=None if until is None else format_time(until),
            kinds=None if kinds is None else sorted(kinds),
            checkpoint=checkpoint.note,
            vkey=log.signer.vkey,
            batch_proof_sha256=batch_sha256,
            row_proofs=chosen,
            created_at=utc_now(),
        )
        content = manifest.model_dump_json(indent=2).encode() + b"\n"
        (staged / MANIFEST).write_bytes(content)
        note = sign_note(build_manifest_text(log.origin, content), log.signer)
        (staged / MANIFEST_NOTE).write_text(note, encoding="utf-8", newline="")
    return manifest


def build_manifest_text(origin: str, manifest: bytes) -> str:
    """Build the text of the note that signs a manifest; its first line keeps it apart from any checkpoint."""
    return f"{EXPORT_FORMAT}\n{origin}\n{build_base64(sha256(manifest).digest())}\n"


def _noting(entries: Iterator[LedgerEntry], indices: list[int]) -> Iterator[LedgerEntry]:
    for entry in entries:
        if hash_leaf(entry.leaf) != entry.leaf_hash:
            raise InconsistentLedgerError(f"ledger entry {entry.index} was changed after it was appended")
        indices.append(entry.index)
        yield entry


def _choose(indices: Sequence[int], proofs: Collection[int] | None) -> list[int]:
    if proofs is None:
        return list(indices) if len(indices) <= ROW_PROOF_LIMIT else []
    missing = sorted(set(proofs) - set(indices))
    if missing:
        raise LedgerError(f"a proof was asked for entries that are not exported: {missing[:5]}")
    return sorted(set(proofs))


def _write_proofs(log: Log, staged: Path, checkpoint: Checkpoint, indices: Sequence[int], chosen: Sequence[int]) -> str:
    """Write the batch proof and the chosen `.tlog-proof`s; return the batch proof's digest."""
    (staged / PROOFS).mkdir()
    with log.database.read() as connection:
        tree = StoredTree(connection, checkpoint.size)
        for index in chosen:
            hashes = build_inclusion_proof(tree, index, checkpoint.size)
            proof = Proof(index=index, hashes=hashes, checkpoint=checkpoint.note)
            (staged / PROOFS / f"{index}{SUFFIX}").write_text(proof.text, encoding="utf-8", newline="")
        batch = build_batch_proof(tree, indices, checkpoint.size)
    content = "\n".join([BATCH_FORMAT, *(build_base64(item) for item in batch), ""]).encode()
    (staged / BATCH_PROOF).write_bytes(content)
    return sha256(content).hexdigest()


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to fill beside `folder`, and put it in its place when all went well."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LedgerError(f"an export needs a new or empty folder, got {folder}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = folder.parent / f".chopmark-{token_hex(12)}.part"  # whose length does not depend on the folder's
    staged.mkdir()
    try:
        yield staged
        for path in staged.rglob("*"):
            if path.is_file():
                _sync(path)
        staged.replace(folder)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
