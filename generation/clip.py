"""Clips without a model: a picture is animated, a clip is gone on with, and either gets music. Embedded, no download.

What was computed is said so: the recipe names this animator and no model, and the digital source type is that of a
composite, generative where the picture was. Needs PyAV, the extra ``video``.
"""

import io
import wave
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from typing import Any, Final

import numpy as np

from generation.animation import animator
from generation.animation.animator import Animator, Motion, build_animator, build_continuation
from generation.animation.ending import Clean, Unwound
from generation.animation.reel import AUTO, RATE_HZ, Sound, Still, stills, write_reel
from generation.animation.soundtrack import join, read_soundtrack
from generation.base import Progress, Recipe
from generation.music import mix
from generation.music.mood import Mood, read_mood
from generation.voices.ambience import make_ambience
from generation.voices.engine import Engine, load_engine
from generation.voices.speech import Line, Spoken, lay_under, speak_lines
from provenance.asset import Digest, Frame, MediaType, sha256_hex
from provenance.errors import GenerationError
from provenance.manifests.report import AI_SOURCE_TYPES, IPTC_PREFIX
from provenance.storage.blob import Blob

ANIMATION: Final = "Chopmark animator"
SPOKEN_AS: Final = "trainedAlgorithmicMedia"
"""How what a voice says came about."""
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
        music: what was composed for it, as a WAV file, or None.
        others: what else is heard in it, as WAV files, each with its source type: what was spoken, what is around.
    """

    file: Blob
    recipe: Recipe
    music: Blob | None
    others: tuple[tuple[Blob, str], ...] = ()


def animate(
    picture: Frame, wish: Wish, *, source_type: str = "", drawn: Recipe | None = None, progress: Progress | None = None
) -> MadeClip:
    """Animate a still picture; deterministic for one wish on one machine.

    Args:
        picture: (H, W, 3); not modified.
        wish: what is wanted.
        source_type: how the picture came about, as an IPTC NewsCode; "" where nobody knows.
        drawn: the recipe of a picture that was drawn here: its model and its prompt's digest stand for the clip, too.
        progress: told of frames done.

    Raises:
        GenerationError: it cannot be made.
        MissingExtraError: PyAV is not installed.
    """
    fitted, count = fit_picture(picture, wish.side), round(wish.seconds * wish.rate)
    moving = build_animator(fitted, wish.motion, seconds=wish.seconds, seed=wish.seed)
    mood = read_mood(fitted, wish.words) if wish.has_music else None
    music = None if mood is None else mix.make_music(mood, wish.seconds, wish.seed)
    engine = load_engine() if wish.lines else None
    spoken = None if engine is None else speak_lines(wish.lines, engine, wish.seconds, wish.seed)
    around = make_ambience(wish.ambience, wish.seconds, wish.seed) if wish.ambience else None
    sound = _join_sound(spoken, [part for part in (music, around) if part is not None])
    frames = _told(stills(moving.frames(wish.rate, count), wish.rate), count, progress)
    size = (fitted.shape[1], fitted.shape[0])
    file = write_reel(frames, wish.rate, size, sound=sound, encoder=wish.encoder)
    recipe = _build_recipe(wish, mood, moving, source_type, sha256_hex(picture.tobytes()), drawn=drawn)
    others = [] if spoken is None else [(encode_wav(spoken.sound), SPOKEN_AS)]
    others += [] if around is None else [(encode_wav(around), "algorithmicMedia")]
    recipe = recipe if engine is None else _add_voice(recipe, engine, len(wish.lines))
    return MadeClip(file, recipe, None if music is None else encode_wav(music), tuple(others))


def _join_sound(spoken: Spoken | None, parts: Sequence[Sound]) -> Sound | None:
    """Return all that is heard, or None where nothing is."""
    if spoken is not None:
        return lay_under(spoken, parts)
    return np.asarray(sum(parts[1:], start=parts[0]), np.float32).clip(-1, 1) if parts else None


def _add_voice(recipe: Recipe, engine: Engine, count: int) -> Recipe:
    """Return the recipe of a clip in which a model speaks: it is the clip's model where no other one is."""
    model = engine.model
    told = {"lines": count, "voice": model.name, "voice_sha256": model.sha256}
    own: dict[str, Any] = {}
    if not recipe.model_type:
        own = {
            "model_name": model.name,
            "model_identifier": model.identifier,
            "model_type": model.type,
            "model_sha256": model.sha256,
        }
    made_as = name_source_type(SPOKEN_AS)
    return replace(recipe, digital_source_type=made_as, parameters={**recipe.parameters, **told}, **own)


def extend(
    file: Blob,
    media_type: MediaType,
    wish: Wish,
    *,
    source_type: str = "",
    clean: Callable[[], Clean] | None = None,
    progress: Progress | None = None,
) -> MadeClip:
    """Go on from where a clip ends, so that its motion goes on: its last frame moves as a still would.

    Args:
        file: a clip whose structure was checked.
        media_type: of it.
        wish: what is wanted; `seconds` come on top, `side` and `rate` are the clip's own.
        source_type: how the clip came about, as an IPTC NewsCode; "" where nobody knows.
        clean: begins what is done to each of its frames, such as taking a mark out; it is looked through twice.
        progress: told of new frames done.

    Raises:
        AssetError: the clip cannot be decoded.
        GenerationError: it cannot be made, or would be longer than `MOST_S`.
        MissingExtraError: PyAV is not installed.
    """
    unwound = Unwound(file, media_type, clean)
    before = measure_seconds(unwound)
    if before + wish.seconds > MOST_S + 0.5:
        raise GenerationError(
            f"expected a clip of at most {MOST_S:.0f} seconds in all, got {before:.1f} and {wish.seconds:g} more"
        )
    ending = unwound.ending()
    moving = build_continuation(
        ending.scene, wish.motion, seconds=wish.seconds, seed=wish.seed, velocity=ending.velocity, last=ending.last
    )
    rate = float(unwound.rate)
    count = round(wish.seconds * rate)
    mood = read_mood(ending.still, wish.words) if wish.has_music else None
    music = None if mood is None else mix.make_music(mood, wish.seconds, wish.seed)
    sound = join(read_soundtrack(file, media_type), music, before, before + wish.seconds)
    more = _told(stills(moving.frames(rate, count), rate, after_s=ending.seconds), count, progress)
    frames, size = chain(unwound.frames(), more), unwound.size
    made = write_reel(frames, unwound.rate, size, sound=sound, encoder=wish.encoder, colours=unwound.colours)
    recipe = _build_recipe(wish, mood, moving, source_type, str(file.sha256), before_s=before)
    return MadeClip(made, recipe, None if music is None else encode_wav(music))


def measure_seconds(unwound: Unwound) -> float:
    """Return how long a clip is, by looking through it; its end is known then."""
    last = 0.0
    for still in unwound.frames():
        last = still.at_s
        if last > MOST_S:
            raise GenerationError(f"expected a clip of less than {MOST_S:.0f} seconds to go on from, got a longer one")
    return last + 1 / float(unwound.rate)


def compose_piece(words: str, seconds: float, seed: int) -> tuple[Blob, Recipe]:
    """Compose music by words alone: its colours are the seed's.

    Args:
        words: for what it is to sound like; kept nowhere.
        seconds: how long.
        seed: same seed, same music.

    Returns:
        A WAV file, and how it was made: by an algorithm, and no model.
    """
    colours = np.random.default_rng([seed, 5]).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    mood = read_mood(np.kron(colours, np.ones((8, 8, 1), np.uint8)), (words,))
    told = {"seconds": seconds, "music": int(mix.VERSION), "tempo": mood.tempo, "tonic": mood.tonic, "mode": mood.mode}
    recipe = Recipe(
        backend=f"music/{_own_version()}",
        model_name=f"Chopmark composer {mix.VERSION}",
        digital_source_type="algorithmicMedia",
        prompt_sha256=sha256_hex(words.encode()),
        seed=seed,
        parameters=told,
    )
    return encode_wav(mix.make_music(mood, seconds, seed)), recipe


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


def encode_wav(sound: Sound) -> Blob:
    """Return sound as a WAV file of 16 bits."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(sound.T, -1, 1) * 32767).astype("<i2").tobytes())
    return Blob.from_bytes(made.getvalue())


def name_source_type(source_type: str) -> str:
    """Return what a clip is by what its picture is: in part generative, computed, or a mixture nobody knows more of."""
    if f"{IPTC_PREFIX}{source_type}" in AI_SOURCE_TYPES:
        return "compositeSynthetic"
    return "algorithmicMedia" if source_type == "algorithmicMedia" else "composite"


def _told(frames: Iterable[Still], count: int, progress: Progress | None) -> Iterator[Still]:
    for done, frame in enumerate(frames, 1):
        yield frame
        if progress is not None:
            progress(done, count)


def _build_recipe(
    wish: Wish,
    mood: Mood | None,
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
    if wish.ambience:
        parameters["ambience"] = wish.ambience
    if mood is not None:
        parameters |= {"music": int(mix.VERSION), "tempo": mood.tempo, "tonic": mood.tonic, "mode": mood.mode}
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
