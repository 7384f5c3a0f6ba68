"""Check an export with nothing but the export and the log's public key: no database, no network, no trust in the file.

What is checked, in this order, so that the first failure names the tampering most closely: the manifest's signature,
the checkpoint's signature, each row against its own hash, order and number of rows, the file's digest, the batch proof
against the signed root, each `.tlog-proof`, the digest of each attachment. A Parquet file is checked against its digest
first: its parser is native code, which gets to see only what the log signed.

Limits: a log's owner can leave entries out of an export that was filtered, and nobody can tell from the export alone;
rows whose indices have no gap are shown to be all there are between the first and the last. An attachment is what the
log's owner said and signed, no part of the log. A log that shows different histories to different
people is found by comparing checkpoints: keep the ones you saw and pass the last as `earlier_checkpoint`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from provenance.errors import InconsistentLedgerError, VerificationError
from provenance.ledger.attachments import MOST_UNSIGNED, digest_file, list_files, verify_attachments
from provenance.ledger.checkpoint import Checkpoint, verify_checkpoint
from provenance.ledger.encoding import parse_base64
from provenance.ledger.export import (
    BATCH_FORMAT,
    BATCH_PROOF,
    EXPORT_FORMAT,
    FIRST_FORMAT,
    MANIFEST,
    MANIFEST_NOTE,
    PROOFS,
    SECOND_FORMAT,
    ExportManifest,
    build_manifest_text,
)
from provenance.ledger.handover import KEYS_FILE, LogKeys, parse_history
from provenance.ledger.merkle import extend_frontier, fold_frontier, hash_leaf, verify_batch, verify_inclusion
from provenance.ledger.note import MAX_NOTE_BYTES, NoteVerifier, parse_vkey, verify_note
from provenance.ledger.proof import SUFFIX, parse_proof
from provenance.ledger.rows import FORMATS
from provenance.ledger.selection import CLAIMS, Claim, find_claim

# 100,000 row proofs by index take less than 1 MB of manifest.
_MAX_MANIFEST_BYTES: Final = 16_000_000
# One hash for each of at most 10 million gaps.
_MAX_BATCH_BYTES: Final = 450_000_000


@dataclass(frozen=True, slots=True)
class VerificationSummary:
    """What an export was found to prove.

    Attributes:
        origin: which log.
        size: entries in the log that the checkpoint commits to.
        rows: entries in the export, each proven to be in that log.
        first_index, last_index: of the first and last; None when there are none.
        is_complete: every entry of the log from the first to the last index is here.
        claim: what the rows were shown to be: everything, range or rows.
        proves: the same in words.
        scope: "site" for entries of every tenant, "tenant" for those of one, as the log says.
        row_proofs: how many `.tlog-proof`s were checked as well.
        since, until, kinds: what the export was restricted to; None for everything.
        filters: what else it was restricted to, in words.
        attachments: files beside the rows that are what the log signed.
        unsigned: files in the folder that nobody signed.
        created_at: when the log says that it was made.
        checkpoint: the signed note; keep it, to hold the next export against.
    """

    origin: str
    size: int
    rows: int
    first_index: int | None
    last_index: int | None
    is_complete: bool
    claim: Claim
    proves: str
    scope: str
    row_proofs: int
    since: str | None
    until: str | None
    kinds: tuple[str, ...] | None
    filters: str
    attachments: int
    unsigned: tuple[str, ...]
    created_at: str
    checkpoint: str


def verify_export(
    folder: Path, vkey: str, *, earlier_checkpoint: str | None = None, key_history: str | None = None
) -> VerificationSummary:
    """Check the export in `folder` against the verifier key that the reader trusts, or that it leads to.

    Args:
        folder: of `export_ledger`.
        vkey: ``<name>+<key id>+<base64>``, from a source other than the export.
        earlier_checkpoint: a signed note of this log seen before, which the export, of everything, must extend.
        key_history: a document of `provenance.ledger.handover.build_history`; by default the one in the export, if any.

    Raises:
        InconsistentLedgerError: the export contradicts `earlier_checkpoint`: the log has two histories.
        VerificationError: something was changed, is missing, was added, or is signed by another key; `codes` has a
            word for which, the message names the place.
        MissingExtraError: the entries are Parquet and pyarrow is not installed.
    """
    keys = _load_keys(folder, parse_vkey(vkey), key_history)
    manifest, signer = _verify_manifest(folder, keys)
    checkpoint = keys.verify_checkpoint(manifest.checkpoint)
    verify_checkpoint(manifest.checkpoint, signer)  # whoever signed the tree signed what is said of it
    _verify_continuity(folder, keys, checkpoint)
    leaves = _verify_rows(folder, manifest)
    verify_batch(leaves, size=checkpoint.size, proof=_read_batch_proof(folder, manifest), root=checkpoint.root)
    _verify_row_proofs(folder, manifest, checkpoint, leaves)
    if earlier_checkpoint is not None:
        _verify_earlier(keys.verify_checkpoint(earlier_checkpoint), checkpoint, leaves)
    verify_attachments(folder, manifest.attachments)
    return _summarise(folder, manifest, checkpoint, leaves)


def _load_keys(folder: Path, trusted: NoteVerifier, key_history: str | None) -> LogKeys:
    """Return the keys that the trusted one leads to."""
    notes: tuple[str, ...] = ()
    if key_history is not None:
        notes, _ = parse_history(key_history)
    elif (folder / KEYS_FILE).is_file():
        notes, _ = _read_history(folder)
    return LogKeys.build(trusted, notes)


def _read_history(folder: Path) -> tuple[tuple[str, ...], tuple[tuple[bytes, ...], ...]]:
    return parse_history(_read(folder / KEYS_FILE, _MAX_MANIFEST_BYTES).decode("utf-8", "replace"))


def _verify_continuity(folder: Path, keys: LogKeys, checkpoint: Checkpoint) -> None:
    """Check that the exported tree goes on from each one that was handed over before it."""
    if (folder / KEYS_FILE).is_file():
        notes, proofs = _read_history(folder)
        LogKeys.build(keys.trusted, notes).verify_continuity(checkpoint, proofs)


def _summarise(
    folder: Path, manifest: ExportManifest, checkpoint: Checkpoint, leaves: Mapping[int, bytes]
) -> VerificationSummary:
    first, last = (min(leaves), max(leaves)) if leaves else (None, None)
    if (first, last) != (manifest.first_index, manifest.last_index):
        raise VerificationError(f"{MANIFEST} names other entries than there are", codes=("export.format",))
    claim = find_claim(first, last, len(leaves), checkpoint.size, subject=manifest.subject)
    return VerificationSummary(
        origin=checkpoint.origin,
        size=checkpoint.size,
        rows=len(leaves),
        first_index=first,
        last_index=last,
        is_complete=bool(leaves) and claim != "rows",
        claim=claim,
        proves=CLAIMS[claim],
        scope=manifest.scope,
        row_proofs=len(manifest.row_proofs),
        since=manifest.since,
        until=manifest.until,
        kinds=None if manifest.kinds is None else tuple(manifest.kinds),
        filters=_describe_filters(manifest),
        attachments=len(manifest.attachments),
        unsigned=_find_unsigned(folder, manifest),
        created_at=manifest.created_at,
        checkpoint=checkpoint.note,
    )


def _describe_filters(manifest: ExportManifest) -> str:
    asked = {
        "tenant": (manifest.tenant or "main") if manifest.scope == "tenant" else "",
        "subject": manifest.subject,
        "outcome": " or ".join(manifest.outcomes),
        "pack": " or ".join(manifest.packs),
        "first": str(manifest.first or ""),
        "stop": "" if manifest.stop is None else str(manifest.stop),
    }
    return ", ".join(f"{name} {value}" for name, value in asked.items() if value)


def _find_unsigned(folder: Path, manifest: ExportManifest) -> tuple[str, ...]:
    signed = {one.file for one in manifest.attachments} | {MANIFEST, MANIFEST_NOTE, BATCH_PROOF, manifest.file}
    names = (name for name in list_files(folder) if name not in signed and not name.startswith(f"{PROOFS}/"))
    return tuple(islice(names, MOST_UNSIGNED))


def _verify_manifest(folder: Path, keys: LogKeys) -> tuple[ExportManifest, NoteVerifier]:
    """Return the manifest, and the key that signed it."""
    content = _read(folder / MANIFEST, _MAX_MANIFEST_BYTES)
    try:
        text = _read(folder / MANIFEST_NOTE, MAX_NOTE_BYTES).decode()
    except UnicodeDecodeError as exc:
        raise VerificationError(f"{MANIFEST_NOTE} is not text", codes=("export.manifest",)) from exc
    signer = keys.find_signer(text)
    note = verify_note(text, signer)
    texts = {build_manifest_text(keys.name, content, form) for form in (EXPORT_FORMAT, SECOND_FORMAT, FIRST_FORMAT)}
    if note.text not in texts:
        raise VerificationError(f"{MANIFEST} is not what the log signed: it was edited", codes=("export.manifest",))
    try:
        manifest = ExportManifest.model_validate_json(content)
    except ValidationError as exc:
        message = f"{MANIFEST} is signed but of a form that this version does not read"
        raise VerificationError(message, codes=("export.format",)) from exc
    if not note.text.startswith(f"{manifest.format}\n"):
        raise VerificationError(f"{MANIFEST} is signed as of another form", codes=("export.format",))
    return manifest, signer


def _verify_rows(folder: Path, manifest: ExportManifest) -> dict[int, bytes]:
    """Check each row against its hash, and their order and number; return the leaf hashes by index."""
    path = folder / manifest.file
    if not path.is_file():
        raise VerificationError(f"{manifest.file} is missing", codes=("export.missing",))
    is_signed = digest_file(path) == manifest.sha256
    unsigned = VerificationError(f"{manifest.file} is not the file that the log signed", codes=("export.digest",))
    if not is_signed and not FORMATS[manifest.file_format].is_text:
        raise unsigned
    leaves: dict[int, bytes] = {}
    previous = manifest.first - 1
    for number, entry in enumerate(FORMATS[manifest.file_format].read(path), start=1):
        where = f"{manifest.file} row {number} (entry {entry.index})"
        leaf_hash = hash_leaf(entry.leaf)
        if leaf_hash != entry.leaf_hash:
            raise VerificationError(f"{where} was changed: it has another leaf hash", codes=("export.changed",))
        if entry.index <= previous:
            raise VerificationError(f"{where} is out of order after entry {previous}", codes=("export.order",))
        if manifest.is_range and entry.index != previous + 1:
            raise VerificationError(f"{where} follows entry {previous}: a row was dropped", codes=("export.dropped",))
        leaves[entry.index] = leaf_hash
        previous = entry.index
    if len(leaves) != manifest.rows:
        code = "export.dropped" if len(leaves) < manifest.rows else "export.added"
        message = f"{manifest.file} has {len(leaves)} rows, the log signed {manifest.rows}"
        raise VerificationError(message, codes=(code,))
    if not is_signed:
        raise unsigned
    return leaves


def _verify_row_proofs(
    folder: Path, manifest: ExportManifest, checkpoint: Checkpoint, leaves: dict[int, bytes]
) -> None:
    expected = {f"{index}{SUFFIX}" for index in manifest.row_proofs}
    found = {path.name for path in (folder / PROOFS).iterdir()} if (folder / PROOFS).is_dir() else set()
    if found != expected:
        names = ", ".join(sorted(found ^ expected)[:5])
        raise VerificationError(f"proofs are missing or too many: {names}", codes=("export.proofs",))
    for index in manifest.row_proofs:
        name = f"{PROOFS}/{index}{SUFFIX}"
        try:
            _verify_row_proof(_read(folder / name, MAX_NOTE_BYTES).decode(), index, checkpoint, leaves[index])
        except (VerificationError, UnicodeDecodeError, KeyError) as exc:
            raise VerificationError(f"{name} does not prove its entry: {exc}", codes=("export.proof",)) from exc


def _verify_row_proof(unverified_text: str, index: int, checkpoint: Checkpoint, leaf_hash: bytes) -> None:
    proof = parse_proof(unverified_text)
    if (proof.index, proof.checkpoint) != (index, checkpoint.note):
        raise VerificationError(f"it is of entry {proof.index}, or under another checkpoint")
    verify_inclusion(leaf_hash, index=index, size=checkpoint.size, proof=proof.hashes, root=checkpoint.root)


def _verify_earlier(earlier: Checkpoint, checkpoint: Checkpoint, leaves: dict[int, bytes]) -> None:
    """Check that the first entries make the tree that was signed earlier."""
    if earlier.size <= checkpoint.size and len(leaves) != checkpoint.size:
        raise VerificationError("an earlier checkpoint can be compared with an export of everything only")
    frontier: tuple[bytes, ...] = ()
    for index in range(min(earlier.size, len(leaves))):
        frontier, _ = extend_frontier(frontier, index, leaves[index])
    if earlier.size > checkpoint.size or fold_frontier(frontier) != earlier.root:
        message = f"the log of {checkpoint.size} entries does not extend the one of {earlier.size} seen earlier"
        raise InconsistentLedgerError(message)


def _read_batch_proof(folder: Path, manifest: ExportManifest) -> list[bytes]:
    content = _read(folder / BATCH_PROOF, _MAX_BATCH_BYTES)
    if sha256(content).hexdigest() != manifest.batch_proof_sha256:
        raise VerificationError(f"{BATCH_PROOF} is not the file that the log signed", codes=("export.digest",))
    lines = content.decode("ascii", "replace").split("\n")
    hashes = [parse_base64(line, f"a line of {BATCH_PROOF}", "export.proof") for line in lines[1:-1]]
    if lines[0] != BATCH_FORMAT or lines[-1] or any(len(item) != 32 for item in hashes):
        raise VerificationError(f"{BATCH_PROOF} is no batch proof", codes=("export.proof",))
    return hashes


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as exc:
        raise VerificationError(f"{path.name} is missing or cannot be read", codes=("export.missing",)) from exc
    if len(content) > limit:
        raise VerificationError(f"{path.name} is over {limit} bytes", codes=("export.format",))
    return content
