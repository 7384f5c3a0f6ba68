"""The keys that a site cannot do without, held against what its database says that it has used.

A lost key is never replaced in silence: marks made under it would read as absent, and a ledger cannot go on under
another. The database keeps the public key of the ledger and a fingerprint of each watermark key
(`provenance.storage.site`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from provenance.errors import ConfigurationError, MissingKeyError
from provenance.ledger.note import NoteSigner, load_signer
from provenance.ledger.signed import find_current_vkey
from provenance.ledger.tables import LEDGER_HEAD
from provenance.manifests.keys import WATERMARK_FILE, fingerprint_key, load_watermark_keys
from provenance.storage.database import Database
from provenance.storage.secretbox import BOX_FILE
from provenance.storage.secretfile import SecretDirectory
from provenance.storage.site import find_facts, record_facts
from provenance.storage.tables import SEALS
from provenance.watermarks.base import WatermarkKey

LEDGER_FILE: Final = "ledger.key"
NEXT_FILE: Final = "ledger-next.key"
"""The key that the ledger is to be handed over to; every host of a fleet gets it before that is done."""
RETIRED_FILE: Final = "ledger-retired-{}.key"
"""A key that signs no more, by its id. Nothing needs it: what it signed is verified by its public key."""

SHARED_FILES: Final = (LEDGER_FILE, WATERMARK_FILE, BOX_FILE, "access.key", "link-keys.txt")
"""What every host of a site has alike, or what one makes the others neither open nor believe."""

LEDGER_FACT: Final = "key.ledger"
WATERMARK_FACTS: Final = "key.watermark."
GIVEN_UP_FACTS: Final = "given-up.watermark."

_RESTORE: Final = "restore it from a backup of the site"


@dataclass(frozen=True, slots=True)
class Keyring:
    """What was loaded.

    Attributes:
        signer: of the ledger.
        marks: every watermark key, newest first.
    """

    signer: NoteSigner
    marks: tuple[WatermarkKey, ...]


@dataclass(frozen=True, slots=True)
class _History:
    """What the database says of the site's keys.

    Attributes:
        vkey: the ledger's public key, or "" where it was never noted.
        origin: name of the ledger that has entries, or "".
        marks: fingerprint of each watermark key by its id, without those that were given up.
        has_releases: whether pictures were released, so marked.
    """

    vkey: str
    origin: str
    marks: Mapping[str, str]
    has_releases: bool


def load_keyring(
    database: Database, directory: Path, *, origin: str | None = None, is_reading: bool = False
) -> Keyring:
    """Load the keys in `directory`; makes those that are missing only for a site that has not used any.

    Args:
        database: of the site, migrated.
        directory: of the keys.
        origin: the ledger's name, or None for that of its key.
        is_reading: make and note nothing.

    Raises:
        MissingKeyError: a key that the site has used is not there.
        ConfigurationError: a key is another than the one used, is damaged, or can be read by others.
    """
    with database.read() as connection:
        history = _read_history(connection)
    signer = _load_ledger_key(directory / LEDGER_FILE, origin, history, may_make=not is_reading)
    marks = _load_marks(directory, history, may_make=not is_reading)
    if not is_reading:
        _note(database, signer, marks, history)
    return Keyring(signer, marks)


def fingerprint_files(directory: Path) -> str:
    """Return a fingerprint of each key file that hosts share, such as ``access.key=1a2b3c4d``; without those not there.

    32 bits of a digest of what is long and random: enough to tell two apart, and nothing to find either by.
    """
    found = {name: SecretDirectory(directory).read(name) for name in SHARED_FILES}
    return " ".join(
        f"{name}={sha256(b'chopmark key file' + name.encode() + data).hexdigest()[:8]}"
        for name, data in found.items()
        if data
    )


def note_watermark_key(database: Database, key: WatermarkKey) -> None:
    """Note that the site uses `key` from now on."""
    with database.write() as connection:
        record_facts(connection, {WATERMARK_FACTS + key.key_id: fingerprint_key(key)})


def give_up_watermark_key(database: Database, key_id: str) -> None:
    """Note that a lost watermark key will not come back, so that the site goes on without it.

    Raises:
        ConfigurationError: the site has used no key of that id.
    """
    with database.write() as connection:
        known = find_facts(connection, WATERMARK_FACTS)
        if WATERMARK_FACTS + key_id not in known:
            names = ", ".join(name.removeprefix(WATERMARK_FACTS) for name in known) or "none"
            raise ConfigurationError(f"this site has used no watermark key {key_id}, it has used {names}")
        record_facts(connection, {GIVEN_UP_FACTS + key_id: known[WATERMARK_FACTS + key_id]})


def _read_history(connection: Connection) -> _History:
    facts = find_facts(connection)
    used = {name.removeprefix(WATERMARK_FACTS): facts[name] for name in facts if name.startswith(WATERMARK_FACTS)}
    head = connection.execute(select(LEDGER_HEAD.c.origin)).scalar()
    return _History(
        vkey=find_current_vkey(connection) or facts.get(LEDGER_FACT, ""),
        origin=head or "",
        marks={name: value for name, value in used.items() if GIVEN_UP_FACTS + name not in facts},
        has_releases=connection.execute(select(SEALS.c.asset_id).limit(1)).first() is not None,
    )


def _load_ledger_key(path: Path, origin: str | None, history: _History, *, may_make: bool) -> NoteSigner:
    known = history.vkey or history.origin
    if history.vkey and _is_next(path.parent, history.vkey):
        if may_make:
            _promote_next(path.parent)
        else:
            path = path.with_name(NEXT_FILE)
    try:
        signer = load_signer(path, origin, may_make=may_make and not known)
    except MissingKeyError as exc:
        used = f", and the ledger of this site was signed with it ({known})" if known else ""
        raise MissingKeyError(f"{exc}{used}: {_RESTORE}; under another key the ledger cannot go on") from exc
    if history.vkey and signer.vkey != history.vkey:
        raise ConfigurationError(
            f"the ledger key {path} is {signer.vkey}, but the ledger of this site was signed with {history.vkey}: "
            f"{_RESTORE}"
        )
    if history.origin and signer.name != history.origin:
        raise ConfigurationError(
            f"the ledger key {path} is for {signer.name}, the database holds the ledger {history.origin}: {_RESTORE}"
        )
    return signer


def make_next_key(directory: Path, origin: str) -> NoteSigner:
    """Return the key that the ledger is to be handed over to; made the first time.

    Raises:
        ConfigurationError: it is damaged, or cannot be kept.
    """
    return load_signer(directory / NEXT_FILE, origin)


def load_ledger_key(directory: Path, vkey: str) -> NoteSigner:
    """Return the signer of a public key that the ledger was handed over to; it takes its place where it lies as next.

    Raises:
        MissingKeyError: it is not in the folder.
        ConfigurationError: a key is damaged, or can be read by others.
    """
    if _is_next(directory, vkey):
        _promote_next(directory)
    signer = load_signer(directory / LEDGER_FILE, may_make=False)
    if signer.vkey != vkey:
        raise MissingKeyError(
            f"the ledger was handed over to the key {vkey}, and {directory / LEDGER_FILE} is {signer.vkey}: copy "
            f"{LEDGER_FILE} from the host where that was done, or {_RESTORE}"
        )
    return signer


def _is_next(directory: Path, vkey: str) -> bool:
    try:
        return load_signer(directory / NEXT_FILE, may_make=False).vkey == vkey
    except MissingKeyError:
        return False


def _promote_next(directory: Path) -> None:
    """Put the next key in the place of the ledger's, which was handed over to it; a kill loses neither."""
    files = SecretDirectory(directory)
    with files.locked():
        if files.read(NEXT_FILE) is None:
            return  # another process has done so
        if files.read(LEDGER_FILE) is not None:
            old = load_signer(directory / LEDGER_FILE, may_make=False)
            files.rename(LEDGER_FILE, RETIRED_FILE.format(old.verifier.key_id.hex()))
        files.rename(NEXT_FILE, LEDGER_FILE)


def _load_marks(directory: Path, history: _History, *, may_make: bool) -> tuple[WatermarkKey, ...]:
    names = ", ".join(history.marks)
    try:
        keys = load_watermark_keys(directory, may_make=may_make and not history.marks and not history.has_releases)
    except MissingKeyError as exc:
        if history.marks:
            lost = f"{names}, which this site has used: {_RESTORE}; {_give_up(next(iter(history.marks)))}"
            raise MissingKeyError(f"{exc}, among them {lost}") from exc
        used = "; what was released is marked under them" if history.has_releases else ""
        raise MissingKeyError(
            f"{exc}{used}: restore them from a backup of the site; if they are lost for good, chopmark keys "
            "add-watermark makes a new one, and what was marked before is read no more"
        ) from exc
    held = {key.key_id: fingerprint_key(key) for key in keys}
    for key_id, fingerprint in history.marks.items():
        if held.get(key_id) != fingerprint:
            what = "is missing from" if key_id not in held else "is another than the one used, in"
            raise MissingKeyError(
                f"watermark key {key_id} of this site {what} {directory}: {_RESTORE}; {_give_up(key_id)}"
            )
    return keys


def _give_up(key_id: str) -> str:
    return f"if it is lost for good, chopmark keys give-up {key_id}, and what it marked is read no more"


def _note(database: Database, signer: NoteSigner, marks: tuple[WatermarkKey, ...], history: _History) -> None:
    """Note the keys that the database does not know yet."""
    facts = {} if history.vkey else {LEDGER_FACT: signer.vkey}
    facts |= {WATERMARK_FACTS + key.key_id: fingerprint_key(key) for key in marks if key.key_id not in history.marks}
    if facts:
        with database.write() as connection:
            record_facts(connection, facts)
