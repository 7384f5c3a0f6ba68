"""Long clips and sounds through the whole gate: wall time, processor time and memory of all its processes.

    python -m bench.length                       # 60 s of 720p30 with sound, then a sound of two minutes
    python -m bench.length --seconds 180 --lines 1080

A clip is made from photographs under moving cameras, with noise and a soundtrack of composed music; `chopmark release`
and `chopmark verify` run as anybody runs them, with the default detectors, in a site of their own that has released
before. Beside them a plain transcode of the same file by PyAV, pictures and sound, in a process of its own. Memory is
the most that all processes of a command held together, sampled: RSS counts shared pages once for each process, PSS
shares them out.
"""

import argparse
import io
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

RATE: Final = 30
_MIB: Final = 1 << 20
_ANSWERS: Final = (0, 3)
"""Released, or held, which a photograph's detectors may say: either has walked the line up to there."""


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds and MiB."""

    wall_s: float
    cpu_s: float
    rss_mib: float
    pss_mib: float


def run(command: list[str], env: dict[str, str]) -> tuple[Cost, int, str]:
    """Run a command to its end, watching all processes that it starts."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peak, stopped = [0.0, 0.0], threading.Event()

    def watch() -> None:
        while not stopped.wait(0.1):
            for index, held in enumerate(measure(process.pid)):
                peak[index] = max(peak[index], held)

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = process.communicate()
    stopped.set()
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.monotonic() - began, cpu_s, *peak), process.returncode, said


def measure(root: int) -> tuple[float, float]:
    """Return RSS and PSS of a process and all below it, in MiB."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(place.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(place.parent.name))
    waiting, held = [root], [0, 0]
    while waiting:
        one = waiting.pop()
        waiting += children.get(one, [])
        try:
            lines = (Path("/proc") / str(one) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, rest = line.partition(":")
            if name in {"Rss", "Pss"}:
                held[name == "Pss"] += int(rest.split()[0])
    return held[0] / 1024, held[1] / 1024


def draw(lines: int, seconds: int) -> Iterator[np.ndarray]:
    """Yield frames of cameras that move over photographs, another one every six seconds, with sensor noise."""
    from PIL import Image

    from bench.pictures import photographs

    height, width = lines, lines * 16 // 9
    random, many = np.random.default_rng(1), [picture for _, picture in photographs()]
    noise = [random.normal(0, 1.5, (height, width, 1)).round().astype(np.int16) for _ in range(8)]
    for index in range(seconds * RATE):
        shot, at = divmod(index, 6 * RATE)
        if not at:
            side = (width + 6 * RATE, height + 3 * RATE)
            whole = np.asarray(many[shot % len(many)].resize(side, Image.Resampling.LANCZOS))
        part = whole[at // 2 : at // 2 + height, at : at + width].astype(np.int16) + noise[index % len(noise)]
        yield np.clip(part, 0, 255).astype(np.uint8)


def make_clip(path: Path, lines: int, seconds: int) -> None:
    """Write an MP4 with sound, encoded as people's are."""
    import av

    from generation.music.mix import make_music
    from generation.music.mood import read_mood

    first = next(draw(lines, 1))
    music = make_music(read_mood(first, ()), float(seconds), 1)
    with av.open(str(path), "w", format="mp4") as made:
        video = made.add_stream("libx264", rate=RATE, options={"crf": "21", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = lines * 16 // 9, lines, "yuv420p"
        sound = made.add_stream("aac", rate=48_000, options={"b": "128k"})
        sound.layout = "stereo"
        for index, frame in enumerate(draw(lines, seconds)):
            made.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            if not index % RATE:
                block = np.ascontiguousarray(music[:, index // RATE * 48_000 :][:, :48_000])
                heard = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
                heard.sample_rate, heard.pts, heard.time_base = 48_000, index // RATE * 48_000, Fraction(1, 48_000)
                made.mux(sound.encode(heard))
        made.mux(video.encode(None))
        made.mux(sound.encode(None))


def make_sound(path: Path, seconds: int) -> None:
    """Write a WAV file of composed music."""
    from generation.music.mix import make_music
    from generation.music.mood import read_mood

    music = make_music(read_mood(next(draw(360, 1)), ()), float(seconds), 2)
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(2)
        made.setsampwidth(2)
        made.setframerate(48_000)
        made.writeframes((np.clip(music.T, -1, 1) * 32_767).astype("<i2").tobytes())
    path.write_bytes(file.getvalue())


def transcode(source: Path, target: Path) -> None:
    """Decode and encode pictures and sound, as the gate's encoders are set: nothing else is done."""
    import av

    from provenance.media.video.encode import ENCODERS

    encoder = ENCODERS["h264"]
    with av.open(str(source)) as given, av.open(str(target), "w", format="mp4") as made:
        shown, heard = given.streams.video[0], given.streams.audio[0]
        shown.codec_context.thread_count = 1
        video = made.add_stream(encoder.codec, rate=shown.average_rate, options=dict(encoder.options))
        video.width, video.height, video.pix_fmt = shown.width, shown.height, "yuv420p"
        video.codec_context.thread_count = 2
        sound = made.add_stream("aac", rate=heard.rate)
        sound.layout = heard.layout.name
        for packet in given.demux(shown, heard):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    frame.pict_type = 0
                    made.mux(video.encode(frame))
                else:
                    frame.pts = None
                    made.mux(sound.encode(frame))
        made.mux(video.encode(None))
        made.mux(sound.encode(None))


def report(what: str, seconds: int, cost: Cost, plain: Cost | None = None) -> None:
    """Print one row."""
    ratio = "" if plain is None else f"{cost.cpu_s / plain.cpu_s:.2f}"
    cells = (
        what, f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", f"{seconds / cost.wall_s:.1f}", f"{seconds / cost.cpu_s:.1f}",
        ratio, f"{cost.rss_mib:.0f}", f"{cost.pss_mib:.0f}",
    )  # fmt: skip
    print("| " + " | ".join(cells) + " |", flush=True)


def walk(folder: Path, file: Path, seconds: int, env: dict[str, str], plain: Cost | None = None) -> None:
    """Release a file and verify what came of it."""
    out = folder / "out"
    gate = [sys.executable, "-m", "chopmark"]
    cost, code, said = run([*gate, "release", str(file), "-o", f"{out}/"], env)
    if code not in _ANSWERS:
        raise SystemExit(said)
    outcome = "released" if not code else "held"
    report(f"release, {outcome}", seconds, cost, plain)
    made = out / file.name
    if made.exists():
        cost, code, said = run([*gate, "verify", str(made)], env)
        report("verify", seconds, cost)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench.length")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--lines", type=int, default=720)
    parser.add_argument("--detectors", default="")
    parser.add_argument("--file", type=Path, help="a clip that was made before, instead of making one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chopmark-bench-") as name:
        folder = Path(name)
        env = {**os.environ, "CHOPMARK_HOME": str(folder / "home"), "CHOPMARK_MEDIA": "picture,video,sound"}
        env |= {"CHOPMARK_MAX_BYTES": str(2048 * _MIB)}
        if options.detectors:
            env["CHOPMARK_DETECTORS"] = options.detectors
        clip, short, sound = folder / "clip.mp4", folder / "short.mp4", folder / "sound.wav"
        make_clip(short, 360, 2)
        run([sys.executable, "-m", "chopmark", "release", str(short), "-o", f"{folder}/short/"], env)
        if options.file:
            clip.write_bytes(options.file.read_bytes())
        else:
            make_clip(clip, options.lines, options.seconds)
        size = clip.stat().st_size / _MIB
        print(
            f"{options.seconds} s of {options.lines} lines at {RATE} a second with sound, {size:.0f} MiB; {os.cpu_count()} cores\n"
        )
        print(
            "| what | wall s | CPU s | times real time, wall | by CPU of one core | CPU over a plain transcode | RSS MiB | PSS MiB |"
        )
        print("|---|---|---|---|---|---|---|---|")
        code = f"from pathlib import Path; from bench.length import transcode; transcode(Path({str(clip)!r}), Path({str(folder / 'plain.mp4')!r}))"
        plain, status, said = run([sys.executable, "-c", code], env)
        if status:
            raise SystemExit(said)
        report("plain transcode by PyAV", options.seconds, plain)
        walk(folder, clip, options.seconds, env, plain)
        make_sound(sound, 120)
        enough = {
            "CHOPMARK_DETECTORS": "prompt,incoming_marks,copyright,nsfw,levels",
            "CHOPMARK_DETECTOR_OPTIONS": '{"levels": {"enough": true}}',
        }
        print(
            "\n120 s of sound, WAV, 48 kHz in stereo\n\n| what | wall s | CPU s | times real time, wall | by CPU of one core | | RSS MiB | PSS MiB |\n|---|---|---|---|---|---|---|---|"
        )
        walk(folder, sound, 120, {**env, **enough})


if __name__ == "__main__":
    main()
