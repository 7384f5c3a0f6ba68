"""The voice that comes with a package: hibari-tts, code and weights Apache-2.0, one voice in the wheel, English alone.

Its network says pitch and spectrum before they become sound, so other voices are the same one with its pitch and its
resonances moved: they are made up, and nobody's. Nothing is downloaded: only the voice of the wheel is loaded.
"""

import threading
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from generation.voices.engine import Model, Mono, VoiceError
from provenance.errors import BackendUnavailableError, MissingExtraError

PACKAGE: Final = "hibari"
# As hibari-tts 0.2.1 carries it, and its own list says.
WEIGHTS_SHA256: Final = "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8"

# Name to how much higher it speaks, and how much shorter the way from its throat to its lips is.
_VOICES: Final = {"heart": (1.0, 1.0), "deep": (0.62, 0.86), "bright": (1.18, 1.1), "calm": (0.84, 0.95)}


# Latin Extended-A ends here: names with accents are read.
_LAST_LATIN: Final = 0x17F


class Hibari:
    """One network, four voices; its calls take turns."""

    name: Final = "hibari"
    voices: Final = tuple(_VOICES)

    def __init__(self) -> None:
        """Load it.

        Raises:
            MissingExtraError: hibari-tts is not installed.
            BackendUnavailableError: its weights are not those that this module knows.
        """
        spec = find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise MissingExtraError("lines need a voice: pip install 'chopmark[voices]'")
        path = Path(spec.origin).parent / "assets" / "hibari.onnx"
        try:
            digest = sha256(path.read_bytes()).hexdigest()
        except OSError as exc:
            raise BackendUnavailableError(f"{path.name} is not in hibari-tts: install chopmark[voices] again") from exc
        if digest != WEIGHTS_SHA256:
            raise BackendUnavailableError(
                f"expected {path.name} with SHA-256 {WEIGHTS_SHA256[:12]}…, got {digest[:12]}…"
            )
        from hibari import Hibari as Network

        # With a path of its own it looks for no other voice, and fetches none.
        self._network: Any = Network(model=str(path))
        self._lock = threading.Lock()
        self.rate_hz: int = int(self._network.sample_rate)
        told = version("hibari-tts")
        self.model = Model(f"hibari-tts {told} heart", digest, f"pkg:pypi/hibari-tts@{told}", "c2pa.types.model.onnx")

    def speak(self, text: str, voice: str, seed: int) -> Mono:
        """Return `text` as it is spoken.

        Raises:
            VoiceError: there is no such voice, or nothing in `text` can be spoken.
        """
        if voice not in _VOICES:
            raise VoiceError(f"no voice is called {voice[:40]!r}: {', '.join(_VOICES)}")
        letters = [sign for sign in text if sign.isalnum()]
        # What it has no letters for it would leave out without a word.
        if not letters or any(ord(sign) > _LAST_LATIN for sign in letters):
            raise VoiceError("expected a line in English, which is what this voice reads, got another or none")
        pitch, length = _VOICES[voice]
        random = np.random.default_rng([seed, 6])
        with self._lock:
            parts = [self._say(phonemes, pitch, length, random) for phonemes in self._network.phonemize(text)]
        said = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        if not said.any():
            raise VoiceError("nothing in this line can be spoken: the voice reads English")
        return np.asarray(said / max(1.0, float(np.abs(said).max())), np.float32)

    def _say(self, phonemes: str, pitch: float, length: float, random: np.random.Generator) -> Mono:
        from hibari import dsp

        ids = self._network.ids(phonemes)
        if len(ids) < 3:
            return np.zeros(0, np.float32)
        given = {"ids": np.asarray([ids], np.int64), "speed": np.asarray([1.0], np.float32)}
        *spectra, f0 = (part[0] for part in self._network.sess.run(None, given))
        moved = [_stretch(part, length) for part in spectra]
        return np.asarray(dsp.synth(*moved, f0 * np.float32(pitch), random), np.float32)


def _stretch(spectrum: Any, factor: float) -> Any:  # noqa: ANN401 - (bins, frames) float32
    """Return a spectrum whose resonances lie `factor` times as high."""
    if factor == 1.0:
        return spectrum
    bins = len(spectrum)
    at = np.minimum(np.arange(bins) / factor, bins - 1)
    low = at.astype(int)
    high = np.minimum(low + 1, bins - 1)
    share = (at - low).astype(np.float32)[:, None]
    return spectrum[low] * (1 - share) + spectrum[high] * share
