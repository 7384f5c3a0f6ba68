"""What is heard in a clip: music, voices and ambience, by what comes along or by backends that stand in for it."""

import io
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from generation.animation.reel import RATE_HZ, Sound
from generation.base import GeneratedSound, Recipe, SoundBackend, SoundRequest, VideoBackend
from generation.music import mix
from generation.music.mood import Mood, read_mood
from generation.voices.ambience import make_ambience
from generation.voices.engine import Engine, Model, load_engine
from generation.voices.modelled import BackendVoice
from generation.voices.speech import Line, Spoken, lay_under, read_line, resample, speak_lines
from provenance.asset import Frame, sha256_hex
from provenance.errors import GenerationError
from provenance.manifests.report import AI_SOURCE_TYPES, IPTC_PREFIX
from provenance.storage.blob import Blob

COMPUTED: Final = "algorithmicMedia"
TRAINED: Final = "trainedAlgorithmicMedia"
_MOST_LINE_S: Final = 120.0
_REST_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Makers:
    """Backends that stand in for what comes along; None where that does it.

    Attributes:
        clips: makes frames.
        music: makes music of words.
        voices: speaks.
    """

    clips: VideoBackend | None = None
    music: SoundBackend | None = None
    voices: SoundBackend | None = None


OWN: Final = Makers()
"""What comes along does it all."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is heard, as a file of its own.

    Attributes:
        file: WAV.
        source_type: how it came about, as an IPTC NewsCode.
    """

    file: Blob
    source_type: str


@dataclass(frozen=True, slots=True)
class Heard:
    """All that is heard.

    Attributes:
        sound: (2, N) at `RATE_HZ`, or None where nothing is.
        music: alone, before anything was laid over it, or None.
        parts: music first, then voices, then ambience.
        told: for the recipe.
        models: that took part, the voice's first.
    """

    sound: Sound | None = None
    music: Sound | None = None
    parts: tuple[Part, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    models: tuple[Model, ...] = ()


def make_sound(
    picture: Frame | None,
    seconds: float,
    seed: int,
    *,
    has_music: bool = False,
    words: Sequence[str] = (),
    lines: Sequence[Line] = (),
    ambience: str = "",
    makers: Makers = OWN,
) -> Heard:
    """Return what is to be heard in a clip.

    Args:
        picture: that colours are taken from for music; None where there is none, and words and seed are all.
        seconds: how long.
        seed: same seed, same sound.
        has_music: whether there is music.
        words: for what is seen; kept nowhere.
        lines: that are spoken.
        ambience: one of `generation.voices.ambience.KINDS`, or "".
        makers: backends that stand in.

    Raises:
        GenerationError: it cannot be made.
    """
    told: dict[str, Any] = {}
    parts, models = list[Part](), list[Model]()
    music = spoken = None
    if has_music:
        music, source_type, about = make_music(picture, words, seconds, seed, makers.music)
        parts.append(Part(encode_wav(music), source_type))
        told |= about.told
        models += about.models
    if lines:
        engine = load_engine() if makers.voices is None else BackendVoice(makers.voices)
        spoken = speak_lines(lines, engine, seconds, seed)
        parts.append(Part(encode_wav(spoken.sound), TRAINED))
        told |= _tell_voice(engine, lines)
        models.insert(0, engine.model)
    around = make_ambience(ambience, seconds, seed) if ambience else None
    if around is not None:
        parts.append(Part(encode_wav(around), COMPUTED))
        told["ambience"] = ambience
    joined = _join(spoken, [part for part in (music, around) if part is not None])
    return Heard(joined, music, tuple(parts), told, tuple(models))


@dataclass(frozen=True, slots=True)
class About:
    """What a recipe says of music."""

    told: Mapping[str, Any]
    models: tuple[Model, ...] = ()
    recipe: Recipe | None = None


def make_music(
    picture: Frame | None, words: Sequence[str], seconds: float, seed: int, maker: SoundBackend | None
) -> tuple[Sound, str, About]:
    """Return music at `RATE_HZ` in stereo, how it came about, and what is told of it.

    Without a maker it is composed by a picture's colours and by words. A maker is given the words, with how the colours
    would sound in words of ours.

    Raises:
        GenerationError: the maker cannot.
    """
    mood = read_mood(_colours(seed) if picture is None else picture, words)
    if maker is None:
        told = {"music": int(mix.VERSION), "tempo": mood.tempo, "tonic": mood.tonic, "mode": mood.mode}
        return mix.make_music(mood, seconds, seed), COMPUTED, About(told)
    made = maker.generate(SoundRequest(describe_mood(words, mood if picture is not None else None), seconds, seed))
    model = find_model(made.recipe)
    told = {"music_model": model.name, "music_model_sha256": model.sha256}
    return to_stereo(made), made.recipe.digital_source_type, About(told, (model,), made.recipe)


def speak_piece(words: str, seed: int, makers: Makers = OWN) -> tuple[Blob, Recipe]:
    """Have one line spoken alone.

    Args:
        words: ``VOICE: words``, or words alone; kept nowhere.
        seed: same seed, same sound.
        makers: a backend that stands in for the packaged voice.

    Returns:
        A WAV file, and how it was made.

    Raises:
        GenerationError: no such voice, or nothing that it can speak.
        MissingExtraError: no voice is installed.
    """
    line = replace(read_line(words), at_s=None)
    engine = load_engine() if makers.voices is None else BackendVoice(makers.voices)
    spoken = speak_lines((line,), engine, _MOST_LINE_S, seed)
    end = round((spoken.spans[-1][1] + _REST_S) * RATE_HZ)
    model = engine.model
    recipe = Recipe(
        backend=f"voices/{engine.name}",
        model_name=model.name,
        digital_source_type=TRAINED,
        prompt_sha256=sha256_hex(words.encode()),
        seed=seed,
        model_identifier=model.identifier,
        model_type=model.type,
        model_sha256=model.sha256,
        parameters={"seconds": round(end / RATE_HZ, 3)},
    )
    return encode_wav(spoken.sound[:, :end]), recipe


def describe_mood(words: Sequence[str], mood: Mood | None) -> str:
    """Return what music is asked for in words: what is seen, and how its colours sound."""
    said = [one.strip() for one in words if one.strip()]
    if mood is not None:
        said.append("bright, major" if mood.mode in {"lydian", "ionian", "mixolydian"} else "dark, minor")
        said.append(f"{mood.tempo:.0f} bpm")
        said.append("warm" if mood.warmth > 0.5 else "clear")
        said.append("lively" if mood.energy > 0.5 else "calm")
    return ", ".join((*said, "instrumental"))


def find_model(recipe: Recipe) -> Model:
    """Return the model of a recipe."""
    return Model(recipe.model_name, recipe.model_sha256, recipe.model_identifier, recipe.model_type)


def add_sound(recipe: Recipe, heard: Heard) -> Recipe:
    """Return the recipe of a clip in which this is heard: a model is the clip's where no other one is."""
    own: dict[str, Any] = {}
    if heard.models and not recipe.model_type:
        model = heard.models[0]
        own = {
            "model_name": model.name,
            "model_identifier": model.identifier,
            "model_type": model.type,
            "model_sha256": model.sha256,
        }
    types = {recipe.digital_source_type, *(part.source_type for part in heard.parts)}
    if len(types) > 1 and any(f"{IPTC_PREFIX}{one}" in AI_SOURCE_TYPES for one in types):
        own["digital_source_type"] = "compositeSynthetic"
    return replace(recipe, parameters={**recipe.parameters, **heard.told}, **own)


def encode_wav(sound: Sound) -> Blob:
    """Return sound as a WAV file of 16 bits."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(sound.T, -1, 1) * 32767).astype("<i2").tobytes())
    return Blob.from_bytes(made.getvalue())


def to_stereo(made: GeneratedSound) -> Sound:
    """Return sound at `RATE_HZ` in two channels.

    Raises:
        GenerationError: a backend made what is no sound.
    """
    if made.sound.ndim != 2 or made.sound.shape[0] not in {1, 2} or not made.sound.shape[1]:
        raise GenerationError(f"expected sound of one or two channels, got the shape {made.sound.shape}")
    both = [resample(channel, made.rate_hz) for channel in made.sound]
    return np.ascontiguousarray(np.stack([both[0], both[-1]]).clip(-1, 1), np.float32)


def _colours(seed: int) -> Frame:
    """Return colours that stand for a seed, where there is no picture."""
    colours = np.random.default_rng([seed, 5]).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return np.kron(colours, np.ones((8, 8, 1), np.uint8))


def _tell_voice(engine: Engine, lines: Sequence[Line]) -> dict[str, Any]:
    return {"lines": len(lines), "voice": engine.model.name, "voice_sha256": engine.model.sha256}


def _join(spoken: Spoken | None, parts: Sequence[Sound]) -> Sound | None:
    """Return all that is heard, or None where nothing is."""
    if spoken is not None:
        return lay_under(spoken, parts)
    return np.asarray(sum(parts[1:], start=parts[0]), np.float32).clip(-1, 1) if parts else None
