"""The only import of transformers for hearing; imported from inside a function alone, never uses the network."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

# Read when huggingface_hub is first imported.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from safetensors import SafetensorError

from detectors.hearing.utterances import RATE_HZ, Mono
from provenance.errors import ConfigurationError, DetectorError, DetectorUnavailableError
from provenance.torchvision_guard import import_torchvision

_MOST_TOKENS: Final = 224
"""Of an utterance of twenty seconds; nobody speaks faster."""


def _import_transformers() -> Any:  # noqa: ANN401 - transformers has few types
    with suppress(ImportError):
        import_torchvision()
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers


transformers: Final = _import_transformers()


class SpeechNet:
    """A loaded model of speech.

    Attributes:
        class_name: of the model.
    """

    def __init__(self, folder: Path, *, language: str, device: str) -> None:
        """Load the model in `folder`.

        Raises:
            DetectorUnavailableError: it cannot be loaded, or is no model of speech.
            ConfigurationError: no such device, or another rate than speech has.
        """
        options = {"local_files_only": True, "trust_remote_code": False}
        try:
            config = transformers.AutoConfig.from_pretrained(folder, **options)
            # Told by its class, not by whether loading fails.
            writes = type(config) in transformers.AutoModelForSpeechSeq2Seq._model_mapping  # noqa: SLF001
            kind = transformers.AutoModelForSpeechSeq2Seq if writes else transformers.AutoModelForCTC
            self._processor: Any = transformers.AutoProcessor.from_pretrained(folder, **options)
            model = kind.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **options)
            self._model: Any = model.to(device).eval()
        except (RuntimeError, AssertionError) as exc:  # a torch without CUDA asserts
            raise ConfigurationError(f"speech: the model cannot be put on {device!r}: {type(exc).__name__}") from exc
        except (OSError, ValueError, TypeError, AttributeError, KeyError, ImportError, SafetensorError) as exc:
            raise DetectorUnavailableError(
                f"the model in {folder.name} cannot be loaded as one of speech: {type(exc).__name__}"
            ) from exc
        self.class_name = type(self._model).__name__
        self._writes, self._language, self._device = writes, language, device
        rate = int(getattr(self._processor.feature_extractor, "sampling_rate", RATE_HZ))
        if rate != RATE_HZ:
            raise ConfigurationError(f"expected a model of {RATE_HZ} samples a second, {folder.name} takes {rate}")

    def listen(self, samples: Mono) -> str:
        """Return what is said in an utterance.

        Raises:
            DetectorError: the model failed.
        """
        try:
            given = self._processor.feature_extractor(samples, sampling_rate=RATE_HZ, return_tensors="pt").to(
                self._device
            )
            with torch.inference_mode():
                said = self._write(given) if self._writes else self._model(**given).logits.argmax(dim=-1)
            text = self._processor.tokenizer.batch_decode(said, skip_special_tokens=True)[0]
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError) as exc:
            # Its message may quote what was said.
            raise DetectorError(f"{self.class_name} failed with {type(exc).__name__}") from exc
        return " ".join(str(text).split())

    def _write(self, given: Any) -> Any:  # noqa: ANN401 - transformers has few types
        known = getattr(self._model.generation_config, "is_multilingual", False)
        options = {"language": self._language, "task": "transcribe"} if self._language and known else {}
        return self._model.generate(**given, max_new_tokens=_MOST_TOKENS, do_sample=False, num_beams=1, **options)
