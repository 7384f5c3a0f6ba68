"""What whole commands cost: CPU seconds of `chopmark release` and `chopmark verify`, start-up and all.

    python -m bench.processes               # this checkout
    python -m bench.processes ../older      # and another one, in turn: A B A B, so that both see the same machine

CPU seconds are those that the system counts for the process and what it waited for (user and system), the median of
some runs; they hold on a busy machine, where wall time says nothing. Both take the detectors that both have. Each side
has a site of its own, which has released before, and the bytecode of its modules.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from skimage import data, transform

from provenance.asset import MediaType
from provenance.media.picture.image import Picture
from provenance.media.picture.image import encode_image as encode

RUNS: Final = 7
SIDE: Final = 1024
DETECTORS: Final = "prompt,incoming_marks,copyright,nsfw"
ENDINGS: Final = {"png": MediaType.PNG, "jpg": MediaType.JPEG}


def main(others: list[str]) -> None:
    """Print one table."""
    checkouts = [Path.cwd(), *(Path(other).resolve() for other in others)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        for ending, media_type in ENDINGS.items():
            frame = (transform.resize(data.chelsea(), (SIDE, SIDE), order=3) * 255).round().astype("uint8")
            picture = Picture.from_frame(frame)
            (folder / f"picture.{ending}").write_bytes(encode(picture, media_type))
        sites = [folder / f"site{number}" for number in range(len(checkouts))]
        for checkout, site in zip(checkouts, sites, strict=True):
            for ending in ENDINGS:
                run(checkout, site, "release", f"{folder}/picture.{ending}", "-o", f"{site}.{ending}")
        print("| whole process | " + " | ".join(f"{describe(one)}, CPU (wall)" for one in checkouts) + " |")
        print("|---" * (len(checkouts) + 1) + "|")
        for verb in ("verify", "release"):
            for ending in ENDINGS:
                print(
                    f"| `{verb}` of a {SIDE} px {ending.upper()} | {measure(checkouts, sites, folder, verb, ending)} |"
                )


def measure(checkouts: list[Path], sites: list[Path], folder: Path, verb: str, ending: str) -> str:
    """Return the cells of one row: each checkout's medians, taken in turn."""
    seen: list[list[tuple[float, float]]] = [[] for _ in checkouts]
    for _ in range(RUNS):
        for number, (checkout, site) in enumerate(zip(checkouts, sites, strict=True)):
            asked = ["verify", f"{site}.{ending}"]
            if verb == "release":
                asked = ["release", "--again", f"{folder}/picture.{ending}", "-o", f"{site}.again.{ending}", "--force"]
            seen[number].append(run(checkout, site, *asked))
    cells = (f"{median(cpu for cpu, _ in one):.2f} s ({median(wall for _, wall in one):.2f} s)" for one in seen)
    return " | ".join(cells)


def run(checkout: Path, site: Path, *arguments: str) -> tuple[float, float]:
    """Return CPU and wall seconds of one command."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CHOPMARK_", "PYTHON"))}
    environment |= {"CHOPMARK_HOME": str(site), "CHOPMARK_DETECTORS": DETECTORS}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "chopmark", *arguments], cwd=checkout, env=environment, check=True, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - begun


def describe(checkout: Path) -> str:
    """Return the version that a checkout says it is."""
    code = "import api; print(api.VERSION)"
    done = subprocess.run([sys.executable, "-c", code], cwd=checkout, check=True, capture_output=True, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main(sys.argv[1:])
