"""How a work enters the registry: checked, given an id, and written with its codes and its ledger entry at once."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from re import compile as compile_pattern
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Row, exists, insert, select

from provenance.asset import Frame, sha256_hex
from provenance.errors import LedgerError, WorksError
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.shingles import Passages
from provenance.ledger.canonical import Json, canonical_json
from provenance.ledger.log import Log
from provenance.media.picture.image import Picture
from provenance.storage.database import utc_now
from provenance.tenant import MAIN, Tenant
from provenance.works.banks import DEFAULT_BANK, define_bank, find_bank, load_banks
from provenance.works.codes import Code, OwnedCode, append_codes, find_every_code
from provenance.works.naming import parse_name
from provenance.works.record import Registration, Work, WorkStatus
from provenance.works.tables import WORK_REFERENCES, WORKS

T = TypeVar("T")
R = TypeVar("R")

_ID: Final = compile_pattern(r"[A-Za-z0-9._:-]{1,128}")
TITLE_LIMIT: Final = 500
_OWNER_LIMIT: Final = 255
_REASON_LIMIT: Final = 2_000
_CLAIM_LIMIT_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A checked registration with everything that is kept of its picture."""

    work_id: str
    title: str
    owner: str
    bank: str
    claim: Mapping[str, Json]
    picture_sha256: str
    codes: tuple[Code, ...]
    reference: bytes

    @property
    def facts_sha256(self) -> str:
        """Digest of what people stated, as canonical JSON: provable later, unreadable in the ledger."""
        return sha256_hex(canonical_json({"title": self.title, "owner": self.owner, "claim": self.claim}))

    @property
    def codes_sha256(self) -> str:
        """Digest of the codes, as canonical JSON."""
        return hash_codes(self.codes)


def build_entry(registration: Registration, codes: Sequence[Code], reference: bytes = b"") -> Entry:
    """Check a registration and give it an id if it has none: the same facts always get the same one.

    Raises:
        WorksError: something about it is not allowed.
    """
    title = parse_name("title", registration.title, TITLE_LIMIT)
    owner = parse_name("owner", registration.owner, _OWNER_LIMIT)
    digest = hash_original(registration.picture, registration.track, registration.passages)
    try:
        claim_json = canonical_json(registration.claim)
        made_id = f"work-{sha256_hex(canonical_json([digest, owner, registration.bank, title]))[:32]}"
    except LedgerError as exc:
        raise WorksError(f"a claim is a JSON object: {exc}") from exc
    if len(claim_json) > _CLAIM_LIMIT_BYTES:
        raise WorksError(f"a claim is at most {_CLAIM_LIMIT_BYTES} bytes of JSON, got {len(claim_json)}")
    work_id = made_id if registration.work_id is None else registration.work_id
    if not _ID.fullmatch(work_id):
        raise WorksError(f"a work's id is 1 to 128 of letters, digits and . _ : -, got {work_id[:80]!r}")
    return Entry(work_id, title, owner, registration.bank, json.loads(claim_json), digest, tuple(codes), reference)


def insert_work(connection: Connection, log: Log, entry: Entry, tenant: Tenant = MAIN) -> Work:
    """Write a work, its codes and its ledger entry in the caller's transaction.

    One that is there already is left as it is; where an older version kept no reference of it, that is made up for.

    Raises:
        WorksError: the id stands for other facts or for a withdrawn work, or there is no such bank.
    """
    known = _find_same(connection, tenant, entry)
    if known is not None:
        _complete(connection, log, tenant, entry)
        return known
    _ensure_bank(connection, log, tenant, entry.bank)
    appended = log.append(
        connection,
        kind="work.registered",
        subject=log.scope(entry.work_id),
        body={
            "work_id": entry.work_id,
            "bank": entry.bank,
            "picture_sha256": entry.picture_sha256,
            "facts_sha256": entry.facts_sha256,
            "codes_sha256": entry.codes_sha256,
            **({"reference_sha256": sha256_hex(entry.reference)} if entry.reference else {}),
        },
        key=f"work.registered:{log.scope(entry.work_id)}",
    )
    known = _find_same(connection, tenant, entry)  # another process may have been quicker while we waited
    if known is not None:
        return known
    columns: dict[str, Any] = {
        "tenant": tenant,
        "id": entry.work_id,
        "title": entry.title,
        "owner": entry.owner,
        "bank": entry.bank,
        "status": WorkStatus.ACTIVE.value,
        "claim": dict(entry.claim),
        "picture_sha256": entry.picture_sha256,
        "ledger_index": appended.index,
        "created_at": utc_now(),
    }
    row = connection.execute(insert(WORKS).values(**columns).returning(*WORKS.c)).one()
    append_codes(connection, "works", tenant=tenant, owner_id=entry.work_id, codes=entry.codes)
    if entry.reference:
        connection.execute(insert(WORK_REFERENCES).values(tenant=tenant, work_id=entry.work_id, media=entry.reference))
    return parse_work(row)


def hash_codes(codes: Iterable[Code | OwnedCode]) -> str:
    """Return the digest that the ledger has of a work's codes, in the order in which they were appended."""
    return sha256_hex(canonical_json([[code.alg, code.variant, code.value.hex()] for code in codes]))


def _complete(connection: Connection, log: Log, tenant: Tenant, entry: Entry) -> None:
    """Keep the reference of a work that has none, and the codes that came with it."""
    this = (WORK_REFERENCES.c.tenant == tenant, WORK_REFERENCES.c.work_id == entry.work_id)
    kept = select(exists().where(*this))
    if not entry.reference or connection.execute(kept).scalar():
        return
    stored = find_every_code(connection, "works", entry.work_id, tenant)
    known = {(code.alg, code.variant) for code in stored}
    new = [code for code in entry.codes if (code.alg, code.variant) not in known]
    log.append(
        connection,
        kind="work.coded",
        subject=log.scope(entry.work_id),
        body={
            "work_id": entry.work_id,
            "codes_sha256": hash_codes([*stored, *new]),
            "reference_sha256": sha256_hex(entry.reference),
        },
        key=f"work.coded:{log.scope(entry.work_id)}",
    )
    append_codes(connection, "works", tenant=tenant, owner_id=entry.work_id, codes=new)
    connection.execute(insert(WORK_REFERENCES).values(tenant=tenant, work_id=entry.work_id, media=entry.reference))


def parse_work(row: Row[Any]) -> Work:
    """Return the work that a row of its table holds."""
    known = {name: row._mapping[name] for name in Work.__dataclass_fields__}  # noqa: SLF001 - public in spite of its name
    return Work(**{**known, "status": WorkStatus(known["status"])})


def parse_reason(reason: str) -> str:
    """Return why something is withdrawn, checked.

    Raises:
        WorksError: it is empty or too long.
    """
    parsed = parse_name("reason", reason, _REASON_LIMIT)
    if not parsed:
        raise WorksError("a reason is expected, got none")
    return parsed


def hash_original(picture: Picture | None, track: Sequence[Fingerprint] = (), passages: Passages | None = None) -> str:
    """Return the SHA-256 of an original: of a picture's pixels, a clip's codes and their times, or a text's letters.

    Raises:
        WorksError: there is neither.
    """
    if passages is not None:
        return passages.sha256
    if not track:
        if picture is None:
            raise WorksError("expected a picture, a clip or a text, got none")
        return hash_frame(picture.flattened().frame)
    return sha256_hex(b"".join(f"{code.at_s or 0:.2f} {code.value.hex()}\n".encode() for code in track))


def hash_frame(frame: Frame) -> str:
    """Return the SHA-256 over a picture's shape and pixels, whatever file they came from."""
    height, width, channels = frame.shape
    digest = hashlib.sha256(f"{height}x{width}x{channels}\n".encode())
    digest.update(frame.data)
    return digest.hexdigest()


def _find_same(connection: Connection, tenant: Tenant, entry: Entry) -> Work | None:
    query = select(WORKS).where(WORKS.c.tenant == tenant, WORKS.c.id == entry.work_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    work = parse_work(row)
    if work.status is WorkStatus.WITHDRAWN:
        raise WorksError(f"work {work.id} was withdrawn: give the new registration an id of its own")
    facts = ("title", "owner", "bank", "claim", "picture_sha256")
    changed = [name for name in facts if getattr(work, name) != getattr(entry, name)]
    if changed:
        raise WorksError(f"work {work.id} is registered with another {' and '.join(changed)}: withdraw it first")
    return work


def _ensure_bank(connection: Connection, log: Log, tenant: Tenant, name: str) -> None:
    if find_bank(connection, name, tenant) is not None:
        return
    if name != DEFAULT_BANK.name:
        known = ", ".join(bank.name for bank in load_banks(connection, tenant)) or "none"
        raise WorksError(f"no bank is named {name[:80]!r}; known: {known}; define it first")
    define_bank(connection, log, DEFAULT_BANK, tenant=tenant, action=DEFAULT_BANK.action, limits={})


def settle(call: Callable[[T], R], given: T, *, is_strict: bool) -> R | WorksError:
    """Return what `call` made of `given`, or its refusal, which comes before anything is written."""
    try:
        return call(given)
    except WorksError as exc:
        if is_strict:
            raise
        return exc
