"""Sound made for tests: something between speech and music, other for each seed, the same each time."""

import io
import wave
from functools import cache

import numpy as np

RATE_HZ = 16_000


@cache
def melody(duration_s=8.0, seed=1, rate_hz=RATE_HZ, channels=1):
    """Return (C, N) float32: notes with overtones that swell and fade, over breath, with rests between phrases."""
    random = np.random.default_rng(seed)
    count = int(duration_s * rate_hz)
    time = np.arange(count) / rate_hz
    out = np.zeros(count)
    start = 0.0
    while start < duration_s:
        length = random.uniform(0.15, 0.5)
        here = slice(int(start * rate_hz), int((start + length) * rate_hz))
        moment = time[here] - start
        pitch = 110 * 2 ** (random.integers(0, 25) / 12)
        swell = np.minimum(moment / 0.02, 1) * np.exp(-moment * random.uniform(1, 6))
        for overtone in range(1, int(rate_hz / 2.2 / pitch)):
            wobble = 0.003 * np.sin(2 * np.pi * random.uniform(3, 7) * moment)
            angle = 2 * np.pi * pitch * overtone * (moment + wobble / (overtone + 3)) + random.uniform(0, 6)
            out[here] += swell * np.sin(angle) / overtone ** random.uniform(0.8, 1.6)
        out[here] += swell * random.normal(0, random.uniform(0.1, 0.5), len(moment))
        start += length * random.uniform(0.7, 1.3)
    out += random.normal(0, 0.003, count)
    out *= 0.3 / np.abs(out).max()
    made = np.stack([out * (1 - 0.2 * number) for number in range(channels)]).astype(np.float32)
    made.flags.writeable = False
    return made


def pack_wav(samples, rate_hz=RATE_HZ):
    """Return (C, N) samples as a WAV file of 16 bits, made by nothing of ours."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(len(samples))
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes((np.clip(samples, -1, 1).T * 32767).astype("<i2").tobytes())
    return file.getvalue()
