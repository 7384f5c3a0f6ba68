"""Settings to a running site: the one place that knows which class serves which seam."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final, TextIO

import structlog

from api import VERSION
from api.settings import Settings
from api.upkeep import finish_interrupted, sign_off
from detectors.base import DETECTORS, Toolbox
from detectors.runner import Runner
from generation.base import BACKENDS, Backend, ImageToImage, Progress, Recipe, TextToImage
from policies.decision import Decision
from policies.deployment import Deployment, Submission
from policies.loader import load_named
from policies.prompting import judge_prompt
from policies.sweeping import sweep_staging
from provenance.asset import MediaType, Origin
from provenance.binding import bind_stores, is_bound, verify_owner
from provenance.database import Database
from provenance.errors import ConfigurationError
from provenance.fingerprints.base import FINGERPRINTS, FingerprintScheme
from provenance.inquiry import Verifier
from provenance.keyring import load_keyring
from provenance.lease import Leases
from provenance.ledger.log import Log
from provenance.ledger.note import NoteSigner
from provenance.manifests.identity import (
    SigningIdentity,
    load_command_identity,
    load_development_identity,
    load_local_identity,
)
from provenance.manifests.timestamp import TimestampAuthority
from provenance.manifests.trust import TrustAnchors, load_trust
from provenance.media.image import IntakeLimits, Picture, PictureCache, encode_image, parse_image
from provenance.seal import Provider, Sealer
from provenance.store import BlobStore, open_store
from provenance.watermarks.base import WATERMARKS, Watermark, WatermarkKey
from provenance.works.registry import Works

LOCK_FILE: Final = "at-work.lock"
"""In the data directory; says that there is a site here."""

PRESENCE_FOLDER: Final = "at-work"
"""In the data directory; each process that works on assets holds a locked file there."""

_log = structlog.get_logger(__name__)

PICTURE_CACHE_BYTES: Final = 256 * 1024 * 1024
"""Room for some twenty decoded pictures of 2048x2048."""


@dataclass(frozen=True)
class Site:
    """One deployment, opened.

    Attributes:
        settings: as read.
        deployment: what the gate uses.
        verifier: what verification uses.
        identity: who signs.
    """

    settings: Settings
    deployment: Deployment
    verifier: Verifier
    identity: SigningIdentity

    def warm(self) -> None:
        """Load what the detectors need and sign the ledger as it stands.

        What is wrong stops here and not at the first asset: weights that are missing, or a database that was set back
        behind what this ledger has signed, which must not be added to.
        """
        self.deployment.runner.warm()
        self.deployment.log.checkpoint()

    def backend(self) -> Backend:
        """Return the configured generation backend, warm; the same one each time, for its weights take seconds."""
        return self._backend

    @cached_property
    def _backend(self) -> Backend:
        name = self.settings.backend
        made = BACKENDS.load(name)(self.settings.backend_options.get(name, {}))
        made.warm()
        return made

    def draw(
        self,
        prompt: str,
        *,
        seed: int = 0,
        size: tuple[int, int] = (512, 512),
        steps: int | None = None,
        source: bytes | None = None,
        strength: float = 0.6,
        packs: tuple[str, ...] = (),
        progress: Progress | None = None,
    ) -> Submission | Decision:
        """Draw one picture and hand it in with its prompt and recipe; `size` is (width, height).

        A prompt that is blocked is not drawn: then what is returned is the decision that blocks it.
        """
        refusal = judge_prompt(self.deployment, prompt, packs=packs, size=size)
        if refusal is not None:
            return refusal
        request: TextToImage | ImageToImage
        if source is None:
            request = TextToImage(prompt, width=size[0], height=size[1], seed=seed, steps=steps)
        else:
            start = parse_image(source, limits=self.deployment.limits)
            request = ImageToImage(prompt, start.frame, strength=strength, seed=seed, steps=steps)
        made = self.backend().generate(request, progress)
        return Submission(
            encode_image(Picture.from_frame(made.frame), MediaType.PNG),
            name=build_name(prompt, seed),
            prompt=prompt,
            recipe=_spell_recipe(made.recipe),
            origin=Origin.GENERATED,
            packs=packs,
        )

    def close(self) -> None:
        """Let go of leases, database and detectors."""
        self.deployment.leases.close()
        self.deployment.works.close()
        self.deployment.database.close()


def _spell_recipe(recipe: Recipe) -> dict[str, Any]:
    return {key: dict(value) if isinstance(value, Mapping) else value for key, value in asdict(recipe).items()}


def build_name(prompt: str, seed: int) -> str:
    """Return a file name for a drawn picture; a digest stands for the prompt, which is nobody else's business."""
    return f"drawn-{hashlib.sha256(prompt.encode()).hexdigest()[:8]}-{seed}.png"


@contextmanager
def open_site(settings: Settings) -> Iterator[Site]:
    """Open everything that `settings` name; finish what was interrupted; close it all at the end.

    Nothing is finished, moved or removed before the ledger was held against what it signed, and the blob stores
    against the database.

    Raises:
        ConfigurationError: settings that cannot work, or a data directory that cannot be written.
        InconsistentLedgerError: the database was set back behind what its ledger signed.
        SiteMismatchError: the blob stores are not those of this database, or not of its time.
        UnknownPluginError: a name that no plugin has; the message lists the known ones.
    """
    open_home(settings).close()
    site = build_site(settings)
    try:
        here = site.deployment
        here.log.checkpoint()
        bind_stores(here.database, here.blobs)
        sweep_staging(here.blobs.quarantine, here.blobs.public)
        finish_interrupted(here)
        try:
            yield site
        finally:
            sign_off(here)
    finally:
        site.close()


def open_home(settings: Settings) -> TextIO:
    """Make the data directory if need be, and open the file in it whose lock says that a process is at work.

    Raises:
        ConfigurationError: the directory cannot be made or written.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return (settings.home / LOCK_FILE).open("a")
    except OSError as exc:
        raise ConfigurationError(
            f"the data directory {settings.home} cannot be written ({(exc.strerror or str(exc)).lower()}): "
            "set CHOPMARK_HOME to a folder that you can write"
        ) from exc


def build_site(settings: Settings) -> Site:
    """Build a site; `open_site`, which holds its parts against each other before anything acts, is the usual door."""
    database = open_database(settings)
    blobs = open_blobs(settings)
    verify_owner(database, blobs)
    ring = load_keyring(database, settings.keys_dir, origin=settings.ledger_origin or None)
    log = build_log(settings, database, ring.signer)
    works = Works(database, settings.index_dir, log)
    identity, trust = load_identity(settings), load_site_trust(settings)
    keys = ring.marks
    marks = build_marks(settings, keys)
    fingerprints = build_fingerprints()
    limits = IntakeLimits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    sealer = _build_sealer(settings, keys, fingerprints, identity, trust)
    deployment = Deployment(
        database=database,
        blobs=blobs,
        log=log,
        works=works,
        runner=build_runner(settings, works, marks),
        packs={pack.name: pack for pack in load_packs(settings)},
        default_packs=settings.packs,
        sealer=sealer,
        limits=limits,
        pictures=PictureCache(PICTURE_CACHE_BYTES),
        leases=Leases(database, settings.home / PRESENCE_FOLDER),
    )
    verifier = Verifier(
        database=database,
        blobs=blobs,
        log=log,
        works=works,
        marks=marks,
        fingerprints=fingerprints,
        trust=trust,
        limits=IntakeLimits(max_bytes=settings.verify_max_bytes, max_pixels=settings.verify_max_pixels),
    )
    return Site(settings=settings, deployment=deployment, verifier=verifier, identity=identity)


def _build_sealer(
    settings: Settings,
    keys: tuple[WatermarkKey, ...],
    fingerprints: tuple[FingerprintScheme, ...],
    identity: SigningIdentity,
    trust: TrustAnchors,
) -> Sealer:
    authority = settings.signing.timestamp_url
    named = settings.provider
    return Sealer(
        watermark=WATERMARKS.load(settings.watermark)(keys),
        fingerprints=fingerprints,
        identity=identity,
        trust=trust,
        provider=Provider(named.name, named.code, named.label_text, VERSION),
        timestamp=TimestampAuthority(authority) if authority else None,
    )


def open_database(settings: Settings) -> Database:
    """Open the database and bring its schema up to date."""
    database = Database(settings.resolved_database_url())
    database.migrate()
    return database


def open_blobs(settings: Settings) -> BlobStore:
    """Open both sides of the blob store."""
    return open_store(
        settings.quarantine_url or settings.home / "quarantine",
        settings.public_url or settings.home / "public",
    )


def open_log(settings: Settings, database: Database) -> Log:
    """Open the ledger with its own key."""
    ring = load_keyring(database, settings.keys_dir, origin=settings.ledger_origin or None)
    return build_log(settings, database, ring.signer)


def build_log(settings: Settings, database: Database, signer: NoteSigner) -> Log:
    """Build the ledger, with its memory in the data directory."""
    file = database.engine.url.database or ""
    is_alone = database.is_sqlite and Path(file).absolute().is_relative_to(settings.home.absolute())
    memory = settings.home / "last-checkpoint.txt"
    return Log(database, signer, memory=memory, is_only_signer=is_alone and is_bound(database))


def load_identity(settings: Settings) -> SigningIdentity:
    """Load who signs; without any setting the development CA, which production refuses."""
    signing, environment = settings.signing, settings.environment.value
    if signing.certificate_chain is None:
        if signing.private_key is not None or signing.command:
            raise ConfigurationError("signing.private_key and signing.command need signing.certificate_chain")
        return load_development_identity(settings.keys_dir, environment=environment)
    if (signing.private_key is None) == (not signing.command):
        raise ConfigurationError("expected either signing.private_key or signing.command beside the certificate chain")
    if signing.private_key is not None:
        return load_local_identity(signing.certificate_chain, signing.private_key, environment=environment)
    return load_command_identity(signing.certificate_chain, signing.command, environment=environment)


def load_site_trust(settings: Settings) -> TrustAnchors:
    """Load whom verification trusts."""
    signing = settings.signing
    return load_trust(
        signing.trust_anchors,
        signing.timestamp_anchors,
        environment=settings.environment.value,
        keys_directory=settings.keys_dir,
        allowed_paths=signing.allowed_list,
        purposes_path=signing.trust_config,
    )


def build_marks(settings: Settings, keys: tuple[WatermarkKey, ...]) -> Mapping[str, Watermark]:
    """Build the watermark schemes that verification reads."""
    return {name: WATERMARKS.load(name)(keys) for name in settings.read_watermarks}


def build_fingerprints() -> tuple[FingerprintScheme, ...]:
    """Build the fingerprint schemes; PDQ is the key, pHash the second opinion."""
    return tuple(FINGERPRINTS.load(name)() for name in ("pdq", "phash"))


def build_runner(settings: Settings, works: Works, marks: Mapping[str, Watermark]) -> Runner:
    """Build the enabled detectors and what runs them."""
    makers: list[Callable[[], Any]] = []
    for name in settings.detectors:
        toolbox = Toolbox(
            works=works,
            models_dir=settings.models_dir,
            marks=marks,
            options=settings.detector_options.get(name, {}),
            enabled=frozenset(settings.detectors),
        )
        makers.append(partial(DETECTORS.load(name), toolbox))
    deadline_s = settings.screen_deadline_s
    return Runner(tuple(make() for make in makers), deadline_s=deadline_s, total_s=2 * deadline_s)


def load_packs(settings: Settings) -> tuple[Any, ...]:
    """Load every pack that can be named: the built-in ones and those in the settings' folders."""
    from policies.loader import find_pack_files

    return load_named(tuple(find_pack_files(settings.pack_folders)), settings.pack_folders)
