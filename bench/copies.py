"""Are copies found though their frame was changed, and is anything else refused? Over any folder of pictures.

    python -m bench.copies FOLDER [--queries 100] [--seed 1]

Every picture of the folder is registered, except every third, which stays a stranger. Then copies of `--queries` works are
asked about, each edited in each way, and every stranger as it is. A copy counts as found when its work is named; as refused
when the match blocks. Shares have Wilson's 95 % intervals.
"""

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from rich.console import Console
from rich.progress import track

from bench.watermark.measure import wilson
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.media.picture.image import Picture
from provenance.storage.database import Database
from provenance.works.registry import Action, Registration, Works

CONSOLE = Console(stderr=True)
Edit = Callable[[Image.Image, np.random.Generator], Image.Image]


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    """Return the picture after one more JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def crop(image: Image.Image, noise: np.random.Generator, area: float) -> Image.Image:
    """Return a part of that area anywhere, up to a fifth wider or higher than the whole."""
    shape = np.exp(noise.uniform(-0.2, 0.2))
    width = int(min(image.width, image.width * area**0.5 * shape))
    height = int(min(image.height, image.height * area**0.5 / shape))
    left, top = noise.integers(0, image.width - width + 1), noise.integers(0, image.height - height + 1)
    return image.crop((left, top, left + width, top + height))


def corner(image: Image.Image, area: float) -> Image.Image:
    """Return the upper left part of that area."""
    return image.crop((0, 0, int(image.width * area**0.5), int(image.height * area**0.5)))


def letterbox(image: Image.Image) -> Image.Image:
    """Return the picture in a square with black bars."""
    side = max(image.size)
    made = Image.new("RGB", (side, side))
    made.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return made


def captioned(image: Image.Image, share: float, *, over: bool) -> Image.Image:
    """Return the picture with a white bar and words, over its lowest part or added above."""
    bar = int(image.height * share)
    made = Image.new("RGB", (image.width, image.height + (0 if over else bar)), "white")
    made.paste(image, (0, 0 if over else bar))
    pen, top = ImageDraw.Draw(made), image.height - bar if over else 0
    pen.rectangle((0, top, made.width, top + bar), fill="white")
    pen.text((made.width * 0.1, top + bar * 0.3), "WHEN YOU SEE IT ...", fill="black")
    return made


def sticker(image: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Return the picture with a disc over a tenth of it."""
    made, radius = image.copy(), (0.1 * image.width * image.height / np.pi) ** 0.5
    x, y = noise.uniform(radius, image.width - radius), noise.uniform(radius, image.height - radius)
    ImageDraw.Draw(made).ellipse((x - radius, y - radius, x + radius, y + radius), fill=(250, 200, 30))
    return made


def perspective(image: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Return the picture as seen from aside: each corner moved in by up to 12 %."""
    width, height = image.size
    moved = noise.uniform(0, 0.12, 8) * np.array([width, height] * 4)
    corners = np.array([0, 0, 0, height, width, height, width, 0]) + moved * np.array([1, 1, 1, -1, -1, -1, -1, 1])
    return image.transform(image.size, Image.Transform.QUAD, corners.tolist(), Image.Resampling.BICUBIC)


def screenshot(image: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Return the picture on a page, with a bar above and lines below."""
    width, height = image.size
    made = Image.new("RGB", (int(width * 1.3), int(height * 1.7)), (245, 245, 247))
    pen = ImageDraw.Draw(made)
    pen.rectangle((0, 0, made.width, int(height * 0.15)), fill=(30, 30, 40))
    made.paste(image, (int(width * 0.15), int(height * 0.25)))
    for line in range(5):
        top = int(height * 1.3) + line * 14
        pen.rectangle((20, top, 20 + int(noise.integers(60, width)), top + 7), fill=(180, 180, 190))
    return made


def pasted(image: Image.Image, noise: np.random.Generator, grounds: list[Path], share: float) -> Image.Image:
    """Return a stranger's picture with this one on a share of it."""
    ground = load(grounds[noise.integers(len(grounds))]).resize((900, 700))
    width, height = int(900 * share**0.5), int(700 * share**0.5)
    ground.paste(
        image.resize((width, height)), (int(noise.integers(0, 900 - width)), int(noise.integers(0, 700 - height)))
    )
    return ground


def collage(image: Image.Image, noise: np.random.Generator, grounds: list[Path]) -> Image.Image:
    """Return four pictures in a square, this one among them."""
    cells = [image, *(load(grounds[noise.integers(len(grounds))]) for _ in range(3))]
    made = Image.new("RGB", (800, 800))
    for cell, number in enumerate(noise.permutation(4)):
        made.paste(cells[number].resize((400, 400)), (cell % 2 * 400, cell // 2 * 400))
    return made


def build_edits(grounds: list[Path]) -> dict[str, Edit]:
    """Return every edit by its name."""
    turn = Image.Resampling.BICUBIC
    return {
        "JPEG 20": lambda image, _: jpeg(image, 20),
        "mirrored": lambda image, _: ImageOps.mirror(image),
        "greyscale": lambda image, _: ImageOps.grayscale(image).convert("RGB"),
        "filter": lambda image, _: ImageEnhance.Color(ImageEnhance.Contrast(image).enhance(1.5)).enhance(0.4),
        "corner crop to 95 %": lambda image, _: corner(image, 0.95),
        "crop to 80 %": lambda image, noise: crop(image, noise, 0.8),
        "crop to 50 %": lambda image, noise: crop(image, noise, 0.5),
        "crop to 25 %": lambda image, noise: crop(image, noise, 0.25),
        "turned by 2 degrees": lambda image, _: image.rotate(2, turn, expand=True),
        "turned by 10 degrees": lambda image, _: image.rotate(10, turn),
        "turned by 15 degrees": lambda image, _: image.rotate(-15, turn),
        "quarter turn": lambda image, _: image.rotate(90, expand=True),
        "perspective": perspective,
        "frame of 5 %": lambda image, _: ImageOps.expand(image, image.width // 20, "white"),
        "frame of 15 %": lambda image, _: ImageOps.expand(image, image.width * 15 // 100, "black"),
        "letterbox": lambda image, _: letterbox(image),
        "caption over 8 %": lambda image, _: captioned(image, 0.08, over=True),
        "caption over 20 %": lambda image, _: captioned(image, 0.2, over=True),
        "caption above": lambda image, _: captioned(image, 0.15, over=False),
        "sticker on a tenth": sticker,
        "screenshot": screenshot,
        "picture in picture, a quarter": lambda image, noise: pasted(image, noise, grounds, 0.25),
        "picture in picture, an eighth": lambda image, noise: pasted(image, noise, grounds, 0.125),
        "collage of four": lambda image, noise: collage(image, noise, grounds),
        "crop, tilt and caption": lambda image, noise: captioned(
            crop(image, noise, 0.6).rotate(5, turn, expand=True), 0.15, over=True
        ),
    }


def load(path: Path) -> Image.Image:
    """Return a picture as pixels."""
    with Image.open(path) as opened:
        return opened.convert("RGB")


def taken(image: Image.Image) -> Picture:
    """Return what intake would make of it."""
    return Picture.from_frame(np.asarray(image).copy())


def spell(hits: int, trials: int) -> str:
    """Return a share with its interval."""
    low, high = wilson(hits, trials)
    return f"{hits / max(trials, 1):.3f} [{low:.3f}-{high:.3f}]"


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    paths = sorted(path for path in asked.folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    strangers, originals = paths[::3], [path for number, path in enumerate(paths) if number % 3]
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/copies.db")
        database.migrate()
        log = Log(database, load_signer(Path(folder) / "keys" / "ledger.key", origin="example.com/ledger"))
        works = Works(database, Path(folder) / "index", log)
        entries = (Registration(taken(load(path)), title=path.name, owner="somebody") for path in originals)
        for _ in track(works.register_many(entries), "registering", total=len(originals), console=CONSOLE):
            pass
        report(works, originals, strangers, asked.queries, asked.seed)
        works.close()


def report(works: Works, originals: list[Path], strangers: list[Path], queries: int, seed: int) -> None:
    """Ask about copies and strangers, and print what came of it."""
    chosen = np.random.default_rng(seed).permutation(len(originals))[:queries]
    print(f"{len(originals)} works, {len(chosen)} copies an edit, {len(strangers)} strangers\n")
    print("| edit | found | refused | another work named |\n|---|---|---|---|")
    seconds, others = [], 0
    for name, edit in track(build_edits(strangers).items(), "copies", console=CONSOLE):
        noise, found, refused, wrong = np.random.default_rng(seed), 0, 0, 0
        for number in chosen:
            picture = taken(edit(load(originals[number]), noise))
            begun = time.perf_counter()
            matches = works.match(picture).matches
            seconds.append(time.perf_counter() - begun)
            right = [match for match in matches if match.title == originals[number].name]
            found, wrong = found + bool(right), wrong + (len(matches) > len(right))
            refused += any(match.action is Action.BLOCK for match in right)
        others += wrong
        print(f"| {name} | {spell(found, len(chosen))} | {refused / len(chosen):.2f} | {wrong} |", flush=True)
    named = [path.name for path in strangers if works.match(taken(load(path))).matches]
    print(f"\nstrangers that match a work: {len(named)} of {len(strangers)} {named[:5]}")
    print(f"copies beside which another work was named, too: {others}")
    print(f"one question: median {statistics.median(seconds) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
