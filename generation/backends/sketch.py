"""A painter without weights: the embedded default until a trained model takes its place.

It looks words up in a table and paints a scene from noise and brush strokes. It understands nothing, and says so: its
recipe names no model and the source type ``algorithmicMedia``.
"""

import hashlib
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import numpy as np

from generation.base import PICTURES, Generated, ImageToImage, Progress, Recipe, Request, TextToImage
from generation.painting.abstract import build_abstract
from generation.painting.canvas import Light, to_frame
from generation.painting.scene import build_scene
from generation.painting.strokes import PASSES, paint_over
from generation.painting.styles import paint_style
from generation.painting.words import Motif, parse_words
from provenance.asset import Frame, sha256_hex
from provenance.errors import ConfigurationError, GenerationError

MIN_SIDE: Final = 64
MAX_SIDE: Final = 4096
# Changes whenever the same seed would give another picture.
_PAINTER_VERSION: Final = "1"


class Sketch:
    """Paints scenes and repaints pictures; one request always gives one picture on one machine.

    Options: none.

    Limits: it knows about a hundred and fifty words of English and Chinese and ignores the rest.
    """

    name: Final = "sketch"
    makes: Final = PICTURES

    def __init__(self, options: Mapping[str, Any]) -> None:
        if options:
            raise ConfigurationError(f"the sketch backend takes no options, got {', '.join(sorted(options))}")

    def warm(self) -> None:
        """Do nothing: there is nothing to load."""

    def generate(self, request: Request, progress: Progress | None = None) -> Generated:
        """Paint one picture; `steps` and `guidance` are ignored, there is nothing to guide.

        Raises:
            GenerationError: a side outside 64..4096 pixels, a strength outside 0..1, or a style that there is not.
        """
        advance = _counter(progress)
        motif = parse_words(request.prompt)
        rng = _build_rng(request)
        if isinstance(request, TextToImage):
            _check_sides(request.height, request.width)
            frame = _paint(motif, request.height, request.width, rng, advance)
            source = ""
            parameters: dict[str, Any] = {"width": request.width, "height": request.height}
        else:
            frame = _repaint(request, motif, rng, advance)
            source = sha256_hex(request.source.tobytes())
            parameters = {"strength": request.strength} | ({"style": request.style} if request.style else {})
        recipe = Recipe(
            backend=f"{self.name}/{_own_version()}",
            model_name=f"Chopmark sketch painter {_PAINTER_VERSION}",
            digital_source_type="algorithmicMedia",
            prompt_sha256=sha256_hex(request.prompt.encode()),
            seed=request.seed,
            parameters=parameters,
            source_sha256=source,
        )
        return Generated(frame, recipe)


def _paint(motif: Motif, height: int, width: int, rng: np.random.Generator, advance: Callable[[], None]) -> Frame:
    build = build_abstract if motif.is_abstract else build_scene
    canvas = build(motif, height, width, rng)
    advance()
    light = paint_over(canvas.light, rng, advance=advance)
    return to_frame(light + canvas.sparks[:, :, np.newaxis])


def _repaint(request: ImageToImage, motif: Motif, rng: np.random.Generator, advance: Callable[[], None]) -> Frame:
    """Paint the source over in strokes that are broader, and colours that shift further, the greater the strength."""
    source = request.source
    if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3:
        raise GenerationError(
            f"expected a source of shape (H, W, 3) and dtype uint8, got {source.shape} {source.dtype}"
        )
    _check_sides(*source.shape[:2])
    if not 0 <= request.strength <= 1:
        raise GenerationError(f"strength must be 0 to 1, got {request.strength}")
    light = source.astype(np.float32) / np.float32(255)
    if request.style:
        return to_frame(_paint_style(request.style, light, rng, advance))
    advance()
    shifted = _shift_colours(light, motif, request.strength)
    painted = paint_over(shifted, rng, coarseness=0.4 + 1.2 * request.strength, advance=advance)
    part = np.float32(min(1.0, 0.4 + request.strength))
    return to_frame(np.asarray(light + (painted - light) * part, np.float32))


def _paint_style(style: str, light: Light, rng: np.random.Generator, advance: Callable[[], None]) -> Light:
    """Return the picture in a style; every style comes to the same number of steps."""
    left = len(PASSES)

    def step() -> None:
        nonlocal left
        left -= 1
        advance()

    painted = paint_style(style, light, rng, advance=step)
    for _ in range(left + 1):
        advance()
    return painted


def _shift_colours(light: Light, motif: Motif, strength: float) -> Light:
    """Draw the colours towards those that the prompt names, dark and light kept apart."""
    if not motif.colours:
        return light
    grey = light @ np.asarray((0.299, 0.587, 0.114), np.float32)
    stops = np.linspace(0, 1, len(motif.colours) + 2)
    ramp = np.asarray(((0.05, 0.05, 0.08), *motif.colours, (0.98, 0.97, 0.94)))
    mapped = np.stack([np.interp(grey, stops, ramp[:, channel]) for channel in range(3)], axis=2)
    return (light + (mapped.astype(np.float32) - light) * np.float32(0.7 * strength)).astype(np.float32)


def _build_rng(request: Request) -> np.random.Generator:
    """Return a generator seeded by seed and prompt together: one seed gives each prompt its own picture."""
    text = f"{_PAINTER_VERSION}\n{request.seed}\n{request.negative_prompt}\n{request.prompt}"
    return np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.sha256(text.encode()).digest())))


def _check_sides(height: int, width: int) -> None:
    if not (MIN_SIDE <= height <= MAX_SIDE and MIN_SIDE <= width <= MAX_SIDE):
        raise GenerationError(f"sides must be {MIN_SIDE} to {MAX_SIDE} pixels, got {width}x{height}")


def _counter(progress: Progress | None) -> Callable[[], None]:
    """Return what reports one more step done: the scene, then each pass of the brush."""
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, len(PASSES) + 1)

    return advance


def _own_version() -> str:
    try:
        return version("chopmark")
    except PackageNotFoundError:
        return "0"
