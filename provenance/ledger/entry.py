"""A ledger entry and the bytes that it hashes to.

The leaf is the canonical JSON of ``{"body", "created_at", "key", "kind", "subject", "v"}``: a row of an export in any
format is enough to rebuild it, and none of its fields can be changed without changing the leaf.
"""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from re import compile as compile_pattern
from typing import Any, Final

from provenance.errors import LedgerError
from provenance.ledger.canonical import canonical_text
from provenance.ledger.merkle import hash_leaf

# C2SP tlog-tiles: an entry's length is a big-endian uint16 in the entry bundle.
MAX_ENTRY_BYTES: Final = 65_535

ENTRY_VERSION: Final = 1
"""Grows when the leaf's form changes; old leaves keep theirs."""

_KIND: Final = compile_pattern(r"[a-z][a-z0-9_.-]{0,63}")
_TEXT_LIMIT: Final = 255


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One entry as it stands in the ledger.

    Attributes:
        index: its place, from 0, without gaps.
        kind: what happened, such as ``decision`` or ``work.registered``.
        subject: the id of what it happened to.
        key: the caller's idempotency key.
        leaf_hash: RFC 6962 leaf hash, 32 bytes.
        body: canonical JSON object; digests and ids only.
        created_at: RFC 3339, UTC, milliseconds.
    """

    index: int
    kind: str
    subject: str
    key: str
    leaf_hash: bytes
    body: bytes
    created_at: str

    @property
    def leaf(self) -> bytes:
        """The bytes that `leaf_hash` is the hash of."""
        return build_leaf(
            kind=self.kind, subject=self.subject, key=self.key, body=self.body, created_at=self.created_at
        )

    def fields(self) -> dict[str, Any]:
        """Return the body as a dict."""
        return parse_body(self.body)


def parse_body(body: bytes) -> dict[str, Any]:
    """Return an entry's body as a dict."""
    fields: dict[str, Any] = json.loads(body)
    return fields


def build_entry(index: int, *, kind: str, subject: str, key: str, body: bytes, created_at: str) -> LedgerEntry:
    """Build the entry number `index` and its leaf hash.

    Raises:
        LedgerError: a field is not allowed, or the leaf is over 65,535 bytes.
    """
    if not _KIND.fullmatch(kind):
        raise LedgerError(f"kind must be 1 to 64 of a-z 0-9 _ . - and start with a letter, got {kind[:80]!r}")
    for name, value in (("subject", subject), ("key", key)):
        if not 0 < len(value) <= _TEXT_LIMIT or any(unicodedata.category(char)[0] == "C" for char in value):
            raise LedgerError(f"{name} must be 1 to {_TEXT_LIMIT} printable characters, got {value[:80]!r}")
    if not body.startswith(b"{"):
        raise LedgerError("an entry's body is a JSON object")
    leaf = build_leaf(kind=kind, subject=subject, key=key, body=body, created_at=created_at)
    if len(leaf) > MAX_ENTRY_BYTES:
        raise LedgerError(f"an entry is at most {MAX_ENTRY_BYTES} bytes, got {len(leaf)}: record a digest instead")
    return LedgerEntry(
        index=index,
        kind=kind,
        subject=subject,
        key=key,
        leaf_hash=hash_leaf(leaf),
        body=body,
        created_at=created_at,
    )


def parse_row(row: Mapping[Any, Any]) -> LedgerEntry:
    """Return the entry that a row of its table holds."""
    fields = {name: row[name] for name in LedgerEntry.__dataclass_fields__}
    return LedgerEntry(**{**fields, "leaf_hash": bytes(row["leaf_hash"]), "body": bytes(row["body"])})


def build_leaf(*, kind: str, subject: str, key: str, body: bytes, created_at: str) -> bytes:
    """Build the leaf's bytes: canonical JSON, in which the canonical `body` stands as it is."""
    # RFC 8785 s3.2.3 sorts names: these are in order, and the canonical body can be spliced in unparsed.
    rest = (
        f'"created_at":{canonical_text(created_at)},"key":{canonical_text(key)},"kind":{canonical_text(kind)},'
        f'"subject":{canonical_text(subject)},"v":{ENTRY_VERSION}}}'
    )
    return b'{"body":' + body + b"," + rest.encode()


def format_time(moment: datetime) -> str:
    """Return the time in the form that entries keep: RFC 3339, UTC, milliseconds.

    Raises:
        LedgerError: it has no time zone.
    """
    if moment.tzinfo is None:
        raise LedgerError("a time needs a time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
