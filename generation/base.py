"""What the generation core is asked, and what it answers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Digest, Frame
from provenance.errors import ConfigurationError
from provenance.plugins import Plugins

Progress = Callable[[int, int], None]
"""Called with (steps done, steps in all)."""


@dataclass(frozen=True, slots=True)
class TextToImage:
    """Draw a picture from words.

    Attributes:
        prompt: what to draw; never logged.
        negative_prompt: what to avoid.
        width, height: in pixels.
        seed: same seed and same backend version, same picture.
        steps: None for the backend's own default.
        guidance: None for the backend's own default.
    """

    prompt: str
    negative_prompt: str = ""
    width: int = 512
    height: int = 512
    seed: int = 0
    steps: int | None = None
    guidance: float | None = None


@dataclass(frozen=True, slots=True)
class ImageToImage:
    """Draw a picture from words and a picture.

    Attributes:
        source: (H, W, 3) uint8 sRGB; not modified.
        strength: 0..1, how far to depart from the source.
        style: of `generation.painting.styles`, which lays the source anew and keeps what is where; or "".
    """

    prompt: str
    source: Frame
    strength: float = 0.6
    negative_prompt: str = ""
    seed: int = 0
    steps: int | None = None
    guidance: float | None = None
    style: str = ""


Request = TextToImage | ImageToImage


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """Make a clip of words, of a picture, or of how another clip ends.

    Attributes:
        prompt: what is to be seen; never logged.
        width, height: of what is wanted; a backend works at sides of its own, in this shape.
        seconds: how long, at least; of a clip that is gone on with, how much longer.
        negative_prompt: what to avoid.
        seed: same seed and same backend version, same clip.
        steps, guidance: None for the backend's own.
        start: the picture that it begins with, (H, W, 3) uint8 sRGB; not modified.
        before: the last frames of a clip that it goes on from, at the backend's `rate`, the last one last.
    """

    prompt: str
    width: int = 832
    height: int = 480
    seconds: float = 5.0
    negative_prompt: str = ""
    seed: int = 0
    steps: int | None = None
    guidance: float | None = None
    start: Frame | None = None
    before: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class SoundRequest:
    """Make music that sounds as words say, or speak them.

    Attributes:
        text: how it is to sound, or what is spoken; never logged.
        seconds: of music; speech is as long as it is.
        seed: same seed and same backend version, same sound.
        voice: who speaks, one of the backend's; "" for its usual one.
    """

    text: str
    seconds: float = 0.0
    seed: int = 0
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a picture was made: what the manifest, the labels and the ledger say of it. Holds no prompt text.

    Attributes:
        backend: plugin name and version.
        model_name: for people.
        model_identifier: URI or package URL (purl) of the model, or "" when there is none.
        model_type: C2PA model type, such as ``c2pa.types.model.pytorch``, or "" when no model took part.
        model_sha256: digest over the weights, or "" when no model took part.
        digital_source_type: last segment of the IPTC NewsCode, such as ``trainedAlgorithmicMedia``.
        prompt_sha256: digest of the UTF-8 prompt.
        seed: as used.
        parameters: the rest, JSON-able.
        source_sha256: digest of the source picture's pixels for image-to-image, else "".
    """

    backend: str
    model_name: str
    digital_source_type: str
    prompt_sha256: Digest
    seed: int
    model_identifier: str = ""
    model_type: str = ""
    model_sha256: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    source_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Generated:
    """A picture and how it was made."""

    frame: Frame
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class GeneratedVideo:
    """A clip's frames and how they were made.

    Attributes:
        frames: each (H, W, 3) uint8, of one size; made while they are asked for, so that length costs no memory. What
            cannot be made raises `GenerationError` there.
        rate: frames a second.
        recipe: of all of them.
    """

    frames: Iterator[Frame]
    rate: float
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class GeneratedSound:
    """Sound and how it was made.

    Attributes:
        sound: (channels, N) float32, -1 to 1, one or two channels.
        rate_hz: samples a second.
        recipe: of it.
    """

    sound: NDArray[np.float32]
    rate_hz: int
    recipe: Recipe


PICTURES: Final = "pictures"
CLIPS: Final = "clips"
MUSIC: Final = "music"
SPEECH: Final = "speech"


class Maker(Protocol):
    """What every backend is; `makes` says what: `CLIPS`, `MUSIC` or `SPEECH`, and pictures where it is left out."""

    @property
    def name(self) -> str:
        """Plugin name."""

    def warm(self) -> None:
        """Load what is needed.

        Raises:
            MissingExtraError: an optional dependency is not installed.
            BackendUnavailableError: weights are missing or do not match their digest.
        """


class Backend(Maker, Protocol):
    """Makes pictures."""

    def generate(self, request: Request, progress: Progress | None = None) -> Generated:
        """Make one picture; deterministic for one seed on one machine.

        Raises:
            GenerationError: it cannot.
            PromptRefusedError: the backend itself refuses the prompt.
        """


class VideoBackend(Maker, Protocol):
    """Makes clips."""

    @property
    def rate(self) -> float:
        """Frames a second of what it makes."""

    @property
    def lead(self) -> int:
        """How many frames of a clip it goes on from; 0 where it cannot."""

    @property
    def needs_start(self) -> bool:
        """Whether it makes clips of pictures alone."""

    def generate(self, request: VideoRequest, progress: Progress | None = None) -> GeneratedVideo:
        """Make one clip; deterministic for one seed on one machine.

        Raises:
            GenerationError: it cannot, here or while its frames are asked for.
            PromptRefusedError: the backend itself refuses the prompt.
        """


class SoundBackend(Maker, Protocol):
    """Makes music, or speaks."""

    @property
    def voices(self) -> tuple[str, ...]:
        """Who can speak, the usual one first; () of music."""

    def generate(self, request: SoundRequest, progress: Progress | None = None) -> GeneratedSound:
        """Make one sound; deterministic for one seed on one machine.

        Raises:
            GenerationError: it cannot.
        """


class BackendFactory(Protocol):
    """What a plugin's name stands for."""

    def __call__(self, options: Mapping[str, Any]) -> Maker:
        """Build without loading weights; `warm` loads them."""


BACKENDS: Plugins[BackendFactory] = Plugins(
    kind="backends",
    builtins={
        "sketch": "generation.backends.sketch:Sketch",
        "diffusers_local": "generation.backends.diffusers_local:DiffusersLocal",
        "diffusers_video": "generation.backends.diffusers_video:DiffusersVideo",
        "transformers_music": "generation.backends.transformers_sound:TransformersMusic",
        "transformers_speech": "generation.backends.transformers_sound:TransformersSpeech",
    },
    extras=dict.fromkeys(
        ("diffusers_local", "diffusers_video", "transformers_music", "transformers_speech"), "generate"
    ),
)


def find_makes(maker: Maker) -> str:
    """Return what a backend makes."""
    return str(getattr(maker, "makes", PICTURES))


def _build(name: str, options: Mapping[str, Any], makes: str) -> Maker:
    made = BACKENDS.load(name)(options)
    if find_makes(made) != makes:
        raise ConfigurationError(f"the backend {name} makes {find_makes(made)}: expected one that makes {makes}")
    return made


def build_backend(name: str, options: Mapping[str, Any]) -> Backend:
    """Return a backend of pictures, cold.

    Raises:
        ConfigurationError: its options cannot work, or it makes something else.
        UnknownPluginError: there is none of that name.
    """
    return cast("Backend", _build(name, options, PICTURES))


def build_video_backend(name: str, options: Mapping[str, Any]) -> VideoBackend:
    """Return a backend of clips, cold; raises what `build_backend` does."""
    return cast("VideoBackend", _build(name, options, CLIPS))


def build_sound_backend(name: str, options: Mapping[str, Any], makes: str) -> SoundBackend:
    """Return a backend of `MUSIC` or `SPEECH`, cold; raises what `build_backend` does."""
    return cast("SoundBackend", _build(name, options, makes))
