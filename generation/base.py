"""What the generation core is asked, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from provenance.asset import Digest, Frame
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


class Backend(Protocol):
    """Makes pictures."""

    @property
    def name(self) -> str:
        """Plugin name."""

    def warm(self) -> None:
        """Load what is needed.

        Raises:
            MissingExtraError: an optional dependency is not installed.
            BackendUnavailableError: weights are missing or do not match their digest.
        """

    def generate(self, request: Request, progress: Progress | None = None) -> Generated:
        """Make one picture; deterministic for one seed on one machine.

        Raises:
            GenerationError: it cannot.
            PromptRefusedError: the backend itself refuses the prompt.
        """


class BackendFactory(Protocol):
    """What a plugin's name stands for."""

    def __call__(self, options: Mapping[str, Any]) -> Backend:
        """Build without loading weights; `warm` loads them."""


BACKENDS: Plugins[BackendFactory] = Plugins(
    kind="backends",
    builtins={
        "sketch": "generation.backends.sketch:Sketch",
        "diffusers_local": "generation.backends.diffusers_local:DiffusersLocal",
    },
    extras={"diffusers_local": "generate"},
)
