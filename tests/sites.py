"""A whole site in a test's own folder, and the pictures that tests hand in."""

import io
import zlib
from functools import lru_cache
from pathlib import Path

from PIL import Image

from api.settings import DETECTORS_WITHOUT_EXTRAS, load_settings
from api.wiring import load_site_trust
from policies.line.deployment import Submission
from provenance.asset import MediaType
from provenance.media.media import Media
from provenance.seal.sealer import Sealer
from provenance.storage.blob import Blob
from tests.unmarked import note_file, note_photograph

DETECTORS = DETECTORS_WITHOUT_EXTRAS
"""The default ones where no extra is installed: the baseline pack holds without them, and none of them loads torch."""
PLAIN = {"CHOPMARK_DETECTORS": ",".join(DETECTORS), "CHOPMARK_BACKEND": "sketch"}
"""The same as an environment; the demo, in tests/api/commands/test_demo.py, runs with the embedded models."""


LIGHT_PACKS = Path(__file__).parent / "packs"
"""Where the pack `light` lies."""


def build_settings(home: Path, **overrides):
    """Settings of a site under `home`, the default ones without the extras unless told otherwise.

    Sites of tests are not warmed, so the first picture of a fresh checkout waits for what is compiled at first use.
    """
    return load_settings(
        **{"home": home, "detectors": DETECTORS, "backend": "sketch", "screen_deadline_s": 120, **overrides}
    )


def build_light_settings(home: Path, **overrides):
    """Settings of a site without classifiers that load weights, under the pack `light` of tests/packs."""
    light = {"detectors": DETECTORS[:3], "packs": ("light",), "pack_folders": (LIGHT_PACKS,)}
    return build_settings(home, **{**light, **overrides})


def photograph_path(name: str) -> Path:
    """Path of a photograph that scikit-image brings along."""
    import skimage

    return Path(skimage.__file__).parent / "data" / name


def photograph(name: str = "coffee.png", side: int = 384) -> Image.Image:
    """A real photograph, its shorter side brought to `side`."""
    return _scaled(name, side).copy()


@lru_cache(maxsize=64)
def _scaled(name: str, side: int) -> Image.Image:
    with Image.open(photograph_path(name)) as opened:
        picture = opened.convert("RGB")
    scale = side / min(picture.size)
    size = round(picture.width * scale), round(picture.height * scale)
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    note_photograph(picture)
    return picture


def encode(picture: Image.Image, kind: str = "JPEG", **options) -> bytes:
    """Bytes of `picture` as a file of that kind."""
    buffer = io.BytesIO()
    if kind == "JPEG":
        options = {"quality": 92, **options}
    picture.save(buffer, kind, **options)
    note_file(picture, buffer.getvalue())
    return buffer.getvalue()


def encode_undecodable(side: int = 640) -> bytes:
    """A PNG whose headers and checksums are sound, and whose pixels are none: only decoding tells."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    header = side.to_bytes(4) * 2 + b"\x08\x02\0\0\0"
    pixels = zlib.compress(b"\0" * 1000)[:-6] + b"no zlib"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def submission(name: str = "coffee.png", kind: str = "JPEG", side: int = 384, **fields) -> Submission:
    """A photograph handed in as a file."""
    return as_submission(encode(photograph(name, side), kind), **fields)


def as_submission(data: bytes, **fields) -> Submission:
    """Bytes handed in as a file."""
    return Submission(Blob.from_bytes(data), **fields)


def pictures(site):
    """The site's medium of still pictures."""
    return site.deployment.media.of(MediaType.PNG)


def build_sealer(site, **changes):
    """The site's own sealer, with `changes`."""
    own = site.deployment.sealer
    medium = {name: changes.pop(name) for name in ("watermark", "fingerprints", "clean") if name in changes}
    parts = {
        "media": Media([pictures(site).having(**medium)]),
        "identity": site.identity,
        "trust": load_site_trust(site.settings),
        "provider": own.provider,
        "timestamp": None,
    }
    return Sealer(**{**parts, **changes})
