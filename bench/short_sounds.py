"""How well five seconds of marked music are read, after codecs, noise and a cut: composed pieces that nothing was tuned on.

    python -m bench.short_sounds

Each piece is composed from a photograph (`generation.music`), marked whole under a key and an id of its own, and five
seconds from a place by chance are changed and read. Shares have Wilson's 95 % intervals.
"""

import io
from collections.abc import Iterator

import av
import numpy as np

from bench.pictures import photographs
from bench.watermark.measure import wilson
from provenance.watermarks import Chord, WatermarkKey

RATE = 48_000
PIECES = 12
LONG_S, SHORT_S = 14.0, 5.0
CODECS = {
    "AAC 64": ("aac", "adts", 64_000),
    "MP3 64": ("libmp3lame", "mp3", 64_000),
    "Opus 24": ("libopus", "ogg", 24_000),
}

Samples = np.ndarray
"""(2, N) float32."""


def recode(samples: Samples, codec: str, kind: str, bit_rate: int) -> Samples:
    """Return samples after a lossy codec."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as made:
        stream = made.add_stream(codec, rate=RATE, layout="stereo")
        stream.bit_rate = bit_rate
        stream.codec_context.open(strict=False)
        size = stream.codec_context.frame_size or None
        fit = av.AudioResampler(format=stream.format.name, layout="stereo", rate=RATE, frame_size=size)
        flat = np.ascontiguousarray(np.clip(samples, -1, 1).T.reshape(1, -1), np.float32)
        frame = av.AudioFrame.from_ndarray(flat, format="flt", layout="stereo")
        frame.sample_rate, frame.pts = RATE, 0
        for part in (*fit.resample(frame), *fit.resample(None)):
            made.mux(stream.encode(part))
        made.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as given:
        back = av.AudioResampler(format="flt", layout="stereo", rate=RATE)
        parts = [part for frame in given.decode(audio=0) for part in back.resample(frame)] + back.resample(None)
        return np.concatenate([part.to_ndarray().reshape(-1, 2).T for part in parts], axis=1)


def change(marked: Samples, random: np.random.Generator) -> Iterator[tuple[str, Samples]]:
    """Yield what becomes of five seconds of a piece."""
    half, whole = int(SHORT_S / 2 * RATE), int(SHORT_S * RATE)
    at = int(random.integers(0, marked.shape[1] - 2 * whole))
    part = marked[:, at : at + whole]
    yield "none", part
    yield "none, 3 s", part[:, : 3 * RATE]
    for name, (codec, kind, bit_rate) in CODECS.items():
        yield name, recode(part, codec, kind, bit_rate)
    loudness = np.sqrt((part**2).mean())
    yield "white noise at 20 dB", part + random.normal(0, loudness / 10, part.shape)
    far = at + half + int(1.2 * RATE)
    yield "cut in the middle and joined", np.concatenate([part[:, :half], marked[:, far : far + half]], axis=1)


def main() -> None:
    """Print one table."""
    from generation.music.mix import make_music
    from generation.music.mood import read_mood

    random, pictures = np.random.default_rng(5), photographs()
    read: dict[str, int] = {}
    wrong = 0
    for number in range(PIECES):
        mood = read_mood(np.asarray(pictures[number % len(pictures)][1].convert("RGB")), ())
        music = np.asarray(make_music(mood, LONG_S, 100 + number), np.float32)
        chord, payload = Chord((WatermarkKey("bench", random.bytes(32)),)), int(random.integers(1, 1 << 62))
        for name, samples in change(chord.embed(music, RATE, payload), random):
            found = chord.extract(np.ascontiguousarray(samples, np.float32), RATE)
            read[name] = read.get(name, 0) + (found is not None and found.payload == payload)
            wrong += found is not None and found.payload != payload
    print("| edit | whole id from 5 s |\n|---|---|")
    for name, count in read.items():
        low, high = wilson(count, PIECES)
        print(f"| {name} | {count}/{PIECES} ({low:.0%} to {high:.0%}) |")
    print(f"\nwrong ids: {wrong} of {PIECES * len(read)}")


if __name__ == "__main__":
    main()
