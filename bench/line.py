"""The whole line against the naive script: time and memory to release and to verify, side by side in one run."""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.pictures import encode, photographs

ROUNDS = 2


class Side:
    """A worker process."""

    def __init__(self, name: str, folder: Path) -> None:
        folder.mkdir()
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", name, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **request: str) -> dict[str, Any]:
        """Send one request and return its answer."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the {self.name} worker ended with {self.process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """End the worker."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure; each row holds what, the two medians, their ratio and the target."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="chopmark-bench-") as name:
        folder = Path(name)
        for kind in ("png", "jpg"):
            sides = {side: Side(side, folder / f"{kind}-{side}") for side in ("ours", "naive")}
            paths = []
            for title, picture in photographs():
                path = folder / f"{title}.{kind}"
                path.write_bytes(encode(picture, kind))
                paths.append(path)
            times = {side: {"release": [], "verify": []} for side in sides}
            for side in sides.values():  # warm up
                side.ask(do="verify", path=side.ask(do="release", path=str(paths[0]))["out"])
            for _ in range(rounds):
                for path in paths:
                    for side_name, side in sides.items():
                        released = side.ask(do="release", path=str(path))
                        times[side_name]["release"].append(released["ms"])
                        times[side_name]["verify"].append(side.ask(do="verify", path=released["out"])["ms"])
            memory = {side_name: side.ask(do="memory")["mib"] for side_name, side in sides.items()}
            for side in sides.values():
                side.close()
            rows += _rows(kind, times, memory)
    return rows


def _rows(kind: str, times: dict[str, dict[str, list[float]]], memory: dict[str, float]) -> list[dict[str, Any]]:
    rows = []
    for what, target in (("release", 2.0), ("verify", 3.0)):
        ours, naive = (statistics.median(times[side][what]) for side in ("ours", "naive"))
        text = "screen + seal + record" if what == "release" else "verify a signed file"
        rows.append(
            {
                "what": f"{text}, 1024x1024 {kind.upper()}",
                "ours": f"{ours:.0f} ms",
                "naive": f"{naive:.0f} ms",
                "ratio": f"{naive / ours:.2f}x faster",
                "target": f"at least {target:.0f}x",
            }
        )
    rows.append(
        {
            "what": f"peak memory, {kind.upper()}",
            "ours": f"{memory['ours']:.0f} MiB",
            "naive": f"{memory['naive']:.0f} MiB",
            "ratio": f"{memory['ours'] / memory['naive']:.2f} of naive",
            "target": "no higher",
        }
    )
    return rows
