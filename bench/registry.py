"""Exact search for near copies: the match index beside faiss' binary indexes, one thread, side by side in one run.

`python -m bench.registry [--quick | --recall]`. Every contender answers the same queries over the same codes in turns, and every
answer is compared with that of a flat search. Ours is measured whole, through `MatchIndex.search`: asking the database
whether anything is new is part of each query. The database holds one code only, the segment the rest: what is stored
where makes no difference to a query, and ten million rows would take longer to write than everything else here.
"""

import argparse
import io
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from rich.console import Console
from rich.progress import track

from bench.page import build_table, machine
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.media.picture.image import Picture
from provenance.storage.database import METADATA, Database
from provenance.works.codes import Code, append_codes
from provenance.works.index import MatchIndex
from provenance.works.registry import Registration, Works
from provenance.works.segment import Origin, build_limbs
from provenance.works.shelf import Shelf
from provenance.works.tables import CODES

RADIUS = 31
ROUNDS = 4
FORMS = 16
"""Codes that the registry keeps of one work: plain, seven positions, eight crops."""

Codes = np.ndarray
Answer = dict[int, int]


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Measure and return the rows of the table."""
    tasks: list[tuple[Any, ...]] = [
        (compare, "random", 1_000_000, ("flat", "16x16", "11x23"), 60),
        (compare, "families", 1_000_000, ("flat", "16x16", "11x23"), 60),
        (rebuild, 100_000),
    ]
    if not quick:
        tasks += [
            (compare, "random", 10_000_000, ("flat", "16x16"), 15),
            (compare, "families", 10_000_000, ("flat", "16x16"), 15),
            (compare, f"random, {FORMS} forms of 1,000,000 works", FORMS * 1_000_000, ("flat",), 15),
        ]
    rows = []
    # A process each: what one leaves in memory would count as the next one's.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        for task in track(tasks, "measuring the registry", console=Console(stderr=True), transient=True):
            rows += pool.submit(*task).result()
    return rows


def compare(data: str, count: int, faiss_names: tuple[str, ...], queries: int) -> list[dict[str, Any]]:
    """Build every contender over the same codes, then let them answer in turns."""
    import faiss

    faiss.omp_set_num_threads(1)
    codes = family_codes(count) if data == "families" else random_codes(count)
    wanted = build_queries(data, codes, queries)
    with tempfile.TemporaryDirectory() as folder, prepared(codes, Path(folder)) as (ours, facts):
        contenders: dict[str, tuple[Callable[[Codes], Answer], dict[str, Any]]] = {"Chopmark": (ours, facts)}
        for name in faiss_names:
            contenders[f"faiss {name}"] = build_faiss(name, codes)
        truth = [contenders["faiss flat"][0](query) for query in wanted]
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        exact = dict.fromkeys(contenders, True)
        for _ in range(ROUNDS):
            for name, (search, _) in contenders.items():
                for query, expected in zip(wanted, truth, strict=True):
                    began = time.perf_counter()
                    answer = search(query)
                    seconds[name].append(time.perf_counter() - began)
                    exact[name] &= answer == expected
        found = statistics.median(len(answer) for answer in truth)
        return [
            {
                "codes": f"{len(codes):,}",
                "data": data,
                "index": name,
                "query, median": milliseconds(statistics.median(seconds[name])),
                "query, 95 %": milliseconds(float(np.percentile(seconds[name], 95))),
                "found, median": f"{found:g}",
                "exact": "yes" if exact[name] else "NO",
                "build": f"{facts['build_s']:.1f} s",
                "open": facts.get("open", "-"),
                "added code found after": facts.get("visible", "-"),
                "size": f"{facts['size'] / 2**20:,.0f} MiB",
            }
            for name, (_, facts) in contenders.items()
        ]


@contextmanager
def prepared(codes: Codes, folder: Path):
    """Yield our index over `codes` as a search function, and what building and opening it took."""
    database = Database(f"sqlite:///{folder / 'bench.db'}")
    METADATA.create_all(database.engine, tables=[table for table in METADATA.sorted_tables if table.name in NEEDED])
    count = len(codes)
    with database.write() as connection:
        connection.execute(CODES.insert().values(sequence=count, **columns(codes[-1])))
    began = time.perf_counter()
    origin = Origin("works", "pdq", 256, count, 0, count, bytes(codes[-1]).hex())
    shelf = Shelf(folder / "index")
    with shelf.building():
        limbs = build_limbs(codes)
        shelf.put(limbs=limbs, sequences=np.arange(1, count + 1), origin=origin, radius_bits=RADIUS)
        del limbs
    facts: dict[str, Any] = {"build_s": time.perf_counter() - began}
    facts["size"] = sum(path.stat().st_size for path in (folder / "index").rglob("*.bin"))
    index = open_index(database, folder)
    began = time.perf_counter()
    index.size()
    facts["open"] = f"{time.perf_counter() - began:.2f} s"
    facts["visible"] = milliseconds(time_to_visibility(database, index))

    def search(query: Codes) -> Answer:
        hits = index.search(bytes(query), RADIUS)
        return dict(zip((hits.sequences - 1).tolist(), hits.distances_bits.tolist(), strict=True))

    search(codes[0])
    yield search, facts
    index.close()
    database.close()


NEEDED = ("codes", "code_removals")


def open_index(database: Database, folder: Path) -> MatchIndex:
    """Open the index in `folder`."""
    return MatchIndex(database, folder / "index", collection="works", alg="pdq", bits=256, radius_bits=RADIUS)


def columns(code: Codes) -> dict[str, Any]:
    """Return the columns of one stored code."""
    return {
        "collection": "works",
        "owner_id": "bench",
        "alg": "pdq",
        "variant": "plain",
        "value": bytes(code),
        "created_at": "",
    }


def time_to_visibility(database: Database, index: MatchIndex) -> float:
    """Return the median time from a commit until a query has found what was added; takes it out again."""
    rng = np.random.default_rng(5)
    seconds = []
    for _ in range(7):
        code = rng.integers(0, 256, 32, np.uint8)
        with database.write() as connection:
            append_codes(connection, "works", owner_id="added", codes=[Code("pdq", "plain", bytes(code))])
        began = time.perf_counter()
        while not index.search(bytes(code), 0):
            pass
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def rebuild(count: int) -> list[dict[str, Any]]:
    """Measure reading everything from the database again after the files were lost."""
    codes = random_codes(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'bench.db'}")
        METADATA.create_all(database.engine, tables=[table for table in METADATA.sorted_tables if table.name in NEEDED])
        with database.write() as connection:
            append_codes(connection, "works", owner_id="bench", codes=(Code("pdq", "plain", bytes(c)) for c in codes))
        index = open_index(database, folder)
        began = time.perf_counter()
        index.search(bytes(codes[0]), RADIUS)
        opened = time.perf_counter() - began
        index.wait()
        built = time.perf_counter() - began
        size = sum(path.stat().st_size for path in (folder / "index").rglob("*.bin"))
        index.close()
        database.close()
    return [
        {
            "codes": f"{count:,}",
            "data": "files lost",
            "index": "Chopmark",
            "query, median": "-",
            "query, 95 %": "-",
            "found, median": "-",
            "exact": "-",
            "build": f"{built:.1f} s",
            "open": f"{opened:.2f} s",
            "added code found after": "-",
            "size": f"{size / 2**20:,.0f} MiB",
        }
    ]


def build_faiss(name: str, codes: Codes) -> tuple[Callable[[Codes], Answer], dict[str, Any]]:
    """Build one of faiss' indexes; its radius is strict, hence the + 1."""
    import faiss

    before, began = resident_bytes(), time.perf_counter()
    if name == "flat":
        index = faiss.IndexBinaryFlat(256)
    else:
        words, bits = (int(part) for part in name.split("x"))
        index = faiss.IndexBinaryMultiHash(256, words, bits)
        index.nflip = RADIUS // words
    index.add(codes)
    facts = {"build_s": time.perf_counter() - began, "size": max(0, resident_bytes() - before)}

    def search(query: Codes) -> Answer:
        _, distances, rows = index.range_search(query[None], RADIUS + 1)
        return dict(zip(rows.tolist(), distances.astype(int).tolist(), strict=True))

    return search, facts


def recall() -> list[dict[str, Any]]:
    """Register real photographs, edit each, and return how many of every edit the registry finds again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'bench.db'}")
        database.migrate()
        signer = load_signer(folder / "ledger.key", origin="example.com/bench")
        works = Works(database, folder / "index", Log(database, signer))
        originals = [Picture.from_frame(np.asarray(image.convert("RGB"))) for image in load_photographs()]
        wanted = (
            Registration(picture, f"photograph {number}", "bench", work_id=f"photograph-{number}")
            for number, picture in enumerate(originals)
        )
        made = list(works.register_many(wanted, threads=2))
        rows = []
        for edit, change in EDITS.items():
            found = agreed = others = 0
            for number, original in enumerate(originals):
                report = works.match(Picture.from_frame(np.asarray(change(Image.fromarray(original.frame)))))
                hits = [match for match in report.matches if match.work_id == f"photograph-{number}"]
                found += bool(hits)
                agreed += any(match.second_opinion is not None and match.second_opinion.agrees for match in hits)
                others += len(report.matches) - len(hits)
            rows.append(
                {
                    "edit": edit,
                    "found": f"{found / len(made):.2f}",
                    "second opinion agrees": f"{agreed / found:.2f}" if found else "-",
                    "other works matched": str(others),
                }
            )
        works.close()
        database.close()
    return [{"photographs": str(len(made)), **row} for row in rows]


def load_photographs() -> list[Image.Image]:
    """Return the photographs that scikit-image brings along, and Kodak's where they lie beside the repository."""
    data = Path(find_spec("skimage").origin).parent / "data"
    kodak = Path(__file__).parents[2] / "shared" / "data" / "kodak"
    names = (
        "astronaut.png",
        "chelsea.png",
        "coffee.png",
        "hubble_deep_field.jpg",
        "ihc.png",
        "retina.jpg",
        "rocket.jpg",
    )
    paths = [*(data / name for name in (*names, "motorcycle_left.png")), *sorted(kodak.glob("*.png"))]
    return [Image.open(path) for path in paths if path.exists()]


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def _crop(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = image.size
    return image.crop((round(left * width), round(top * height), round(right * width), round(bottom * height)))


def _framed(image: Image.Image) -> Image.Image:
    made = Image.new("RGB", (image.width * 11 // 10, image.height * 11 // 10), "white")
    made.paste(image, (image.width // 20, image.height // 20))
    return made


def _captioned(image: Image.Image) -> Image.Image:
    made = image.copy()
    made.paste((0, 0, 0), (0, image.height * 88 // 100, image.width, image.height))
    return made


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "none": lambda image: image,
    "JPEG quality 75": lambda image: _jpeg(image, 75),
    "JPEG quality 20": lambda image: _jpeg(image, 20),
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS),
    "a quarter of the size, JPEG 50": lambda image: _jpeg(image.resize((image.width // 4, image.height // 4)), 50),
    "brightness + 30 %": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "contrast - 30 %": lambda image: ImageEnhance.Contrast(image).enhance(0.7),
    "greyscale": lambda image: image.convert("L").convert("RGB"),
    "blur, radius 2": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "mirrored": ImageOps.mirror,
    "a quarter turn": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "upside down": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "mirrored, JPEG 50": lambda image: _jpeg(ImageOps.mirror(image), 50),
    "centre crop 95 %": lambda image: _crop(image, 0.025, 0.025, 0.975, 0.975),
    "centre crop 90 %": lambda image: _crop(image, 0.05, 0.05, 0.95, 0.95),
    "centre crop 80 %": lambda image: _crop(image, 0.1, 0.1, 0.9, 0.9),
    "centre crop 87 %": lambda image: _crop(image, 0.065, 0.065, 0.935, 0.935),
    "centre square": lambda image: ImageOps.fit(image, (min(image.size),) * 2),
    "corner crop 90 %": lambda image: _crop(image, 0, 0, 0.9, 0.9),
    "centre crop 60 %": lambda image: _crop(image, 0.2, 0.2, 0.8, 0.8),
    "turned by 1 degree": lambda image: image.rotate(1, Image.Resampling.BICUBIC),
    "turned by 2 degrees": lambda image: image.rotate(2, Image.Resampling.BICUBIC),
    "turned by 5 degrees": lambda image: image.rotate(5, Image.Resampling.BICUBIC),
    "white frame of 5 %": _framed,
    "black bar over the lowest 12 %": _captioned,
}
"""What happens to pictures on their way; the last third defeats PDQ and is here so that nobody is surprised."""


def random_codes(count: int) -> Codes:
    """Return (count, 32) uint8, every bit by chance."""
    return np.random.default_rng(1).integers(0, 256, (count, 32), np.uint8)


def family_codes(count: int) -> Codes:
    """Return (count, 32) uint8 in families of 100 to 1,000 that lie within 0 to 30 flips of a centre."""
    rng = np.random.default_rng(2)
    sizes = rng.integers(100, 1001, count // 100 + 1)
    family = np.repeat(np.arange(len(sizes)), sizes)[:count]
    limbs = rng.integers(0, 2**64, (len(sizes), 4), np.uint64)[family]
    flips = rng.integers(0, 31, count)
    for number in range(30):
        rows = np.flatnonzero(flips > number)
        bit = rng.integers(0, 256, len(rows))
        limbs[rows, bit >> 6] ^= np.uint64(1) << (bit & 63).astype(np.uint64)
    rng.shuffle(limbs)
    return limbs.view(np.uint8)


def build_queries(data: str, codes: Codes, count: int) -> list[Codes]:
    """Return queries near stored codes: exactly 31 flips from random ones, up to 20 from members of families."""
    rng = np.random.default_rng(3)
    made = []
    for row in rng.integers(0, len(codes), count):
        bits = np.unpackbits(codes[row])
        flips = int(rng.integers(0, 21)) if data == "families" else RADIUS
        bits[rng.choice(256, flips, replace=False)] ^= 1
        made.append(np.packbits(bits))
    return made


def resident_bytes() -> int:
    """Return this process's memory, without mapped files."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


def milliseconds(seconds: float) -> str:
    """Return a duration for the table."""
    return f"{seconds * 1e3:.2f} ms"


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.registry", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="only 1,000,000 codes")
    parser.add_argument("--recall", action="store_true", help="instead, what the registry finds again after edits")
    options = parser.parse_args()
    console = Console(width=200)
    console.print(machine())
    rows = recall() if options.recall else run(quick=options.quick)
    console.print(build_table("The works registry", rows))


if __name__ == "__main__":
    main()
