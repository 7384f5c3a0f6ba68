"""A site opened for asking: no signer, no lock, no right to write; nothing is made or finished."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from api.blaming import blaming
from api.console import print_hint
from api.home import MEMORY_FILE, find_database_file, make_home, verify_site
from api.settings import Settings
from provenance.fingerprints.base import FingerprintScheme, make_scheme
from provenance.labels.base import LABEL_PARTS, LABELS
from provenance.ledger.log import Log
from provenance.ledger.note import NoteSigner
from provenance.manifests.trust import TrustAnchors, load_trust
from provenance.media.limits import IntakeLimits
from provenance.media.media import Media
from provenance.media.medium import MEDIA, MEDIUM_PARTS, Kit
from provenance.storage.binding import is_bound, verify_owner, verify_stores
from provenance.storage.database import Database
from provenance.storage.keyring import Keyring, load_keyring, load_ledger_key
from provenance.storage.store import BlobStore, open_store
from provenance.storage.tenants import name_tenant
from provenance.tenant import MAIN
from provenance.verify.verifier import Verifier
from provenance.watermarks.base import WATERMARKS, Watermark, WatermarkKey
from provenance.watermarks.tenancy import derive_keys
from provenance.works.registry import Works

SECOND_OPINION: Final = "phash"
"""The fingerprint that says what it thinks of a match, and makes none: it is too coarse."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What asking needs of a site.

    Attributes:
        settings: as read.
        database, blobs, log, works: where things are kept.
        verifier: what verification uses.
        media: what is taken and looked at.
        marks: watermark schemes that are read, by plugin name.
        limits: bounds on what is looked at.
        keys: watermark keys, newest first.
    """

    settings: Settings
    database: Database
    blobs: BlobStore
    log: Log
    works: Works
    verifier: Verifier
    media: Media
    marks: Mapping[str, Watermark]
    limits: IntakeLimits
    keys: tuple[WatermarkKey, ...]

    def close(self) -> None:
        """Let go of the database."""
        self.works.close()
        self.database.close()


@contextmanager
def open_reader(settings: Settings) -> Iterator[Reader]:
    """Open what asking needs: no signer, no lock, and no right to write; nothing is made or finished.

    Raises:
        NoSiteError: there is no site.
        ConfigurationError: settings that cannot work, or a part of the site that is missing.
        InconsistentLedgerError: the database, or what is remembered of its ledger, was set back.
        SiteMismatchError: the blob stores are not those of this database, or not of its time.
    """
    verify_site(settings)
    reader = build_reader(settings, is_reading=True)
    try:
        reader.log.verify_remembered()  # what was set back gives wrong answers
        verify_stores(reader.database, reader.blobs)
        yield reader
    finally:
        reader.close()


def build_reader(settings: Settings, *, is_reading: bool) -> Reader:
    """Build what asking needs; `open_reader` is the usual door."""
    database = open_database(settings, is_reading=is_reading)
    blobs = open_blobs(settings, may_make=not is_reading)
    verify_owner(database, blobs)
    ring = load_keyring(
        database, settings.keys_dir, origin=settings.ledger_origin or None, is_reading=database.is_reading
    )
    settings = settings.for_tenant(settings.tenant)
    log = build_log(settings, database, ring.signer).of_tenant(name_tenant(database, settings.tenant))
    works = build_works(settings, database, log)
    keys = derive_keys(ring.marks, settings.tenant)
    marks = build_marks(settings, keys)
    media = build_media(settings, keys, marks)
    verifier = Verifier(
        database=database,
        blobs=blobs,
        log=log,
        works=works,
        media=_build_public_media(settings, ring.marks),
        trust=load_site_trust(settings),
        limits=IntakeLimits(max_bytes=settings.verify_max_bytes, max_pixels=settings.verify_max_pixels),
    )
    return Reader(settings, database, blobs, log, works, verifier, media, marks, build_limits(settings), ring.marks)


def _build_public_media(settings: Settings, keys: tuple[WatermarkKey, ...]) -> Media:
    """Build what reads the marks of every tenant: what is released is public, and everybody may ask about it.

    The second opinion is left out: no release is found by it.
    """
    every = (*keys, *(key for tenant in settings.tenants for key in derive_keys(keys, tenant)))
    names = tuple(name for name in settings.fingerprints if name != SECOND_OPINION)
    asking = settings.model_copy(update={"fingerprints": names or settings.fingerprints})
    return build_media(asking, every, build_marks(asking, every))


def build_works(settings: Settings, database: Database, log: Log) -> Works:
    """Build the registry of the tenant that the settings act for; each has match indexes of its own."""
    is_main = settings.tenant == MAIN
    folder = settings.index_dir if is_main else settings.index_dir / "tenants" / settings.tenant
    names = settings.fingerprints
    keys = tuple(name for name in names if name != SECOND_OPINION)
    return Works(
        database,
        folder,
        log,
        tenant=settings.tenant,
        algs=keys,
        second_opinion=SECOND_OPINION if SECOND_OPINION in names else None,
    )


def build_limits(settings: Settings) -> IntakeLimits:
    """Build the bounds on what intake takes."""
    return IntakeLimits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)


def open_database(settings: Settings, *, is_reading: bool = False) -> Database:
    """Open the database and bring its schema up to date.

    One that is opened for reading is left as it is, but for an older schema, which nobody could read.
    """
    if is_reading:
        database = Database(settings.resolved_database_url(), is_reading=True)
        if database.has_newest_schema():
            return database
        database.close()
    with blaming(*(["database_url"] if settings.database_url else [])):
        database = Database(settings.resolved_database_url())
        database.migrate()
    return database


def open_blobs(settings: Settings, *, may_make: bool = True) -> BlobStore:
    """Open both sides of the blob store."""
    with blaming(*(name for name in ("quarantine_url", "public_url") if getattr(settings, name))):
        return open_store(
            settings.quarantine_url or settings.home / "quarantine",
            settings.public_url or settings.home / "public",
            may_make=may_make,
        )


def load_site_keys(settings: Settings, *, may_make: bool = False) -> Keyring:
    """Load the keys of a site; with `may_make`, make the site where there is none, and say so.

    Raises:
        NoSiteError: there is none and none may be made.
        ConfigurationError: a key is missing, damaged, or can be read by others.
    """
    if not may_make:
        verify_site(settings)
    elif make_home(settings):
        print_hint(f"a new site was made in {settings.home}")
    database = open_database(settings, is_reading=not may_make)
    try:
        return load_keyring(
            database, settings.keys_dir, origin=settings.ledger_origin or None, is_reading=database.is_reading
        )
    finally:
        database.close()


def open_log(settings: Settings, database: Database) -> Log:
    """Open the ledger with its own key."""
    ring = load_keyring(
        database, settings.keys_dir, origin=settings.ledger_origin or None, is_reading=database.is_reading
    )
    return build_log(settings, database, ring.signer).of_tenant(name_tenant(database, settings.tenant))


def build_log(settings: Settings, database: Database, signer: NoteSigner) -> Log:
    """Build the ledger, with its memory in the data directory."""
    path = find_database_file(settings)
    is_alone = path is not None and path.is_relative_to(settings.home) and is_bound(database)
    return Log(
        database,
        signer,
        memory=settings.home / MEMORY_FILE,
        is_only_signer=is_alone,
        reload=partial(load_ledger_key, settings.keys_dir),
    )


def load_site_trust(settings: Settings) -> TrustAnchors:
    """Load whom verification trusts."""
    signing = settings.signing
    files = ("trust_anchors", "timestamp_anchors", "allowed_list", "trust_config")
    with blaming(*(f"signing.{name}" for name in files if getattr(signing, name))):
        return load_trust(
            signing.trust_anchors,
            signing.timestamp_anchors,
            environment=settings.environment.value,
            keys_directory=settings.keys_dir,
            allowed_paths=signing.allowed_list,
            purposes_path=signing.trust_config,
        )


def build_marks(settings: Settings, keys: tuple[WatermarkKey, ...]) -> Mapping[str, Watermark]:
    """Build the watermark schemes that verification reads: where any are, the one that is embedded among them."""
    # A site whose settings name what is read, but not what is embedded, reads what a newer version embeds.
    listed = settings.read_watermarks
    embedded: Mapping[str, Watermark] = {}
    if listed and settings.watermark not in listed:
        with blaming("watermark"):
            embedded = {settings.watermark: WATERMARKS.make(settings.watermark, keys)}
    with blaming("read_watermarks"):
        return {**embedded, **{name: WATERMARKS.make(name, keys) for name in listed}}


def load_media(settings: Settings) -> Media:
    """Build what the site takes, without keys: enough to tell types."""
    return Media([MEDIA.make(name, Kit(), has=MEDIUM_PARTS) for name in settings.media])


def build_media(settings: Settings, keys: tuple[WatermarkKey, ...], marks: Mapping[str, Watermark]) -> Media:
    """Build what the site takes, looks at and marks.

    Raises:
        UnknownPluginError: a name that no plugin has; the message lists the known ones.
    """
    with blaming("watermark"):
        watermark = (
            marks[settings.watermark] if settings.watermark in marks else WATERMARKS.make(settings.watermark, keys)
        )
    with blaming("labels"):
        labels = tuple(LABELS.make(name, has=LABEL_PARTS) for name in settings.labels)
    with blaming("fingerprints"):
        schemes = build_fingerprints(settings.fingerprints)
    kit = Kit(keys, watermark, marks, schemes, settings.clean_hidden, labels)
    options = settings.media_options
    kits = {name: replace(kit, options=options.get(name, {})) for name in settings.media}
    with blaming("media"):
        return Media([MEDIA.make(name, kits[name], has=MEDIUM_PARTS) for name in settings.media])


def build_fingerprints(names: Sequence[str] = ("pdq", "phash")) -> tuple[FingerprintScheme, ...]:
    """Build the fingerprint schemes; the first is the key, pHash the second opinion."""
    return tuple(make_scheme(name) for name in names)
