"""What a whole release of one picture costs, warm, with everything on: CPU of this checkout, beside an older one.

    python -m bench.gate_cost ../OLDER [--rounds 3] [--detectors prompt,nsfw,...]

Each side is a worker that has its gate open (`bench.worker` in each checkout's own ``.venv``), this one with every detector that
looks at pictures and prompts, the older one with those that it takes without being asked, or with ``--older-detectors``.
Both release the same new pictures of 1024 pixels in turn, A B A B, so that both see the same machine; each picture is
another one each time, so that nothing is known by its bytes. CPU is what the system counts for the process and all
its threads, user and system: it holds on a busy machine, where wall time says nothing. Prints the medians and the
median of the ratios of pairs, with the least and the most.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from PIL import Image

from bench.pictures import encode, photographs

EVERYTHING: Final = "prompt,incoming_marks,copyright,nsfw,clip,faces,codes,personal,ocr"
_STAT: Final = "/proc/{}/stat"


class Gate:
    """A checkout's worker, with its gate open."""

    def __init__(self, checkout: Path, folder: Path, detectors: str) -> None:
        folder.mkdir()
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("CHOPMARK_", "PYTHON"))
        }
        environment |= {"CHOPMARK_DETECTORS": detectors} if detectors else {}
        # A busy machine is late, and what is late holds.
        environment["CHOPMARK_SCREEN_DEADLINE_S"] = "300"
        self._process = subprocess.Popen(
            [str(find_python(checkout)), "-m", "bench.worker", "ours", str(folder)],
            cwd=checkout,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def release(self, path: Path) -> float:
        """Release a picture, and return the CPU seconds that it took.

        Raises:
            SystemExit: the worker ended, as it does where the gate holds the picture.
        """
        assert self._process.stdin
        assert self._process.stdout
        before = read_cpu(self._process.pid)
        self._process.stdin.write(json.dumps({"do": "release", "path": str(path)}) + "\n")
        self._process.stdin.flush()
        if not self._process.stdout.readline():
            raise SystemExit(f"a worker ended with {self._process.wait()} at {path.name}")
        return read_cpu(self._process.pid) - before

    def close(self) -> None:
        """End the worker."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def find_python(checkout: Path) -> Path:
    """Return the interpreter of a checkout's own ``.venv``, as an older one needs older libraries; else this one."""
    own = checkout / ".venv" / "bin" / "python"
    return own if own.exists() else Path(sys.executable)


def read_cpu(pid: int) -> float:
    """Return CPU seconds, user and system, of a process that runs and of those that it waited for."""
    # The name in brackets may have blanks and brackets of its own.
    fields = Path(_STAT.format(pid)).read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def summarise(pairs: list[tuple[float, float]]) -> str:
    """Return the row of a table: medians in milliseconds, and the ratio of pairs with its least and most."""
    ratios = sorted(ours / older for ours, older in pairs)
    older, ours = (median(pair[side] for pair in pairs) * 1000 for side in (1, 0))
    ratio = f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    return f"{older:.0f} ms | {ours:.0f} ms | {ratio} | {len(pairs)}"


def change(picture: Image.Image, number: int) -> Image.Image:
    """Return a picture that nobody has seen: another one by a pixel of its own."""
    pixels = np.array(picture)
    pixels[number // pixels.shape[1], number % pixels.shape[1]] ^= 64
    return Image.fromarray(pixels)


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("older", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", default=["png", "jpg"], choices=["png", "jpg"])
    parser.add_argument("--detectors", default=EVERYTHING)
    parser.add_argument("--older-detectors", default="")
    given = parser.parse_args()
    print("| release of a 1024 px picture, warm | before | now | ratio of pairs | pairs |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="chopmark-bench-") as name:
        folder = Path(name)
        ours = Gate(Path.cwd(), folder / "ours", given.detectors)
        older = Gate(given.older.resolve(), folder / "older", given.older_detectors)
        for kind in given.kinds:
            pairs = []
            for turn in range(given.rounds + 1):
                for title, picture in photographs():
                    path = folder / f"{title}-{turn}.{kind}"
                    path.write_bytes(encode(change(picture, turn), kind))
                    # The first round warms what is loaded by the first picture.
                    pair = ours.release(path), older.release(path)
                    pairs += [pair] if turn else []
            print(f"| {kind.upper()} | {summarise(pairs)} |", flush=True)
        ours.close()
        older.close()


if __name__ == "__main__":
    main()
