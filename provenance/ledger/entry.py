"""A ledger entry, the leaf that it hashes to, and what opens that leaf.

What opens an entry is the canonical JSON of ``{"body", "created_at", "key", "kind", "salt", "subject", "v"}``: a row of
an export in any format is enough to rebuild it. The leaf, which anybody may read, is ``{"commitment", "v"}`` with the
SHA-256 of that, so it tells nothing to whoever lacks the 32 random bytes of the salt, and none of the fields can be
changed without changing the leaf. Entries of the kinds that are `OPEN`, and those of versions before 0.7, have no salt:
what opens them is the leaf itself.
"""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from re import compile as compile_pattern
from secrets import token_bytes
from typing import Any, Final

from provenance.errors import LedgerError
from provenance.ledger.canonical import canonical_text
from provenance.ledger.merkle import hash_leaf

# C2SP tlog-tiles: an entry's length is a big-endian uint16 in the entry bundle.
MAX_ENTRY_BYTES: Final = 65_535

ENTRY_VERSION: Final = 2
"""Grows when the leaf's form changes; old leaves keep theirs."""
PLAIN_VERSION: Final = 1
"""Of leaves that are what they say themselves."""

SALT_BYTES: Final = 32
OPEN: Final = frozenset({"asset.released", "ledger.key", "site.adopted"})
"""Kinds that anybody may read: digests of what is out, and what concerns the ledger itself."""

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
        salt: 32 random bytes that hide the rest in the leaf, or b"" where the leaf says it all.
    """

    index: int
    kind: str
    subject: str
    key: str
    leaf_hash: bytes
    body: bytes
    created_at: str
    salt: bytes = b""

    @property
    def leaf(self) -> bytes:
        """The bytes that `leaf_hash` is the hash of: for everybody, but for those of `is_old`."""
        return blind(self.opening) if self.salt else self.opening

    @property
    def opening(self) -> bytes:
        """What the entry says, with its salt: for whoever may read it."""
        return build_opening(
            kind=self.kind,
            subject=self.subject,
            key=self.key,
            body=self.body,
            created_at=self.created_at,
            salt=self.salt,
        )

    @property
    def is_old(self) -> bool:
        """Whether the leaf shows what it should not: of versions before 0.7, and of no kind that is open."""
        return not self.salt and self.kind not in OPEN

    def fields(self) -> dict[str, Any]:
        """Return the body as a dict."""
        return parse_body(self.body)


def parse_body(body: bytes) -> dict[str, Any]:
    """Return an entry's body as a dict."""
    fields: dict[str, Any] = json.loads(body)
    return fields


def build_entry(
    index: int, *, kind: str, subject: str, key: str, body: bytes, created_at: str, salt: bytes = b""
) -> LedgerEntry:
    """Build the entry number `index` and its leaf hash.

    Raises:
        LedgerError: a field is not allowed, or what it says is over 65,535 bytes.
    """
    if not _KIND.fullmatch(kind):
        raise LedgerError(f"kind must be 1 to 64 of a-z 0-9 _ . - and start with a letter, got {kind[:80]!r}")
    for name, value in (("subject", subject), ("key", key)):
        if not 0 < len(value) <= _TEXT_LIMIT or any(unicodedata.category(char)[0] == "C" for char in value):
            raise LedgerError(f"{name} must be 1 to {_TEXT_LIMIT} printable characters, got {value[:80]!r}")
    if not body.startswith(b"{"):
        raise LedgerError("an entry's body is a JSON object")
    opening = build_opening(kind=kind, subject=subject, key=key, body=body, created_at=created_at, salt=salt)
    if len(opening) > MAX_ENTRY_BYTES:
        raise LedgerError(f"an entry is at most {MAX_ENTRY_BYTES} bytes, got {len(opening)}: record a digest instead")
    return LedgerEntry(
        index=index,
        kind=kind,
        subject=subject,
        key=key,
        leaf_hash=hash_leaf(blind(opening) if salt else opening),
        body=body,
        created_at=created_at,
        salt=salt,
    )


def parse_row(row: Mapping[Any, Any]) -> LedgerEntry:
    """Return the entry that a row of its table holds."""
    fields = {name: row[name] for name in LedgerEntry.__dataclass_fields__}
    octets = {name: bytes(row[name] or b"") for name in ("leaf_hash", "body", "salt")}
    return LedgerEntry(**{**fields, **octets})


def build_opening(*, kind: str, subject: str, key: str, body: bytes, created_at: str, salt: bytes) -> bytes:
    """Build the bytes that open a leaf: canonical JSON, in which the canonical `body` stands as it is."""
    # RFC 8785 s3.2.3 sorts names: these are in order, and the canonical body can be spliced in unparsed.
    salted, version = (f'"salt":"{salt.hex()}",', ENTRY_VERSION) if salt else ("", PLAIN_VERSION)
    rest = (
        f'"created_at":{canonical_text(created_at)},"key":{canonical_text(key)},"kind":{canonical_text(kind)},'
        f'{salted}"subject":{canonical_text(subject)},"v":{version}}}'
    )
    return b'{"body":' + body + b"," + rest.encode()


def make_salt(kind: str) -> bytes:
    """Return what hides an entry of this kind, or b"" where anybody may read it."""
    return b"" if kind in OPEN else token_bytes(SALT_BYTES)


def blind(opening: bytes) -> bytes:
    """Build the leaf that commits to what opens it and shows nothing of it: canonical JSON."""
    return f'{{"commitment":"{sha256(opening).hexdigest()}","v":{ENTRY_VERSION}}}'.encode()


def find_leaf(unverified_opening: bytes) -> bytes:
    """Return the leaf that is opened by these bytes, or that they are."""
    try:
        fields = json.loads(unverified_opening)
    except (ValueError, RecursionError):
        return unverified_opening
    is_salted = isinstance(fields, dict) and "salt" in fields and fields.get("v") == ENTRY_VERSION
    return blind(unverified_opening) if is_salted else unverified_opening


def format_time(moment: datetime) -> str:
    """Return the time in the form that entries keep: RFC 3339, UTC, milliseconds.

    Raises:
        LedgerError: it has no time zone.
    """
    if moment.tzinfo is None:
        raise LedgerError("a time needs a time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
