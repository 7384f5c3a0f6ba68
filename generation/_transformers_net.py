"""Runs models of transformers that make sound; imported from inside functions alone, as `_diffusers_net` is.

Each class that is run is named here and was tried: what a class takes and gives is no common interface.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from safetensors import SafetensorError

from generation._diffusers_net import DTYPES, choose_device, choose_dtype, shorten
from generation.base import Progress
from generation.weights import read_config
from provenance.errors import BackendUnavailableError, GenerationError

Heard = NDArray[np.float32]
"""(channels, N), -1 to 1."""

MUSIC_MODELS: Final = {"musicgen": "MusicgenForConditionalGeneration"}
SPEECH_MODELS: Final = {"vits": "VitsModel"}
# MusicGen was trained on 30 s (arXiv 2306.05284, 4.2); the tokens of that are its decoder's most.
MOST_S: Final = 30.0
_TAIL: Final = 0.2
"""What a pass of music hears of the one before, as a part of the longest pass."""
_FAILURES: Final = (ValueError, TypeError, RuntimeError, AttributeError, IndexError, KeyError)


class _Net:
    """A loaded model.

    Attributes:
        device, dtype: as loaded.
        class_name: of the model.
        rate_hz: samples a second of what it makes.
    """

    known: dict[str, str]

    def __init__(self, folder: Path, *, device: str, dtype: str) -> None:
        """Load the model in `folder`: safetensors only, none of its own code, no network.

        Raises:
            BackendUnavailableError: the folder holds no whole model, or none of a kind that is run here.
            ConfigurationError: no such device.
        """
        kind = read_config(folder)["model_type"]
        if kind not in self.known:
            raise BackendUnavailableError(
                f"{folder.name} is a model of the kind {str(kind)[:40]}: those that are run here are "
                f"{', '.join(self.known)}"
            )
        self.device = choose_device(device)
        self.dtype = choose_dtype(dtype, self.device)
        self.class_name = self.known[kind]
        given = {"local_files_only": True, "trust_remote_code": False}
        try:
            loaded = getattr(transformers, self.class_name).from_pretrained(
                folder, dtype=DTYPES[self.dtype], use_safetensors=True, **given
            )
            self._model = loaded.to(self.device).eval()
            self._load_parts(folder, given)
        except (OSError, SafetensorError, *_FAILURES) as exc:
            raise BackendUnavailableError(f"the model in {folder.name} cannot be loaded: {shorten(exc)}") from exc

    def _load_parts(self, folder: Path, given: dict[str, bool]) -> None:
        raise NotImplementedError

    def _run(self, make: Callable[[], Any], seed: int, secret: str) -> Any:  # noqa: ANN401 - a tensor
        """Run what draws its random numbers from torch's own generator, whose state is put back after it."""
        devices = [self.device] if self.device.startswith("cuda") else []
        try:
            with torch.random.fork_rng(devices=devices), torch.inference_mode():
                torch.manual_seed(seed)
                return make().float().cpu()
        except torch.OutOfMemoryError as exc:
            raise GenerationError(f"not enough memory on {self.device} for this model") from exc
        except _FAILURES as exc:
            raise GenerationError(f"{self.class_name} failed: {shorten(exc, secret=secret)}") from exc


class MusicNet(_Net):
    """A model that makes music of words.

    Attributes:
        longest_s: the longest pass.
    """

    known = MUSIC_MODELS
    longest_s = MOST_S

    def _load_parts(self, folder: Path, given: dict[str, bool]) -> None:
        # Of its parts, and not by `AutoProcessor`, which asks for files that tiny or older folders do not have.
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **given)
        config = self._model.config.audio_encoder
        self.rate_hz = int(config.sampling_rate)
        self._tokens_a_second = float(config.frame_rate)

    def compose(self, text: str, seconds: float, guidance: float, seed: int, progress: Progress | None) -> Heard:
        """Return so much music; what is longer than `longest_s` is made in passes that hear how the one before ended.

        Raises:
            GenerationError: the model fails, or makes too little.
        """
        wanted, made = round(seconds * self.rate_hz), np.zeros((1, 0), np.float32)
        passes = self.count_passes(seconds)
        for number in range(passes):
            tail = made[:, -round(self._tail_s * self.rate_hz) :]
            left = min(self.longest_s - tail.shape[1] / self.rate_hz, (wanted - made.shape[1]) / self.rate_hz)
            new = self._pass(text, left, tail, guidance, seed + number)
            if not new.shape[1]:
                raise GenerationError(f"{self.class_name} made no sound that is new")
            made = new if not made.shape[1] else np.concatenate([made, new], axis=1)
            if progress is not None:
                progress(number + 1, passes)
        if made.shape[1] < wanted:
            # The last token's sound may be cut by some samples.
            made = np.pad(made, ((0, 0), (0, wanted - made.shape[1])))
        return np.ascontiguousarray(made[:, :wanted])

    def count_passes(self, seconds: float) -> int:
        """Return how many passes so much music takes."""
        left = seconds - self.longest_s
        return 1 if left <= 0 else 1 + int(np.ceil(left / (self.longest_s - self._tail_s)))

    @property
    def _tail_s(self) -> float:
        """How much of it is heard, in whole tokens."""
        return round(_TAIL * self.longest_s * self._tokens_a_second) / self._tokens_a_second

    def _pass(self, text: str, seconds: float, tail: Heard, guidance: float, seed: int) -> Heard:
        inputs = self._tokenizer([text], return_tensors="pt", truncation=True, max_length=256).to(self.device)
        given: dict[str, Any] = {
            # A codebook's delay is as many tokens as there are books.
            "max_new_tokens": int(np.ceil(seconds * self._tokens_a_second)) + self._model.decoder.num_codebooks,
            "do_sample": True,
            "guidance_scale": guidance,
        }
        if tail.shape[1]:
            given["input_values"] = torch.from_numpy(tail[None]).to(self.device, self._model.dtype)
            given["padding_mask"] = torch.ones((1, 1, tail.shape[1]), device=self.device)
        heard = self._run(lambda: self._model.generate(**inputs, **given), seed, text)
        return _to_heard(heard[0])[:, tail.shape[1] :]


class SpeechNet(_Net):
    """A model that speaks.

    Attributes:
        voices: how many speakers it knows.
    """

    known = SPEECH_MODELS

    def _load_parts(self, folder: Path, given: dict[str, bool]) -> None:
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **given)
        self.rate_hz = int(self._model.config.sampling_rate)
        self.voices = max(1, int(self._model.config.num_speakers))

    def speak(self, text: str, voice: int, seed: int) -> Heard:
        """Return `text` as it is spoken.

        Raises:
            GenerationError: it has signs that this model cannot read, or the model fails.
        """
        self._verify_letters(text)
        try:
            inputs = self._tokenizer(text, return_tensors="pt").to(self.device)
        except (ImportError, *_FAILURES) as exc:
            raise GenerationError(f"{self.class_name} cannot read this: {shorten(exc, secret=text)}") from exc
        given = {"speaker_id": voice} if self.voices > 1 else {}
        heard = self._run(lambda: self._model(**inputs, **given).waveform, seed, text)
        return _to_heard(heard)

    def _verify_letters(self, text: str) -> None:
        """Refuse what the tokenizer would leave out without a word."""
        letters = [sign for sign in text.lower() if sign.isalnum()]
        if not letters:
            raise GenerationError("nothing in this line can be spoken")
        if getattr(self._tokenizer, "phonemize", False):
            return  # any letter becomes a sound, or the phonemizer says that it is missing
        known = {sign.lower() for sign in self._tokenizer.get_vocab()}
        if missing := sorted(set(letters) - known):
            raise GenerationError(f"this voice has no sound for {len(missing)} of the signs in this line")


def _to_heard(sound: Any) -> Heard:  # noqa: ANN401 - a tensor of (channels, N)
    values = np.asarray(sound.numpy(), np.float32)
    if values.ndim != 2 or not 1 <= values.shape[0] <= 2:
        raise GenerationError(f"expected sound of one or two channels, the model made {values.shape}")
    if not np.isfinite(values).all():
        raise GenerationError("the model made numbers that are no sound; try the option dtype: float32")
    return np.ascontiguousarray(values.clip(-1, 1))
