"""What a clip or a sound costs in a process that runs already, as in `chopmark serve`: its start is told apart.

    python -m bench.warm                         # 20 s of 720p30 with sound, and 120 s of sound
    python -m bench.warm --only sound

The first release of a short file of the same kind compiles and loads what is needed; then one long file is released and
verified. Processor time is that of this process and of those that it has decoding: on a machine that others use it says
more than wall time does. Seconds of material over processor seconds is how fast one core alone would be.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.length import make_clip, make_sound, transcode

_TICKS = os.sysconf("SC_CLK_TCK")
LEVELS = {
    "CHOPMARK_DETECTORS": "prompt,incoming_marks,copyright,nsfw,levels",
    "CHOPMARK_DETECTOR_OPTIONS": '{"levels": {"enough": true}}',
}
"""Sound that levels are enough for: docs/sound.md."""


def count_cpu_s() -> float:
    """Return processor seconds of this process and of all that it started."""
    own, ended = os.times(), resource.getrusage(resource.RUSAGE_CHILDREN)
    total = own.user + own.system + ended.ru_utime + ended.ru_stime
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            said = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(said[1]) == os.getpid():
            total += (int(said[11]) + int(said[12])) / _TICKS
    return total


def timed(what: str, seconds: float, call: Callable[[], Any], plain_s: float = 0.0) -> tuple[Any, float]:
    """Print a row about a call; return what it returns, and its processor seconds."""
    began, began_cpu = time.monotonic(), count_cpu_s()
    made = call()
    wall, cpu = time.monotonic() - began, count_cpu_s() - began_cpu
    times = (f"{seconds / wall:.1f}", f"{seconds / cpu:.1f}") if seconds else ("", "")
    ratio = f"{cpu / plain_s:.2f}" if plain_s else ""
    print(f"| {what} | {wall:.2f} | {cpu:.2f} | {times[0]} | {times[1]} | {ratio} |", flush=True)
    return made, cpu


def walk(kind: str, seconds: int, lines: int) -> None:
    """Release and verify one file of a kind in this process."""
    from api.settings import load_settings
    from api.wiring import open_site
    from policies.gate import release
    from policies.line.deployment import Submission
    from provenance.storage.blob import Blob

    with tempfile.TemporaryDirectory(prefix="chopmark-bench-") as name:
        folder = Path(name)
        os.environ |= {"CHOPMARK_HOME": f"{folder}/home", "CHOPMARK_MEDIA": "picture,video,sound"}
        os.environ |= {"CHOPMARK_MAX_BYTES": str(2 << 30), **(LEVELS if kind == "sound" else {})}
        extension = ".wav" if kind == "sound" else ".mp4"
        short, long = folder / f"short{extension}", folder / f"long{extension}"
        for path, length_s in ((short, 12 if kind == "sound" else 2), (long, seconds)):
            if kind == "sound":
                make_sound(path, length_s)
            else:
                make_clip(path, 360 if path is short else lines, length_s)
        print(f"\n{seconds} s of {kind}, {os.cpu_count()} cores\n")
        print("| what | wall s | CPU s | times real time, wall | by CPU of one core | CPU over a plain transcode |")
        print("|---|---|---|---|---|---|")
        site, _ = timed("start of the process", 0, open_site(load_settings()).__enter__)
        timed("start of detectors", 0, site.warm)

        def give(path: Path) -> Any:
            return release(site.deployment, Submission(Blob.from_path(path), name=path.name))

        timed("first release, of a short file", 0, lambda: give(short))
        plain_s = 0.0
        if kind != "sound":
            _, plain_s = timed(
                "plain transcode by PyAV", seconds, lambda: transcode(long, folder / "plain.mp4"), plain_s
            )
        result, _ = timed("release", seconds, lambda: give(long), plain_s)
        if not result.public_key:
            raise SystemExit(f"held: {result.decision.reasons}")
        shipped = site.deployment.blobs.public.open(result.public_key)
        timed("verify", seconds, lambda: site.verifier.verify(shipped), plain_s)


def main() -> None:
    """Print a table for each kind."""
    parser = argparse.ArgumentParser(prog="python -m bench.warm", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=("clip", "sound"))
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--lines", type=int, default=720)
    options = parser.parse_args()
    for kind, usual_s in (("clip", 20), ("sound", 120)):
        if options.only in {None, kind}:
            walk(kind, options.seconds or usual_s, options.lines)


if __name__ == "__main__":
    main()
