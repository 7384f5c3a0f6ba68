"""Settings to a running site: the one place that knows which class serves which seam."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

from api import VERSION
from api.blaming import blaming, verify_names
from api.compiling import compile_once
from api.console import print_hint
from api.home import make_home, verify_site
from api.makers import build_makers
from api.reading import (
    Reader,
    build_fingerprints,
    build_limits,
    build_log,
    build_marks,
    build_media,
    build_reader,
    build_works,
    load_site_keys,
    load_site_trust,
    open_blobs,
    open_database,
    open_log,
    open_reader,
)
from api.settings import Settings
from api.tenancy import LENT_THINGS, Built, Tenancies, share_runner
from api.upkeep import finish_interrupted, sign_off
from detectors.base import DETECTORS, Toolbox
from detectors.isolation import IsolatedDetector
from detectors.runner import Runner
from generation.base import Backend, ImageToImage, Progress, Recipe, TextToImage, build_backend
from generation.sounding import Makers
from policies.editing.live import LivePacks
from policies.line.deployment import Deployment, Submission
from policies.line.prompting import judge_prompt
from policies.line.sweeping import sweep_staging
from policies.rules.decision import Decision
from policies.rules.loader import load_named
from policies.workflow import Line
from provenance.asset import Origin
from provenance.errors import ConfigurationError, GateError
from provenance.journal import Journal
from provenance.manifests.components import FIELD, Component, describe_components
from provenance.manifests.deferred import DeferredIdentity
from provenance.manifests.identity import (
    SigningIdentity,
    load_command_identity,
    load_development_identity,
    load_local_identity,
)
from provenance.manifests.timestamp import TimestampAuthority
from provenance.media.cache import ContentCache
from provenance.media.media import Media
from provenance.media.medium import Claims, Provider
from provenance.media.picture.image import encode_frame
from provenance.seal.sealer import Sealer
from provenance.storage.binding import bind_stores
from provenance.storage.blob import Blob
from provenance.storage.lease import Leases
from provenance.storage.tenants import name_tenant
from provenance.tenant import MAIN, Tenant
from provenance.verify.verifier import Verifier
from provenance.watermarks.base import Watermark
from provenance.watermarks.tenancy import derive_keys
from provenance.works.registry import Works

__all__ = [
    "CONTENT_CACHE_BYTES",
    "Reader",
    "Site",
    "build_fingerprints",
    "build_log",
    "build_marks",
    "build_name",
    "build_reader",
    "build_runner",
    "build_site",
    "load_identity",
    "load_packs",
    "load_site_keys",
    "load_site_trust",
    "open_blobs",
    "open_database",
    "open_log",
    "open_reader",
    "open_site",
]

PRESENCE_FOLDER: Final = "at-work"
"""In the data directory; each process that works on assets holds a locked file there."""

_log = Journal(__name__)

CONTENT_CACHE_BYTES: Final = 256 * 1024 * 1024
"""Room for some twenty decoded pictures of 2048x2048."""


@dataclass(frozen=True)
class Site:
    """One deployment, opened.

    Attributes:
        settings: as read.
        deployment: what the gate uses, of the tenant that the settings act for.
        verifier: what verification uses.
        identity: who signs, loaded when something is to be signed.
    """

    settings: Settings
    deployment: Deployment
    verifier: Verifier
    identity: DeferredIdentity
    tenancies: Tenancies

    def warm(self) -> None:
        """Load who signs and what the detectors need, compiled loops too, and sign the ledger as it stands.

        What is wrong stops here and not at the first asset: no signer, weights that are missing, or a database that was
        set back behind what this ledger has signed, which must not be added to.
        """
        self.identity.load()
        compile_once()
        self.deployment.runner.warm()
        self.deployment.log.checkpoint()

    def backend(self) -> Backend:
        """Return the configured generation backend, warm; the same one each time, for its weights take seconds."""
        return self._backend

    @cached_property
    def _backend(self) -> Backend:
        name = self.settings.backend
        with blaming("backend"):
            made = build_backend(name, self.settings.backend_options.get(name, {}))
        made.warm()
        return made

    @cached_property
    def makers(self) -> Makers:
        """Backends that make clips, music and speech, warm, where the settings name any."""
        return build_makers(self.settings)

    def draw(
        self,
        prompt: str,
        *,
        seed: int = 0,
        size: tuple[int, int] = (512, 512),
        steps: int | None = None,
        source: bytes | None = None,
        strength: float = 0.6,
        style: str = "",
        packs: tuple[str, ...] = (),
        context: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
        here: Deployment | None = None,
    ) -> Submission | Decision:
        """Draw one picture and hand it in with its prompt and recipe; `size` is (width, height).

        A prompt that is blocked is not drawn: then what is returned is the decision that blocks it. With a `source`, a
        picture's bytes, it is drawn from that, which becomes an ingredient; with a `style` the painter lays it anew, no
        larger than `size`, whatever backend is configured. `context` is for packs. `here` is the deployment of another
        tenant than the site acts for.
        """
        refusal = judge_prompt(here or self.deployment, prompt, packs=packs, size=size)
        if refusal is not None:
            return refusal
        from api.animating import begin_with

        request: TextToImage | ImageToImage
        components: tuple[Component, ...] = ()
        if source is None:
            request = TextToImage(prompt, width=size[0], height=size[1], seed=seed, steps=steps)
        else:
            begun = begin_with(here or self.deployment, Blob.from_bytes(source))
            components = (begun.component,)
            start = self.deployment.media.take(begun.component.file, Claims(), self.deployment.limits)
            picture = next(start.views()).carrier
            frame = picture.reduced(min(max(size), max(picture.frame.shape[:2]))) if style else picture.frame
            request = ImageToImage(prompt, frame, strength=strength, seed=seed, steps=steps, style=style)
        made = (build_backend("sketch", {}) if style else self.backend()).generate(request, progress)
        recipe = spell_recipe(made.recipe) | ({FIELD: describe_components(components)} if components else {})
        return Submission(
            Blob.from_bytes(encode_frame(made.frame)),
            name=build_name(prompt, seed),
            prompt=prompt,
            recipe=recipe,
            origin=Origin.GENERATED,
            packs=packs,
            context=context or {},
            components=components,
        )

    def close(self) -> None:
        """Let go of leases, database and detectors."""
        if self.deployment.line is not None:
            self.deployment.line.close()
        self.deployment.leases.close()
        self.deployment.runner.close()
        self.tenancies.close()
        self.deployment.database.close()


def spell_recipe(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe in its JSON form."""
    return {key: dict(value) if isinstance(value, Mapping) else value for key, value in asdict(recipe).items()}


def build_name(prompt: str, seed: int) -> str:
    """Return a file name for a drawn picture; a digest stands for the prompt, which is nobody else's business."""
    return f"drawn-{hashlib.sha256(prompt.encode()).hexdigest()[:8]}-{seed}.png"


@contextmanager
def open_site(settings: Settings, *, may_make: bool = True, quiet: bool = False, finish: bool = True) -> Iterator[Site]:
    """Open everything that `settings` name; finish what was interrupted; close it all at the end.

    Nothing is finished, moved or removed before the ledger was held against what it signed, and the blob stores
    against the database.

    Args:
        settings: of the site.
        may_make: make the site where there is none, and say so; else whoever looks is told where.
        quiet: say nothing of a site that was made.
        finish: finish what was interrupted; else it waits, as it must while a review is taken back.

    Raises:
        NoSiteError: there is none and none may be made.
        ConfigurationError: settings that cannot work, a data directory that cannot be written, or a lost key.
        InconsistentLedgerError: the database was set back behind what its ledger signed.
        SiteMismatchError: the blob stores are not those of this database, or not of its time.
        UnknownPluginError: a name that no plugin has; the message lists the known ones.
    """
    if not may_make:
        verify_site(settings)
    is_new = make_home(settings)
    site = build_site(settings)
    if is_new and not quiet:
        print_hint(f"a new site was made in {settings.home}")
    try:
        here = site.deployment
        here.log.checkpoint()
        bind_stores(here.database, here.blobs)
        sweep_staging(here.blobs.quarantine, here.blobs.public)
        if finish:
            finish_interrupted(here)
        try:
            yield site
        finally:
            sign_off(here)
    finally:
        site.close()


def build_site(settings: Settings) -> Site:
    """Build a site; `open_site`, which holds its parts against each other before anything acts, is the usual door."""
    own = settings.for_tenant(settings.tenant)  # what is wrong with it stops here
    site = settings.for_tenant(MAIN)
    _prepare_development(site)
    reader = build_reader(site, is_reading=False)
    tenancies = Tenancies(partial(_build_tenancy, settings, reader))
    identity = DeferredIdentity(partial(load_identity, site))
    main = Deployment(
        database=reader.database,
        blobs=reader.blobs,
        log=reader.log,
        works=reader.works,
        runner=build_runner(site, reader.works, reader.marks, reader.media),
        packs=LivePacks(reader.database, {pack.name: pack for pack in load_packs(site)}),
        default_packs=site.packs,
        floor_packs=site.floor_packs,
        sealer=_build_sealer(site, reader.media, identity),
        media=reader.media,
        limits=reader.limits,
        contents=ContentCache(CONTENT_CACHE_BYTES),
        leases=Leases(reader.database, site.home / PRESENCE_FOLDER),
        sensitive=site.review.sensitive,
        may_review_own=site.review.own,
        find_tenancy=tenancies.find,
        line=Line(reader.database, settings.line.build_limits()),
    )
    verify_names(site, main.packs)
    tenancies.add(main, identity)
    deployment, identity = tenancies.find(own.tenant), tenancies.find_identity(own.tenant)
    return Site(own, deployment, reader.verifier, identity, tenancies)


def _build_tenancy(settings: Settings, reader: Reader, main: Deployment, tenant: Tenant) -> Built:
    """Build what is a tenant's own beside what is the site's."""
    own, keys = settings.for_tenant(tenant), derive_keys(reader.keys, tenant)
    marks = build_marks(own, keys)
    media = build_media(own, keys, marks)
    log = main.log.of_tenant(name_tenant(main.database, tenant))
    works = build_works(own, main.database, log)
    identity = DeferredIdentity(partial(load_identity, own))
    deployment = replace(
        main,
        tenant=tenant,
        log=log,
        works=works,
        runner=share_runner(own, main.runner, works, marks, media),
        packs=LivePacks(main.database, {pack.name: pack for pack in load_packs(own)}, tenant),
        default_packs=own.packs,
        sealer=_build_sealer(own, media, identity),
        media=media,
        limits=build_limits(own),
    )
    verify_names(own, deployment.packs)
    return deployment, identity


def _prepare_development(settings: Settings) -> None:
    """Make the development CA before anybody asks whom to trust; what is wrong with it matters when it is to sign."""
    if settings.signing.certificate_chain is None and not settings.is_production:
        with suppress(GateError):
            load_identity(settings)


def _build_sealer(settings: Settings, media: Media, identity: DeferredIdentity) -> Sealer:
    authority = settings.signing.timestamp_url
    named = settings.provider
    return Sealer(
        media=media,
        identity=identity,
        trust=load_site_trust(settings),
        provider=Provider(named.name, named.code, named.label_text, VERSION),
        timestamp=_find_authority(authority),
    )


def _find_authority(address: str) -> TimestampAuthority | None:
    with blaming("signing.timestamp_url"):
        return TimestampAuthority(address) if address else None


def load_identity(settings: Settings) -> SigningIdentity:
    """Load who signs; without any setting the development CA, which production refuses."""
    signing, environment = settings.signing, settings.environment.value
    if signing.certificate_chain is None:
        if signing.private_key is not None or signing.command:
            raise ConfigurationError("signing.private_key and signing.command need signing.certificate_chain")
        return load_development_identity(settings.keys_dir, environment=environment)
    if (signing.private_key is None) == (not signing.command):
        raise ConfigurationError(
            "signing.certificate_chain: expected either signing.private_key or signing.command beside it"
        )
    with blaming("signing.certificate_chain", "signing.private_key" if signing.private_key else "signing.command"):
        if signing.private_key is not None:
            return load_local_identity(signing.certificate_chain, signing.private_key, environment=environment)
        return load_command_identity(signing.certificate_chain, signing.command, environment=environment)


def build_runner(settings: Settings, works: Works, marks: Mapping[str, Watermark], media: Media) -> Runner:
    """Build the enabled detectors, each here or in a process of its own, and what runs them.

    Raises:
        ConfigurationError: one that is not enabled, or that needs the registry or the marks, is to run apart.
    """
    deadline_s = settings.screen_deadline_s
    _check_isolated(settings)
    makers: list[Callable[[], Any]] = []
    for name in settings.detectors:
        toolbox = Toolbox(
            works=works,
            models_dir=settings.models_dir,
            marks=marks,
            options=settings.detector_options.get(name, {}),
            enabled=frozenset(settings.detectors),
            media=media,
        )
        if name in settings.isolated_detectors:
            makers.append(partial(IsolatedDetector, name, toolbox, deadline_s=deadline_s))
        else:
            makers.append(partial(DETECTORS.load(name), toolbox))
    return Runner(tuple(make() for make in makers), deadline_s=deadline_s, total_s=2 * deadline_s)


def _check_isolated(settings: Settings) -> None:
    for name in settings.isolated_detectors:
        if name not in settings.detectors:
            raise ConfigurationError(f"isolated_detectors: expected enabled detectors, got {name!r}")
        if name in LENT_THINGS:
            raise ConfigurationError(
                f"isolated_detectors: {name!r} needs {LENT_THINGS[name]}, which do not cross into another process"
            )


def load_packs(settings: Settings) -> tuple[Any, ...]:
    """Load every pack that can be named: the built-in ones and those in the settings' folders."""
    from policies.rules.loader import find_pack_files

    with blaming(*(["pack_folders"] if settings.pack_folders else [])):
        return load_named(tuple(find_pack_files(settings.pack_folders)), settings.pack_folders)
