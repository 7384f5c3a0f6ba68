"""Audit exports: entries as a file, with all that it takes to check them without us.

An export is a folder: ``entries.<format>``; ``entries.batch-proof``, one proof that all of them are in the tree that
the checkpoint commits to; ``proofs/<index>.tlog-proof`` for each entry, or for chosen ones of a large export; whatever
else was made of the entries (`provenance.ledger.attachments`); ``ledger-keys.json`` where the log has had more than
one key (`provenance.ledger.handover`); ``manifest.json``, which holds the checkpoint and says
what else there is; and ``manifest.note``, the log's signature over the manifest.
"""

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from provenance.errors import InconsistentLedgerError, LedgerError
from provenance.ledger.attachments import Attachment, build_attachments, digest_file
from provenance.ledger.checkpoint import Checkpoint
from provenance.ledger.encoding import build_base64
from provenance.ledger.entry import LedgerEntry
from provenance.ledger.handover import KEYS_FILE, build_history
from provenance.ledger.log import Log
from provenance.ledger.merkle import build_batch_proof, build_inclusion_proof, hash_leaf
from provenance.ledger.note import sign_note
from provenance.ledger.proof import SUFFIX, Proof
from provenance.ledger.rows import FORMATS
from provenance.ledger.selection import EVERYTHING, Claim, Selection, find_claim
from provenance.ledger.tiles import StoredTree
from provenance.storage.database import utc_now

EXPORT_FORMAT: Final = "chopmark.ledger-export/3"
SECOND_FORMAT: Final = "chopmark.ledger-export/2"
"""Of versions before 0.7: no entry has a salt."""
FIRST_FORMAT: Final = "chopmark.ledger-export/1"
"""Of versions before 0.4: without scope, claim, range and attachments."""
BATCH_FORMAT: Final = "chopmark.batch-proof/1"
MANIFEST: Final = "manifest.json"
MANIFEST_NOTE: Final = "manifest.note"
BATCH_PROOF: Final = "entries.batch-proof"
PROOFS: Final = "proofs"

ROW_PROOF_LIMIT: Final = 1_000
"""Up to so many entries each gets a `.tlog-proof` of its own by default; the batch proof covers any number."""

TOLD_EVERY: Final = 500
"""Rows between two words of progress."""

FormatName = Literal["jsonl", "csv", "parquet"]
Scope = Literal["site", "tenant"]


class ExportManifest(BaseModel):
    """What an export says of itself, as in ``manifest.json``.

    Attributes:
        format: this form of export.
        file, file_format: the entries.
        sha256: of the file, hexadecimal.
        rows: how many entries.
        first_index, last_index: of the first and last entry; None when there are none.
        since, until, kinds, subject, first, stop, outcomes, packs: what was asked for, see `Selection`.
        scope: "site" for entries of every tenant, "tenant" for those of one.
        tenant: the pseudonym of that one, "" for the main tenant.
        claim: what the rows show, a key of `selection.CLAIMS`.
        attachments: what else is there.
        checkpoint: the signed note that the proofs lead to.
        vkey: the log's verifier key, to compare with the one you trust; never a reason to trust.
        batch_proof_sha256: of ``entries.batch-proof``, hexadecimal.
        row_proofs: indices of the entries that have a `.tlog-proof`.
        created_at: when the export was made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["chopmark.ledger-export/1", "chopmark.ledger-export/2", "chopmark.ledger-export/3"]
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
    subject: str = ""
    first: int = 0
    stop: int | None = None
    outcomes: list[str] = []
    packs: list[str] = []
    scope: Scope = "site"
    tenant: str = ""
    claim: Claim = "rows"
    attachments: list[Attachment] = []

    @property
    def is_range(self) -> bool:
        """Whether indices alone were asked for, so that no row may be missing between the first and the last."""
        filters = (self.since, self.until, self.kinds)
        return (
            all(one is None for one in filters)
            and not (self.subject or self.outcomes or self.packs)
            and (self.scope == "site" or self.claim != "rows")
        )


def export_ledger(
    log: Log,
    folder: Path,
    format: FormatName = "jsonl",  # noqa: A002 - the word that the command line uses
    *,
    selection: Selection = EVERYTHING,
    proofs: Collection[int] | None = None,
    attach: Callable[[Path], None] | None = None,
    tell: Callable[[int], None] | None = None,
) -> ExportManifest:
    """Export entries into `folder`, which appears whole or not at all; of a tenant's log, its own alone.

    Args:
        log: what to export; a checkpoint of all of it is signed first.
        folder: must not exist, or be empty.
        format: ``jsonl``, ``csv`` or ``parquet``.
        selection: which entries; of the main tenant's log by default those of every tenant.
        proofs: indices that get a `.tlog-proof` each; by default all of an export of at most 1,000 entries.
        attach: writes more files into the folder that it is given, where the rows are by then.
        tell: is told now and again how many rows there are; what it raises ends the export.

    Raises:
        LedgerError: the format is unknown, the folder is in use, or `proofs` names an entry that is not exported.
        InconsistentLedgerError: the log is not fit to be signed.
        MissingExtraError: Parquet was asked for and pyarrow is not installed.
    """
    if format not in FORMATS:
        raise LedgerError(f"an export is one of {', '.join(FORMATS)}, got {format!r}")
    checkpoint = log.checkpoint()
    with _whole_folder(folder) as staged:
        indices: list[int] = []
        data = staged / f"entries.{format}"
        found = find_entries(log, selection, checkpoint.size)
        FORMATS[format].write(data, _noting(found, indices, tell or _ignore))
        if attach is not None:
            attach(staged)
        write_keys(log, staged, checkpoint)
        chosen = _choose(indices, proofs)
        batch_sha256 = _write_proofs(log, staged, checkpoint, indices, chosen)
        first, last = (indices[0], indices[-1]) if indices else (None, None)
        manifest = ExportManifest(
            format=EXPORT_FORMAT,
            file=data.name,  # type: ignore[arg-type]  # checked against FORMATS above
            file_format=format,
            sha256=digest_file(data),
            rows=len(indices),
            first_index=first,
            last_index=last,
            checkpoint=checkpoint.note,
            vkey=log.signer.vkey,
            batch_proof_sha256=batch_sha256,
            row_proofs=chosen,
            created_at=utc_now(),
            **_build_scope(log, selection),
            claim=find_claim(first, last, len(indices), checkpoint.size, subject=selection.subject),
            attachments=build_attachments(staged, frozenset({data.name, BATCH_PROOF})),
            **selection.describe(),
        )
        _sign(log, staged, manifest)
    return manifest


def write_keys(log: Log, folder: Path, checkpoint: Checkpoint) -> None:
    """Write the history of keys that leads to a checkpoint's, with proofs that its tree goes on from each hand-over.

    A log that has had one key has none.
    """
    keys = log.keys()
    if keys.handovers:
        earlier = [one.size for one in keys.handovers if one.size <= checkpoint.size]
        proofs = [log.consistency_proof(size, checkpoint.size) for size in earlier]
        document = json.dumps(build_history(keys, checkpoint, proofs), indent=1) + "\n"
        (folder / KEYS_FILE).write_text(document, encoding="utf-8", newline="")


def find_entries(log: Log, selection: Selection, size: int) -> Iterator[LedgerEntry]:
    """Yield what `selection` asks for of the first `size` entries; of a tenant's log, its own alone."""
    stop = size if selection.stop is None else min(size, selection.stop)
    entries = log.entries(
        first=selection.first,
        stop=stop,
        since=selection.since,
        until=selection.until,
        kinds=selection.kinds,
        subject=selection.subject or None,
    )
    return (entry for entry in entries if log.is_own(entry) and selection.fits(entry))


def _build_scope(log: Log, selection: Selection) -> dict[str, Any]:
    tenant = log.tenant or selection.tenant
    return {"scope": "site", "tenant": ""} if tenant is None else {"scope": "tenant", "tenant": tenant}


def _sign(log: Log, folder: Path, manifest: ExportManifest) -> None:
    content = manifest.model_dump_json(indent=2).encode() + b"\n"
    (folder / MANIFEST).write_bytes(content)
    note = sign_note(build_manifest_text(log.origin, content, manifest.format), log.signer)
    (folder / MANIFEST_NOTE).write_text(note, encoding="utf-8", newline="")


def build_manifest_text(origin: str, manifest: bytes, form: str = EXPORT_FORMAT) -> str:
    """Build the text of the note that signs a manifest; its first line keeps it apart from any checkpoint."""
    return f"{form}\n{origin}\n{build_base64(sha256(manifest).digest())}\n"


def _ignore(rows: int) -> None:
    """Tell nobody."""


def _noting(entries: Iterator[LedgerEntry], indices: list[int], tell: Callable[[int], None]) -> Iterator[LedgerEntry]:
    for entry in entries:
        if len(indices) % TOLD_EVERY == 0:
            tell(len(indices))
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
