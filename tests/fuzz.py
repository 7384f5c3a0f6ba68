"""A mutation fuzzer over every container: `python -m tests.fuzz --inputs 3600`, or `--seconds 3600` for a night.

Each input goes where an upload goes: the decoder, the labels, the manifest. What comes out has to be a picture or a typed
error; anything else is a surprise, and the process itself may not die. A decoder that dies is the design at work, and
is counted. The input at hand lies in a file meanwhile, so that what kills the process can be looked at.
"""

import argparse
import json
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from provenance.asset import MediaType
from provenance.errors import GateError
from provenance.labels.aigc import AigcItem
from provenance.labels.implicit import ImplicitLabels, read_labels, write_labels
from provenance.manifests.identity import load_development_identity
from provenance.manifests.signing import sign_manifest
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import read_manifest
from provenance.media.picture.decoders import DECODERS
from provenance.media.picture.image import parse_image, sniff_media_type
from tests import image_bytes as make
from tests.provenance.manifests.samples import define

SHARED = Path(__file__).parents[2] / "shared" / "data"
MOST_SEED_BYTES = 40_000
# Whatever lies in front of the pixels: most of what is parsed.
HEAD_BYTES = 600
NUMBERS = (0, 1, 2, 3, 4, 7, 8, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
TEXTS = (
    b"\xc0\x80",
    b"\xff\xfe",
    b"\0",
    b"%s%n",
    b"mime",
    b"Exif",
    b"meta",
    b"iloc",
    b"ispe",
    b"JFIF",
    b"IDAT",
    b"VP8L",
)


@cache
def seeds() -> dict[str, bytes]:
    """Return whole files of every type and of most kinds in it."""
    picture = Image.fromarray(make.gradient())
    clear = picture.copy()
    clear.putalpha(Image.fromarray(make.gradient()[:, :, 0]))
    deep = Image.fromarray((make.gradient()[:, :, 0].astype(np.uint16) * 257).astype(np.uint16))
    frames = [Image.new("RGB", (16, 16), (level, 0, 0)) for level in (10, 200)]
    found = {
        "jpeg": make.valid("image/jpeg"), "jpeg-progressive": make.saved(picture, "JPEG", progressive=True),
        "jpeg-cmyk": make.saved(picture.convert("CMYK"), "JPEG"), "jpeg-grey": make.saved(picture.convert("L"), "JPEG"),
        "png": make.valid("image/png"), "png-alpha": make.saved(clear, "PNG"), "png-16": make.saved(deep, "PNG"),
        "png-palette": make.saved(picture.convert("P"), "PNG", transparency=3), "png-1": make.saved(picture.convert("1"), "PNG"),
        "gif": make.valid("image/gif"), "gif-animated": make.saved(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "webp-lossless": make.valid("image/webp"), "webp-lossy": make.saved(picture, "WEBP", quality=60),
        "webp-alpha": make.saved(clear, "WEBP", quality=60), "webp-animated": make.saved(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "avif": make.valid("image/avif"), "avif-alpha": make.saved(clear, "AVIF", speed=10),
        "avif-animated": make.saved(frames[0], "AVIF", save_all=True, append_images=frames[1:], speed=10),
        "tiff-16": make.saved(deep, "TIFF"), "tiff-cmyk": make.saved(picture.convert("CMYK"), "TIFF"), "tiff-plain": make.tiff(),
        "tiff-lab": make.saved(picture.convert("LAB"), "TIFF"), "tiff-float": make.saved(picture.convert("F"), "TIFF"),
        **{f"tiff-{way}": make.saved(picture, "TIFF", compression=way) for way in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")},
        **{f"heic-{path.stem}": path.read_bytes() for path in sorted(make.VECTORS.glob("*.heic"))},
    }  # fmt: skip
    labels = ImplicitLabels(aigc=AigcItem(content_producer="them", produce_id="1"))
    for media_type in (MediaType.JPEG, MediaType.PNG, MediaType.WEBP, MediaType.AVIF, MediaType.TIFF):
        plain = make.valid(media_type.value)
        found[f"{media_type.value[6:]}-labelled"] = labelled = write_labels(plain, media_type, labels)
        found[f"{media_type.value[6:]}-signed"] = signed(labelled, media_type)
    shared = [
        path
        for path in sorted(SHARED.glob("*/*"))
        if path.suffix in {".heic", ".avif", ".webp", ".tif", ".jpg", ".png"}
    ]
    found |= {path.name: path.read_bytes() for path in shared if path.stat().st_size <= MOST_SEED_BYTES}
    return found


def signed(data: bytes, media_type: MediaType) -> bytes:
    """Return the file with a manifest of a signer that nobody knows."""
    with tempfile.TemporaryDirectory() as folder:
        identity = load_development_identity(Path(folder) / "keys", environment="development")
        return sign_manifest(data, media_type.value, define(), identity).file.read()


def mutate(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return `data` changed in one to eight places."""
    changed = bytearray(data)
    for _ in range(1 << chance.randrange(4)):
        reach = len(changed) if chance.random() < 0.4 else min(HEAD_BYTES, len(changed))
        at = chance.randrange(max(1, reach))
        match chance.randrange(9):
            case 0:
                changed[at : at + 1] = bytes([changed[at] ^ 1 << chance.randrange(8)]) if changed else b""
            case 1:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 2 | 3:
                size, order = chance.choice((1, 2, 4, 8)), chance.choice(("big", "little"))
                changed[at : at + size] = (chance.choice(NUMBERS) % (1 << 8 * size)).to_bytes(size, order)
            case 4:
                text = chance.choice(TEXTS)
                changed[at : at + len(text)] = text
            case 5:
                del changed[at : at + 1 + chance.randrange(16)]
            case 6:
                changed[at:at] = chance.randbytes(1 + chance.randrange(16))
            case 7:
                piece = changed[at : at + chance.randrange(64)]
                to = chance.randrange(max(1, len(changed)))
                changed[to:to] = piece
            case _:
                other = chance.choice(others)
                start = chance.randrange(len(other))
                piece = other[start : start + chance.randrange(1, 64)]
                changed[at : at + len(piece)] = piece
    return bytes(changed[: chance.randrange(1, len(changed) + 1)] if chance.random() < 0.05 else changed)


@dataclass
class Report:
    """What became of the inputs."""

    inputs: int = 0
    deaths: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    ended: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)


def inputs(seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield (name, file) without end, the same for the same seed."""
    files, chance = seeds(), random.Random(seed)
    names = sorted(files)
    while True:
        for name in names:
            kind = name.partition("-")[0]
            others = [data for other, data in files.items() if other.startswith(kind)]
            yield name, mutate(files[name], others, chance)


def attempt(data: bytes) -> str:
    """Do with a file what is done with an upload; return how the picture ended."""
    try:
        media_type = sniff_media_type(data)
    except GateError as exc:
        return type(exc).__name__
    read_labels(data, media_type)
    read_manifest(data, media_type.value, TrustAnchors())
    try:
        parse_image(data)
    except GateError as exc:
        return type(exc).__name__
    return "picture"


def run(seed: int, *, most: int | None, seconds: float | None, folder: Path) -> Report:
    """Try inputs until there were `most`, or for `seconds`; what surprises is kept in `folder`."""
    report, started = Report(), time.monotonic()
    here = folder / "current.bin"
    for name, data in inputs(seed):
        if report.inputs == most or (seconds is not None and time.monotonic() - started > seconds):
            break
        here.write_bytes(data)
        began, deaths = time.monotonic(), DECODERS.deaths
        try:
            report.ended[attempt(data)] += 1
        except Exception as exc:
            place = traceback.extract_tb(exc.__traceback__)[-1]
            report.surprises.append(f"{name}: {type(exc).__name__} at {Path(place.filename).name}:{place.lineno}")
            (folder / f"surprise-{report.inputs}-{name}.bin").write_bytes(data)
        if DECODERS.deaths > deaths:
            (folder / f"death-{report.inputs}-{name}.bin").write_bytes(data)
        report.slowest_s = max(report.slowest_s, time.monotonic() - began)
        report.inputs += 1
    report.deaths, report.seconds = DECODERS.deaths, time.monotonic() - started
    return report


def main(arguments=None) -> None:
    """Fuzz, and print the report as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "chopmark-fuzz")
    asked = parser.parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    most = 3600 if asked.inputs is None and asked.seconds is None else asked.inputs
    report = run(asked.seed, most=most, seconds=asked.seconds, folder=asked.folder)
    sys.stdout.write(json.dumps(vars(report)) + "\n")


if __name__ == "__main__":
    main()
