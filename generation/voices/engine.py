"""Who speaks: the seam between lines of a clip and whichever engine turns words into sound.

An engine of one's own is a package with an entry point in ``chopmark.voices``. The one that comes along is `hibari`,
the extra ``voices``; without any, asking for lines is an error that says so.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from provenance.errors import GenerationError, MissingExtraError
from provenance.plugins import Plugins

Mono = NDArray[np.float32]
"""(N,) float32, -1 to 1."""


class VoiceError(GenerationError):
    """Lines cannot be spoken as they are asked for."""

    code = "voice"


@dataclass(frozen=True, slots=True)
class Model:
    """What a manifest says of an engine.

    Attributes:
        name: of the model, for people.
        sha256: of its weights.
        identifier: package URL.
        type: of C2PA, such as ``c2pa.types.model.onnx``.
    """

    name: str
    sha256: str
    identifier: str
    type: str


class Engine(Protocol):
    """Speaks."""

    @property
    def name(self) -> str:
        """Plugin name."""

    @property
    def voices(self) -> tuple[str, ...]:
        """Names of voices, the usual one first."""

    @property
    def rate_hz(self) -> int:
        """Of what it speaks."""

    @property
    def model(self) -> Model:
        """What speaks."""

    def speak(self, text: str, voice: str, seed: int) -> Mono:
        """Return `text` as it is spoken; the same for one seed on one machine.

        Raises:
            VoiceError: there is no such voice, or nothing in `text` can be spoken.
        """


class EngineFactory(Protocol):
    """What a plugin's name stands for."""

    def __call__(self) -> Engine:
        """Load it.

        Raises:
            MissingExtraError: it is not installed.
        """


VOICES: Final[Plugins[EngineFactory]] = Plugins(
    kind="voices", builtins={"hibari": "generation.voices.hibari:Hibari"}, extras={"hibari": "voices"}
)


def load_engine(name: str = "hibari") -> Engine:
    """Return an engine.

    Raises:
        MissingExtraError: it is not installed; the message says what to do.
        UnknownPluginError: there is none of that name.
    """
    try:
        return VOICES.load(name)()
    except ImportError as exc:
        raise MissingExtraError(f"lines need a voice: pip install 'chopmark[voices]' ({exc})") from exc
