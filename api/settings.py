"""Settings, from the environment (``CHOPMARK_*``) and an optional ``chopmark.toml`` in the data directory.

Everything has a default that works offline. Whatever would reach a network is off until it is named here. A list is
written as JSON or as ``one,two``; a setting inside a group as ``CHOPMARK_SIGNING__PRIVATE_KEY``.
"""

import os
import tomllib
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.access_settings import AccessSettings
from api.environment import find_unread, merge, read_environment
from api.line_settings import LineSettings
from api.maker_settings import MakerSettings
from api.operating import Retention, WebhookSettings
from api.spelling import FilePath, KeyName, Names, Networks, Origin, Paths, Place, TenantName
from detectors.writing.reader import has_reader
from generation.weights import has_embedded as has_embedded_pipeline
from policies.review.sensitivity import SENSITIVE
from provenance.errors import ConfigurationError
from provenance.tenant import MAIN, Tenant, parse_tenant

SETTINGS_FILE: Final = "chopmark.toml"

DATABASE_FILE: Final = "chopmark.db"

PREFIX: Final = "CHOPMARK_"

DETECTORS_WITHOUT_EXTRAS: Final = (
    "prompt",
    "incoming_marks",
    "copyright",
    "nsfw",
    "clip",
    "faces",
    "codes",
    "personal",
)


def find_home() -> Path:
    """Return the data directory that the environment names: CHOPMARK_HOME, else one below XDG_DATA_HOME.

    Raises:
        ConfigurationError: it names an empty one, or none, and this user has no home directory.
    """
    named = os.environ.get(f"{PREFIX}HOME")
    if named is not None:
        if not named.strip():
            raise ConfigurationError(
                f"{PREFIX}HOME is set, but empty: set it to the folder of the site, or unset it for the usual place"
            )
        return Path(named)
    try:
        shared = os.environ.get("XDG_DATA_HOME") or Path("~/.local/share").expanduser()
    except RuntimeError as exc:
        raise ConfigurationError(f"this user has no home directory: set {PREFIX}HOME to a folder for the data") from exc
    return Path(shared) / "chopmark"


def find_detectors() -> tuple[str, ...]:
    """Return the detectors that work here without any option: ocr where its extra is installed."""
    return (*DETECTORS_WITHOUT_EXTRAS, "ocr") if has_reader() else DETECTORS_WITHOUT_EXTRAS


def find_backend() -> str:
    """Return the best backend that works here without any option."""
    return "diffusers_local" if has_embedded_pipeline() else "sketch"


_acting: list[Tenant] = []
"""For whom the command line was told to act, in front of what environment and file say."""


def act_for(tenant: str) -> None:
    """Have every settings that are loaded from now on act for a tenant.

    Raises:
        ConfigurationError: it is no tenant's name.
    """
    _acting[:] = [parse_tenant(tenant)]


class Environment(StrEnum):
    """Where this deployment runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"
    """Refuses every stand-in whose name begins with Unsafe, the development CA first."""


class Provider(BaseModel):
    """Who releases: what labels and manifests say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "Chopmark development deployment"
    """Provider name, as EU and California disclosures ask for it."""
    code: str = ""
    """27-character provider code of TC260-PG-20252A for GB 45438 labels; empty writes the name instead."""
    label_text: str = "AI生成"
    """What the explicit label says."""


class Signing(BaseModel):
    """Who signs. Nothing set: the development CA, which production refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    certificate_chain: FilePath | None = None
    """PEM file: leaf first, then intermediates."""
    private_key: FilePath | None = None
    """PEM file of the leaf's key, readable by its owner only."""
    command: tuple[str, ...] = ()
    """Instead of a key: a command that reads the bytes to sign on stdin and writes the signature on stdout."""
    timestamp_url: str = ""
    """RFC 3161 time-stamp authority; empty for none. Setting it makes signing use the network."""
    trust_anchors: Paths = ()
    """PEM bundles of roots whose signers verification trusts, beside the development root."""
    timestamp_anchors: Paths = ()
    """PEM bundles of roots of time-stamp authorities; they never vouch for a signer."""
    allowed_list: Paths = ()
    """Certificates that are trusted by themselves: PEM, or SHA-256 in base64 or hexadecimal, one a line."""
    trust_config: FilePath | None = None
    """Key purposes that signers may have beside those of C2PA, one dotted number a line (the C2PA lists' store.cfg)."""

    def with_own(self, own: "Signing") -> "Signing":
        """Return this with what `own` sets; a signer is one thing, of which no part is taken from another."""
        given = {name: getattr(own, name) for name in own.model_fields_set}
        signer = {"certificate_chain": None, "private_key": None, "command": ()}
        return self.model_copy(update={**(signer if given.keys() & signer.keys() else {}), **given})


class TenantSettings(BaseModel):
    """What one tenant has otherwise than the site; what is not set is as the site has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Provider | None = None
    signing: Signing | None = None
    packs: Names | None = None
    pack_folders: Paths | None = None
    max_bytes: int | None = Field(default=None, gt=0)
    max_pixels: int | None = Field(default=None, gt=0)


class Http(BaseModel):
    """What the HTTP side takes on at a time; above it, requests wait and are then told to come back (503)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    idle_s: float = Field(default=10.0, gt=0)
    """An upload that sends nothing for so long is ended (408)."""
    upload_s: float = Field(default=120.0, gt=0)
    """An upload that takes longer in all is ended (408)."""
    wait_s: float = Field(default=20.0, gt=0)
    """A request waits so long for room."""
    uploads: int = Field(default=32, gt=0)
    """Uploads at once, each in a temporary file above 1 MiB."""
    files: int = Field(default=4, gt=0)
    """Files looked at at once."""
    pixels: int = Field(default=33_554_432, gt=0)
    """Pixels of the pictures looked at at once; a larger picture comes alone."""
    origin: Origin = "http://127.0.0.1:8600"
    """How people reach this server: scheme and host, and port if need be; with https, cookies are for https alone."""
    followers: int = Field(default=64, gt=0)
    """Who follow a submission by events at once."""
    visits_per_minute: int = Field(default=120, ge=0)
    """Verifications by each address without an account; 0 for as many as there is room for."""
    trusted_proxies: Networks = ()
    """Addresses or networks of proxies whose X-Forwarded-For is believed, such as ``10.0.0.0/8``."""
    fetch: bool = False
    """Whether verification fetches a file from an address that a visitor names; uses the network."""
    fetches: int = Field(default=4, gt=0)
    """Files fetched at once."""
    clip_s: float = Field(default=60.0, ge=0, le=180)
    """Longest clip, or longer part of one, that is made of what is handed in; 0 for none."""
    metrics_for: Networks = ()
    """Addresses or networks that read /metrics without a key, such as ``127.0.0.1``."""
    log: Literal["text", "json"] = "text"
    """How a server writes its log: one line an event, ``text`` or ``json``."""
    traces: str = Field(default="", pattern="^(https?://[!-~]+)?$")
    """Where traces of requests are sent by OTLP, such as ``http://127.0.0.1:4318/v1/traces``; empty for none."""


class Review(BaseModel):
    """How held assets are reviewed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grace_s: float = Field(default=10.0, ge=0, le=3600)
    """An approval at the desk waits so long before it walks on, and can be taken back until then."""
    own: bool = False
    """Whether who handed a file in may approve it themselves, such as where one person does everything."""
    sensitive: Names = SENSITIVE
    """Categories, or ids of rules, whose assets only sensitive-queue moderators find; ``*`` stands for any letters."""


class Settings(BaseModel):
    """Every setting of one deployment."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    home: FilePath = Field(default_factory=find_home)
    """Data directory: database, keys, quarantine, index, and by default the public blobs."""
    environment: Environment = Environment.DEVELOPMENT
    database_url: Place = Field(default="", repr=False)
    """SQLAlchemy URL; empty for SQLite in the data directory."""
    quarantine_url: Place = Field(default="", repr=False)
    """Blob store for what came in; empty for a folder in the data directory."""
    public_url: Place = Field(default="", repr=False)
    """Blob store for what was published; empty for a folder in the data directory."""
    packs: Names = ("baseline",)
    """Packs that decide when a submission names none."""
    floor_packs: Names = ()
    """Packs that decide about everything of every tenant, whatever else is named or chosen."""
    pack_folders: Paths = ()
    """More folders to look for packs in."""
    media: Names = ("picture",)
    """Kinds of file that are taken; a third party's is named here once it is installed."""
    media_options: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    """Options by medium."""
    detectors: Names = Field(default_factory=find_detectors)
    """Enabled detectors. Each MUST answer for a release."""
    detector_options: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    """Options by detector, such as ``{"clip": {"model": "ViT-B-32", "checkpoint": "..."}}``."""
    isolated_detectors: Names = ()
    """Enabled detectors that run in processes of their own, where their bounds are enforced."""
    screen_deadline_s: float = Field(default=15.0, gt=0)
    """Each detector has this long, all together twice as long; what is late holds."""
    watermark: str = "tile2"
    """Scheme that the gate embeds."""
    read_watermarks: Names = ("tile2", "tile", "dwt_dct_svd")
    """Schemes that verification and intake look for, in this order, and the one embedded; older marks are read."""
    fingerprints: Names = ("pdq", "phash")
    """Fingerprints that works and releases are found by, the most trusted first; "phash" is a second opinion alone."""
    labels: Names = ()
    """Labels of third parties that are written into whatever is released."""
    backend: str = Field(default_factory=find_backend)
    """Generation backend."""
    backend_options: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    """Options by backend."""
    makers: MakerSettings = MakerSettings()
    gateway_options: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    """Services that generate, by name, each with its keys; only those named here are ever called."""
    gateway_jobs_per_day: int = Field(default=100, ge=1)
    """Paid jobs that a tenant may order over HTTP between two midnights, UTC."""
    gateway_callbacks: bool = False
    """Whether services are told to call back at `http.origin` when a job is done; it has to be reached from outside."""
    max_bytes: int = Field(default=64 * 1024 * 1024, gt=0)
    """Largest file that intake takes."""
    max_pixels: int = Field(default=16_777_216, gt=0)
    """Largest picture that intake takes."""
    clean_hidden: bool = True
    """Whether what nobody can see in a picture is taken out before it ships."""
    verify_max_bytes: int = Field(default=256 * 1024 * 1024, gt=0)
    """Largest file that verification reads."""
    verify_max_pixels: int = Field(default=50_000_000, gt=0)
    """Largest picture whose pixels verification looks at; of a larger one the manifest is still read."""
    ledger_origin: KeyName = ""
    """Name of this ledger in checkpoints; empty for one made at first use."""
    provider: Provider = Provider()
    signing: Signing = Signing()
    tenants: dict[TenantName, TenantSettings] = Field(default_factory=dict)
    """Others that this site serves, each apart from all the rest: docs/operator.md."""
    tenant: TenantName = MAIN
    """For whom this process acts; `chopmark --tenant` sets it."""
    http: Http = Http()
    review: Review = Review()
    line: LineSettings = LineSettings()
    access: AccessSettings = AccessSettings()
    retention: Retention = Retention()
    webhooks: WebhookSettings = WebhookSettings()

    @property
    def is_production(self) -> bool:
        """Whether unsafe stand-ins are refused."""
        return self.environment is Environment.PRODUCTION

    @property
    def keys_dir(self) -> Path:
        """Folder of keys; owner-only."""
        return self.home / "keys"

    @property
    def models_dir(self) -> Path:
        """Folder of pulled weights."""
        return self.home / "models"

    @property
    def index_dir(self) -> Path:
        """Folder of the match index; can be rebuilt from the database."""
        return self.home / "index"

    def for_tenant(self, name: Tenant) -> Self:
        """Return the settings as one tenant has them.

        Raises:
            ConfigurationError: no such tenant is named here.
        """
        own = TenantSettings() if name == MAIN else self.tenants.get(name)
        if own is None or MAIN in self.tenants:
            raise ConfigurationError(
                f"no tenant of this site is called {name!r}: name it in the settings, as tenants.{name}"
                if own is None
                else "tenants.main: the tenant main is the site's own, whose settings stand outside of tenants"
            )
        given = {field: value for field in own.model_fields_set if (value := getattr(own, field)) is not None}
        if own.provider is not None:
            given["provider"] = self.provider.model_copy(update=own.provider.model_dump(exclude_unset=True))
        if own.signing is not None:
            given["signing"] = self.signing.with_own(own.signing)
        return self.model_copy(update={**given, "tenant": name})

    def resolved_database_url(self) -> str:
        """Return the database URL, with the default filled in."""
        from sqlalchemy import URL

        if self.database_url:
            return self.database_url
        path = str(self.home / DATABASE_FILE)  # may hold what means something in a URL
        return URL.create("sqlite", database=path).render_as_string(hide_password=False)


def load_settings(**overrides: Any) -> Settings:  # noqa: ANN401 - pydantic validates each
    """Read the settings; arguments win over the environment, the environment over the file.

    Raises:
        ConfigurationError: a setting is unknown or invalid; the message names each, and never its value.
    """
    _refuse_unknown_variables()
    if _acting:
        overrides.setdefault("tenant", _acting[0])
    try:
        home = Path(overrides.get("home") or find_home())
        said = merge(_read_file(home.expanduser() / SETTINGS_FILE), read_environment(Settings, os.environ, PREFIX))
        settings = Settings(**merge(said, overrides))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        file = Path(overrides.get("home") or find_home()) / SETTINGS_FILE
        raise ConfigurationError(
            f"{file} is not TOML: {str(exc).lower()}; put it right, or move it away to go on with the defaults"
        ) from exc
    except (ValidationError, ValueError, OSError) as exc:
        raise ConfigurationError(f"settings cannot be used: {_describe(exc)}") from exc
    return settings.model_copy(update={"home": settings.home.expanduser().absolute()})


def build_default_settings(home: Path) -> Settings:
    """Build settings that are all defaults, whatever the environment or a file says: for the demo."""
    return Settings(home=home.expanduser().absolute())


def _read_file(path: Path) -> dict[str, Any]:
    """Return what the settings file says; nothing where there is none."""
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


def _refuse_unknown_variables() -> None:
    known = [name.upper() for name in Settings.model_fields]
    given = {
        name: name.removeprefix(PREFIX).partition("__")[0].upper() for name in os.environ if name.startswith(PREFIX)
    }
    unknown = sorted(name for name, top in given.items() if top not in known)
    if unknown:
        near = get_close_matches(given[unknown[0]], known, n=1)
        hint = (
            f", did you mean {PREFIX}{near[0]}?" if near else f"; known are {', '.join(PREFIX + one for one in known)}"
        )
        raise ConfigurationError(f"no setting is called {unknown[0]}{hint}")


def _describe(exc: Exception) -> str:
    if not isinstance(exc, ValidationError):
        unread = sorted(find_unread(Settings, {name.upper(): text for name, text in os.environ.items()}, PREFIX))
        return f"{', '.join(unread)}: expected JSON, got something else" if unread else str(exc)
    return "; ".join(
        f"{'.'.join(str(part) for part in error['loc']) or 'settings'}: {error['msg'].lower()}"
        for error in exc.errors(include_input=False)
    )
