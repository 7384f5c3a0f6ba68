"""A recogniser of the deployment's own: any model of speech that transformers knows, from a folder on this machine.

Loads safetensors only and runs no code out of the folder. Models that write (Whisper and its like) and models that
spell (wav2vec 2.0 and its like) are taken; when a word was said is reckoned from where it stands in its utterance.
"""

import hashlib
import json
import threading
from pathlib import Path
from typing import Final

from detectors.hearing.recogniser import spread
from detectors.hearing.utterances import Utterance, Word
from provenance.asset import sha256_hex
from provenance.errors import DetectorUnavailableError, MissingExtraError

CONFIG: Final = "config.json"
_CHUNK_BYTES: Final = 1 << 20


class Folder:
    """A model in a folder; its calls take turns."""

    def __init__(self, folder: Path, *, language: str = "", device: str = "cpu") -> None:
        """Measure the files and load the model.

        Args:
            folder: as transformers writes it.
            language: that a model of many languages is told to hear; "" lets it find out.
            device: of torch.

        Raises:
            MissingExtraError: transformers or torch is not installed.
            DetectorUnavailableError: there is no such model there, it brings code, or it cannot be loaded.
        """
        self.digest: Final = measure_folder(folder)
        self.name: Final = folder.resolve().name
        try:
            from detectors._speech_net import SpeechNet
        except ImportError as exc:
            raise MissingExtraError(
                f"a speech model of your own needs an extra: pip install 'chopmark[generate]' ({exc})"
            ) from exc
        self._lock = threading.Lock()
        self._net: SpeechNet = SpeechNet(folder, language=language, device=device)

    def listen(self, utterance: Utterance) -> tuple[Word, ...]:
        """Return the words of an utterance."""
        with self._lock:
            return spread(self._net.listen(utterance.samples), utterance)


def measure_folder(folder: Path) -> str:
    """Return the digest over the names and contents of a model's files.

    Raises:
        DetectorUnavailableError: no model, code among the files, or weights in a form that can run code.
    """
    try:
        described = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        lines = [f"{_digest(path)}  {path.relative_to(folder).as_posix()}" for path in paths]
    except (OSError, ValueError) as exc:
        raise DetectorUnavailableError(f"no speech model in {folder}: {CONFIG} cannot be read") from exc
    if not isinstance(described, dict) or "auto_map" in described or any(path.suffix == ".py" for path in paths):
        raise DetectorUnavailableError(f"{folder.name} brings code; models that do are not loaded")
    if not any(path.suffix == ".safetensors" for path in paths):
        raise DetectorUnavailableError(f"{folder.name} has no safetensors weights; other forms are not loaded")
    return sha256_hex("\n".join(lines).encode())


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()
