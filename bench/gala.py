"""A gala: so many clips with music, animated from photographs, released in one command and joined by a poster.

    python -m bench.gala                              # 50 pieces of 3 s, 480 pixels on the longer side
    python -m bench.gala --pieces 50 --seconds 180 --side 1280

Told are wall time, processor time and memory of `chopmark gala` with all of its processes, and beside them a plain
transcode by PyAV of every clip that was released, pictures and sound. Most of a gala is drawing and encoding its pieces
for the first time, which a transcode does not do.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from bench.length import Cost, run
from bench.pictures import photographs


def write_programme(folder: Path, pieces: int, seconds: float, side: int) -> Path:
    """Write a programme, and the photographs that it begins with."""
    known = photographs()
    for title, picture in known:
        picture.convert("RGB").save(folder / f"{title}.jpg", quality=92)
    listed = [
        {
            "title": f"Piece {number}", "picture": f"{known[number % len(known)][0]}.jpg", "seed": number,
            "animate": {"seconds": seconds, "side": side, "rate": 30, "music": True},
        }
        for number in range(1, pieces + 1)
    ]  # fmt: skip
    path = folder / "programme.yaml"  # JSON is YAML
    path.write_text(json.dumps({"title": "A gala", "seed": 1, "pieces": listed}))
    return path


def transcode_all(files: list[Path], target: Path, env: dict[str, str]) -> Cost:
    """Transcode files one after another in a process of its own."""
    code = (
        "import sys; from pathlib import Path; from bench.length import transcode\n"
        "for name in sys.argv[2:]: transcode(Path(name), Path(sys.argv[1]))"
    )
    cost, status, said = run([sys.executable, "-c", code, str(target), *map(str, files)], env)
    if status:
        raise SystemExit(said)
    return cost


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench.gala", description=__doc__.partition("\n")[0])
    parser.add_argument("--pieces", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--side", type=int, default=480)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chopmark-bench-") as name:
        folder, out = Path(name), Path(name) / "out"
        env = {**os.environ, "CHOPMARK_HOME": str(folder / "home"), "CHOPMARK_MEDIA": "picture,video,sound"}
        programme = write_programme(folder, options.pieces, options.seconds, options.side)
        gala, status, said = run([sys.executable, "-m", "chopmark", "gala", str(programme), "-o", f"{out}/"], env)
        files = sorted(out.glob("*.mp4"))
        if not files:
            raise SystemExit(said)
        plain = transcode_all(files, folder / "plain.mp4", env)
        total_s = options.seconds * len(files)
        print(
            f"{options.pieces} pieces of {options.seconds:g} s, {len(files)} released, exit {status}; {os.cpu_count()} cores\n"
        )
        print(
            "| what | wall s | CPU s | times real time, wall | by CPU of one core | CPU over a plain transcode | PSS MiB |"
        )
        print("|---|---|---|---|---|---|---|")
        for what, cost in (("plain transcode by PyAV", plain), ("gala, drawn and released", gala)):
            print(
                f"| {what} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {total_s / cost.wall_s:.2f} | {total_s / cost.cpu_s:.2f} | "
                f"{cost.cpu_s / plain.cpu_s:.1f} | {cost.pss_mib:.0f} |"
            )


if __name__ == "__main__":
    main()
