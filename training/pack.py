"""Gathers what the fetched packages hold into one small folder: pictures as SVG or WebP, each with its words.

    python -m training.pack PACKAGES PACK

`PACKAGES` is what `training.fetch` made. `PACK` gets ``pictures.jsonl.xz`` (one picture a line, an SVG's text within),
``raster.zip`` and ``lexicon.npz``. Nothing is rendered yet: drawings travel well as text.
"""

import io
import json
import lzma
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from PIL import Image

from training.lexicon import write_lexicon
from training.naming import Dictionary, bare, load_dictionary, spaced
from training.sources import SOURCES, Source

_RASTER_SIDE: Final = 256
_MAX_SVG_BYTES: Final = 30_000  # nearly all clip art below it; what is above is mostly traced photographs
_MAX_EMOJI_BYTES: Final = 120_000
_SKIN: Final = re.compile(r"1f3f[b-f]")
_TITLE: Final = re.compile(r"<dc:title>([^<]{2,60})</dc:title>")
_SUBJECT: Final = re.compile(r"<rdf:li>([^<]{2,40})</rdf:li>")
_METADATA: Final = re.compile(
    r"<metadata.*?</metadata>|<!--.*?-->|<sodipodi:namedview.*?(?:/>|</sodipodi:namedview>)", re.DOTALL
)
_SHELVES: Final = {"svg", "unsorted", "special", "openclipart", "stamps", "tuxpaint"}
Record = dict[str, Any]


def read_source(source: Source, packages: Path, words: Dictionary, raster: zipfile.ZipFile) -> Iterator[Record]:
    """Yield every picture of `source` with its words; pixels go into `raster`."""
    if source.kind in {"emoji", "iconify"}:
        yield from _iconify(source, packages / "node_modules" / source.package, words)
    elif source.kind == "webp":
        yield from _webp(packages / "node_modules" / source.package / "assets", words, raster)
    elif source.kind == "clipart":
        yield from _clipart(packages / "debian" / "usr/share/openclipart/svg")
    else:
        yield from _stamps(packages / "debian" / "usr/share/tuxpaint/stamps", raster)


def _iconify(source: Source, folder: Path, words: Dictionary) -> Iterator[Record]:
    icons = json.loads((folder / "icons.json").read_text(encoding="utf-8"))
    codes = {name: bare(code) for code, name in json.loads((folder / "chars.json").read_text()).items()}
    aliases: dict[str, list[str]] = {}
    for alias, target in icons.get("aliases", {}).items():
        aliases.setdefault(target.get("parent", ""), []).append(alias)
    for name, icon in icons["icons"].items():
        code = None
        if source.kind == "emoji":
            code = codes.get(name) if codes.get(name) in words.namings else words.find(name)
        if len(icon["body"]) > _MAX_EMOJI_BYTES or name.endswith(("-off", "-low")):
            continue
        left, top = icon.get("left", 0), icon.get("top", 0)
        width, height = icon.get("width", icons.get("width", 16)), icon.get("height", icons.get("height", 16))
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{left} {top} {width} {height}">{icon["body"]}</svg>'
        )
        yield _emoji(words, code, [name, *aliases.get(name, ())]) | {"svg": svg}


def _emoji(words: Dictionary, code: str | None, slugs: list[str]) -> Record:
    """Return a picture's words; what is no emoji is called by its slug."""
    own = [spaced(slug) for slug in slugs if len(spaced(slug)) > 1]
    if code is None:
        return {"key": "n:" + (own[0] if own else slugs[0]), "names": own or slugs, "keywords": [], "chinese": []}
    naming = words.namings[code]
    names = list(dict.fromkeys([*naming.names, *(own if not _SKIN.search(code) else ())]))
    return {"key": code, "names": names[:8], "keywords": naming.keywords[:16], "chinese": naming.chinese[:6]}


def _webp(folder: Path, words: Dictionary, raster: zipfile.ZipFile) -> Iterator[Record]:
    for path in sorted(folder.glob("*.webp")):
        code = bare(path.stem)
        if code in words.namings and not _SKIN.search(code):
            record = _emoji(words, code, [words.namings[code].names[0]])
            yield record | {"raster": _keep(raster, f"fluent-3d/{code}.webp", Image.open(path))}


def _clipart(folder: Path) -> Iterator[Record]:
    for path in sorted(folder.rglob("*.svg")):
        text = path.read_text(encoding="utf-8", errors="replace")
        slim = re.sub(r">\s+<", "><", _METADATA.sub("", text))
        title, subjects = _TITLE.search(text), [word.lower().strip() for word in _SUBJECT.findall(text)]
        name = re.sub(r"[\d_-]+", " ", title[1].lower()).strip() if title else ""
        shelves = [part.replace("_", " ") for part in path.relative_to(folder).parts[:-1] if part not in _SHELVES]
        subjects = [word for word in dict.fromkeys(subjects) if word.isascii()][:10]
        known = bool(name) and name.isascii() and (any(word in name for word in subjects) or name in subjects)
        if len(slim) > _MAX_SVG_BYTES or not subjects or "jigsaw" in subjects or "<image" in slim:
            continue
        names = [name] if known else subjects[-1:]
        yield {"key": "o:" + path.stem, "names": names, "keywords": subjects + shelves[-1:], "chinese": [], "svg": slim}


def _stamps(folder: Path, raster: zipfile.ZipFile) -> Iterator[Record]:
    for text in sorted(folder.rglob("*.txt")):
        picture = next((text.with_suffix(end) for end in (".png", ".svg") if text.with_suffix(end).is_file()), None)
        if picture is None:
            continue
        lines = text.read_text(encoding="utf-8", errors="replace").splitlines()
        english = re.sub(r"^(?:an?|the) ", "", lines[0].lower().strip(" .")) if lines else ""
        chinese = [line.partition("=")[2].strip(" 。.") for line in lines if line.startswith("zh_cn.utf8=")]
        if not 2 < len(english) < 60:
            continue
        shelves = [part.replace("_", " ") for part in text.relative_to(folder).parts[:-1]]
        record = {"key": "s:" + english, "names": [english], "keywords": shelves, "chinese": chinese}
        if picture.suffix == ".svg" and picture.stat().st_size < _MAX_EMOJI_BYTES:
            yield record | {"svg": picture.read_text(encoding="utf-8", errors="replace")}
        elif picture.suffix == ".png":
            kept = "stamps/" + str(picture.relative_to(folder).with_suffix(".webp")).replace("/", "-")
            yield record | {"raster": _keep(raster, kept, Image.open(picture))}


def _keep(raster: zipfile.ZipFile, name: str, picture: Image.Image) -> str:
    small = picture.convert("RGBA")
    small.thumbnail((_RASTER_SIDE, _RASTER_SIDE), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    small.save(encoded, "WEBP", quality=78, alpha_quality=80, method=4)
    raster.writestr(name, encoded.getvalue())
    return name


def main(packages: Path, pack: Path) -> None:
    """Write the pack: training pictures in one file, the held-out family in another."""
    pack.mkdir(parents=True, exist_ok=True)
    words = load_dictionary(packages / "node_modules")
    vocabulary: set[str] = set()
    with (
        zipfile.ZipFile(pack / "raster.zip", "w", zipfile.ZIP_STORED) as raster,
        lzma.open(pack / "pictures.jsonl.xz", "wt", encoding="utf-8", preset=6) as training,
        lzma.open(pack / "heldout.jsonl.xz", "wt", encoding="utf-8", preset=6) as heldout,
    ):
        for source in SOURCES:
            count = 0
            for record in read_source(source, packages, words, raster):
                line = {"family": source.family, **record}
                (heldout if source.role == "test" else training).write(json.dumps(line, ensure_ascii=False) + "\n")
                vocabulary.update(word for name in record["names"] + record["keywords"] for word in name.split())
                count += 1
            print(f"{source.family}: {count} pictures under {source.licence}", flush=True)  # noqa: T201 - a command's output
    write_lexicon(packages, pack / "lexicon.npz", vocabulary)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
