"""Clips without a model: a picture is animated, a clip is gone on with, and either gets music. Embedded, no download.

What was computed is said so: the recipe names this animator and no model, and the digital source type is that of a
composite, generative where the picture was. Needs PyAV, the extra ``video``.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from typing import Any, Final

import numpy as np

from generation.animation import animator
from generation.animation.animator import Animator, Motion, build_animator, build_continuation
from generation.animation.ending import Clean, Unwound
from generation.animation.reel import AUTO, Still, stills, write_reel
from generation.animation.soundtrack import join, read_soundtrack
from generation.base import Progress, Recipe
from generation.music import COMPOSER, mix
from generation.sounding import OWN, Heard, Makers, Part, add_sound, encode_wav, make_music, make_sound
from generation.voices.speech import Line
from provenance.asset import Digest, Frame, MediaType, sha256_hex
from provenance.errors import GenerationError
from provenance.manifests.report import AI_SOURCE_TYPES, IPTC_PREFIX
from provenance.storage.blob import Blob

ANIMATION: Final = "Chopmark animator"
MOST_S: Final = 180.0
"""The longest clip, with what it was before."""
LEAST_S: Final = 1.0
SIDES: Final = (180, 1080)
_RATES: Final = (12, 60)
_WIDEST: Final = 16 / 9


@dataclass(frozen=True, slots=True)
class Wish:
    """What clip is wanted.

    Attributes:
        seconds: how long it is to be, or how much longer.
        side: pixels of its shorter side; a clip that is gone on with keeps its own.
        rate: frames a second; the same.
        seed: same seed, same clip.
        motion: how it moves.
        has_music: whether it gets music of its own.
        words: for what is seen, which the music is chosen by; kept nowhere.
        encoder: h264, hevc, av1 or vp9, of what the gate is handed.
        lines: that are spoken in it; kept nowhere. A clip that is gone on with takes none.
        ambience: what is heard around: one of `generation.voices.ambience.KINDS`, or "".
    """

    seconds: float = 5.0
    side: int = 720
    rate: int = 30
    seed: int = 0
    motion: Motion = field(default_factory=Motion)
    has_music: bool = False
    words: tuple[str, ...] = ()
    encoder: str = AUTO
    lines: tuple[Line, ...] = ()
    ambience: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if not LEAST_S <= self.seconds <= MOST_S:
            raise GenerationError(f"expected {LEAST_S:.0f} to {MOST_S:.0f} seconds, got {self.seconds:g}")
        if not SIDES[0] <= self.side <= SIDES[1]:
            raise GenerationError(f"expected a shorter side of {SIDES[0]} to {SIDES[1]} pixels, got {self.side}")
        if not _RATES[0] <= self.rate <= _RATES[1]:
            raise GenerationError(f"expected {_RATES[0]} to {_RATES[1]} frames a second, got {self.rate}")


@dataclass(frozen=True, slots=True)
class MadeClip:
    """A clip and how it was made.

    Attributes:
        file: an MP4 file; nothing but an asset until the gate has released it.
        recipe: of it.
        parts: what is heard in it, as files of their own: music, what was spoken, what is around.
    """

    file: Blob
    recipe: Recipe
    parts: tuple[Part, ...] = ()


def animate(
    picture: Frame,
    wish: Wish,
    *,
    source_type: str = "",
    drawn: Recipe | None = None,
    makers: Makers = OWN,
    progress: Progress | None = None,
) -> MadeClip:
    """Animate a still picture; deterministic for one wish on one machine.

    Args:
        picture: (H, W, 3); not modified.
        wish: what is wanted.
        source_type: how the picture came about, as an IPTC NewsCode; "" where nobody knows.
        drawn: the recipe of a picture that was drawn here: its model and its prompt's digest stand for the clip, too.
        makers: backends that stand in for music and voices; who makes clips is not asked here.
        progress: told of frames done.

    Raises:
        GenerationError: it cannot be made.
        MissingExtraError: PyAV is not installed.
    """
    fitted, count = fit_picture(picture, wish.side), round(wish.seconds * wish.rate)
    moving = build_animator(fitted, wish.motion, seconds=wish.seconds, seed=wish.seed)
    heard = hear(fitted, wish, makers)
    frames = tell_frames(stills(moving.frames(wish.rate, count), wish.rate), count, progress)
    size = (fitted.shape[1], fitted.shape[0])
    file = write_reel(frames, wish.rate, size, sound=heard.sound, encoder=wish.encoder)
    recipe = _build_recipe(wish, moving, source_type, sha256_hex(picture.tobytes()), drawn=drawn)
    return MadeClip(file, add_sound(recipe, heard), heard.parts)


def hear(picture: Frame | None, wish: Wish, makers: Makers) -> Heard:
    """Return what is to be heard in a clip that is wished for."""
    return make_sound(
        picture, wish.seconds, wish.seed, has_music=wish.has_music, words=wish.words, lines=wish.lines,
        ambience=wish.ambience, makers=makers,
    )  # fmt: skip


def extend(
    file: Blob,
    media_type: MediaType,
    wish: Wish,
    *,
    source_type: str = "",
    clean: Callable[[], Clean] | None = None,
    makers: Makers = OWN,
    progress: Progress | None = None,
) -> MadeClip:
    """Go on from where a clip ends, so that its motion goes on: its last frame moves as a still would.

    Args:
        file: a clip whose structure was checked.
        media_type: of it.
        wish: what is wanted; `seconds` come on top, `side` and `rate` are the clip's own.
        source_type: how the clip came about, as an IPTC NewsCode; "" where nobody knows.
        clean: begins what is done to each of its frames, such as taking a mark out; it is looked through twice.
        makers: as for `animate`.
        progress: told of new frames done.

    Raises:
        AssetError: the clip cannot be decoded.
        GenerationError: it cannot be made, or would be longer than `MOST_S`.
        MissingExtraError: PyAV is not installed.
    """
    unwound = Unwound(file, media_type, clean)
    before = verify_length(unwound, wish)
    ending = unwound.ending()
    moving = build_continuation(
        ending.scene, wish.motion, seconds=wish.seconds, seed=wish.seed, velocity=ending.velocity, last=ending.last
    )
    rate = float(unwound.rate)
    count = round(wish.seconds * rate)
    heard = go_on_sounding(ending.still, wish, makers)
    sound = join(read_soundtrack(file, media_type), heard.music, before, before + wish.seconds)
    more = tell_frames(stills(moving.frames(rate, count), rate, after_s=ending.seconds), count, progress)
    frames, size = chain(unwound.frames(), more), unwound.size
    made = write_reel(frames, unwound.rate, size, sound=sound, encoder=wish.encoder, colours=unwound.colours)
    recipe = _build_recipe(wish, moving, source_type, str(file.sha256), before_s=before)
    return MadeClip(made, add_sound(recipe, heard), heard.parts)


def verify_length(unwound: Unwound, wish: Wish) -> float:
    """Return how long a clip is, if as much more as is wished for still fits.

    Raises:
        GenerationError: it does not.
    """
    before = measure_seconds(unwound)
    if before + wish.seconds > MOST_S + 0.5:
        raise GenerationError(
            f"expected a clip of at most {MOST_S:.0f} seconds in all, got {before:.1f} and {wish.seconds:g} more"
        )
    return before


def go_on_sounding(picture: Frame, wish: Wish, makers: Makers) -> Heard:
    """Return what is heard in the longer part of a clip: music, for lines and ambience are a new clip's."""
    return make_sound(picture, wish.seconds, wish.seed, has_music=wish.has_music, words=wish.words, makers=makers)


def measure_seconds(unwound: Unwound) -> float:
    """Return how long a clip is, by looking through it; its end is known then."""
    last = 0.0
    for still in unwound.frames():
        last = still.at_s
        if last > MOST_S:
            raise GenerationError(f"expected a clip of less than {MOST_S:.0f} seconds to go on from, got a longer one")
    return last + 1 / float(unwound.rate)


def compose_piece(
    words: str,
    seconds: float,
    seed: int,
    makers: Makers = OWN,
    picture: Frame | None = None,
) -> tuple[Blob, Recipe]:
    """Make music by words, and by a picture's colours; without one the colours are the seed's.

    Args:
        words: for what it is to sound like; kept nowhere.
        seconds: how long.
        seed: same seed, same music.
        makers: a backend that stands in for the composer.
        picture: (H, W, 3), or None.

    Returns:
        A WAV file, and how it was made: by the composer, an algorithm and no model, or by a backend's.
    """
    music, source_type, about = make_music(picture, (words,), seconds, seed, makers.music)
    source = "" if picture is None else sha256_hex(picture.tobytes())
    if about.recipe is not None:
        return encode_wav(music), replace(about.recipe, prompt_sha256=sha256_hex(words.encode()), source_sha256=source)
    recipe = Recipe(
        backend=f"{COMPOSER}/{_own_version()}",
        model_name=f"Chopmark composer {mix.VERSION}",
        digital_source_type=source_type,
        prompt_sha256=sha256_hex(words.encode()),
        seed=seed,
        parameters={"seconds": seconds, **about.told},
        source_sha256=source,
    )
    return encode_wav(music), recipe


def fit_picture(picture: Frame, side: int) -> Frame:
    """Return a picture whose shorter side has `side` pixels, both even; what is wider than 16:9 is cut at both ends."""
    import cv2

    height, width = picture.shape[:2]
    if max(height, width) > _WIDEST * min(height, width):
        kept = round(_WIDEST * min(height, width))
        start = (max(height, width) - kept) // 2
        picture = picture[:, start : start + kept] if width > height else picture[start : start + kept]
        height, width = picture.shape[:2]
    scale = side / min(height, width)
    size = tuple(max(2, round(length * scale / 2) * 2) for length in (width, height))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=how), np.uint8)


def name_source_type(source_type: str) -> str:
    """Return what a clip is by what its picture is: in part generative, computed, or a mixture nobody knows more of."""
    if f"{IPTC_PREFIX}{source_type}" in AI_SOURCE_TYPES:
        return "compositeSynthetic"
    return "algorithmicMedia" if source_type == "algorithmicMedia" else "composite"


def tell_frames(frames: Iterable[Still], count: int, progress: Progress | None) -> Iterator[Still]:
    """Yield frames, and tell how many of them were taken."""
    for done, frame in enumerate(frames, 1):
        yield frame
        if progress is not None:
            progress(done, count)


def _build_recipe(
    wish: Wish,
    moving: Animator,
    source_type: str,
    source_sha256: str,
    *,
    drawn: Recipe | None = None,
    before_s: float = 0.0,
) -> Recipe:
    motion = wish.motion
    parameters: dict[str, Any] = {
        "seconds": wish.seconds,
        "rate": wish.rate,
        "strength": motion.strength,
        "particles": motion.particles,
        "layers": 1 if moving.scene.subject is None else 2,
        "animator": int(animator.VERSION),
    }
    if before_s:
        parameters["before_s"] = round(before_s, 3)
    made_as = name_source_type(source_type if drawn is None else drawn.digital_source_type)
    # The animator is no model. Where one took part it was that of the picture, if anybody knows which.
    own = "" if made_as == "compositeSynthetic" else f"{ANIMATION} {animator.VERSION}"
    return Recipe(
        backend=f"animation/{_own_version()}",
        model_name=drawn.model_name if drawn and drawn.model_type else own,
        model_identifier=drawn.model_identifier if drawn else "",
        model_type=drawn.model_type if drawn else "",
        model_sha256=drawn.model_sha256 if drawn else "",
        digital_source_type=made_as,
        prompt_sha256=drawn.prompt_sha256 if drawn else Digest(""),
        seed=wish.seed,
        parameters=parameters,
        source_sha256=source_sha256,
    )


def _own_version() -> str:
    try:
        return version("chopmark")
    except PackageNotFoundError:
        return "0"
