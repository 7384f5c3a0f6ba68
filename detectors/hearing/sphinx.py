"""The recogniser that comes with a package: PocketSphinx with the acoustic model of US English that its wheel carries.

BSD code and model. It hears what is spoken plainly, near and without music, in English, and makes English words of
everything else. Weak by today's measure: `detectors/cards/speech.toml` has the figures.
"""

import re
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from detectors.hearing.utterances import RATE_HZ, Utterance, Word
from provenance.asset import sha256_hex
from provenance.errors import DetectorUnavailableError, MissingExtraError

PACKAGE: Final = "pocketsphinx"
NAME: Final = "pocketsphinx en-us"
# Of its model's folder: what decides about words.
FILES: Final = ("en-us/mdef", "en-us/means", "en-us/sendump", "en-us.lm.bin", "cmudict-en-us.dict")

# Fewer guesses at a time than it would make: a third of the time, and 0 to 1 more words wrong in a hundred.
_OPTIONS: Final = {"fwdflat": False, "maxhmmpf": 3000, "maxwpf": 8, "cmn": "batch", "loglevel": "FATAL"}
_FRAMES_A_SECOND: Final = 100
# Other ways of saying a word have a number, and what is no word stands in brackets.
_VARIANT: Final = re.compile(r"\(\d+\)$")
_NO_WORD: Final = re.compile(r"[<\[+]")


class Sphinx:
    """One decoder; its calls take turns."""

    name: Final = NAME

    def __init__(self, digests: dict[str, str]) -> None:
        """Load the model, its files compared with `digests`, by their names in `FILES`.

        Raises:
            MissingExtraError: pocketsphinx is not installed.
            DetectorUnavailableError: a file is missing, or has another digest.
        """
        spec = find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise MissingExtraError("detector 'speech' needs the extra: pip install 'chopmark[speech]'")
        folder = Path(spec.origin).parent / "model" / "en-us"
        for name in FILES:
            _check(folder / name, digests[name])
        from pocketsphinx import Decoder

        self.digest: Final = sha256_hex("".join(digests[name] for name in FILES).encode())
        self._lock = threading.Lock()
        self._decoder: Any = Decoder(samprate=RATE_HZ, **_OPTIONS)

    def listen(self, utterance: Utterance) -> tuple[Word, ...]:
        """Return the words of an utterance; what was heard before moves a word by a hundredth of a second at most."""
        if not len(utterance.samples):
            return ()
        samples = (np.clip(utterance.samples, -1, 1) * 32_767).astype("<i2").tobytes()
        with self._lock:
            decoder = self._decoder
            decoder.start_utt()
            decoder.process_raw(samples, no_search=False, full_utt=True)
            decoder.end_utt()
            parts = [(part.word, part.start_frame, part.end_frame) for part in decoder.seg() or ()]
        return tuple(
            Word(
                _VARIANT.sub("", word),
                utterance.start_s + start / _FRAMES_A_SECOND,
                utterance.start_s + (end + 1) / _FRAMES_A_SECOND,
            )
            for word, start, end in parts
            if not _NO_WORD.match(word)
        )


def has_sphinx() -> bool:
    """Return whether the package is installed; imports nothing."""
    return find_spec(PACKAGE) is not None


def _check(path: Path, expected: str) -> None:
    try:
        digest = sha256_hex(path.read_bytes())
    except OSError as exc:
        raise DetectorUnavailableError(f"{path.name} is not in {PACKAGE}: install chopmark[speech] again") from exc
    if digest != expected:
        raise DetectorUnavailableError(f"expected {path.name} with SHA-256 {expected[:12]}…, got {digest[:12]}…")
