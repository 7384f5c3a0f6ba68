import wave
from io import BytesIO

import numpy as np
import pytest

from generation.animation.reel import RATE_HZ
from generation.base import GeneratedSound, Recipe
from generation.music.mood import Mood
from generation.sounding import (
    COMPUTED,
    TRAINED,
    Makers,
    add_sound,
    describe_mood,
    encode_wav,
    make_sound,
    speak_piece,
    to_stereo,
)
from generation.voices.speech import Line
from provenance.asset import Digest, sha256_hex
from provenance.errors import GenerationError
from tests.generation.animation.pictures import photograph

PLAIN = Recipe("animation/1", "", "composite", Digest(""), 0)


class Humming:
    """A backend that makes a tone: music and a voice, as a third party's would be."""

    name = "humming"
    voices = ("one", "two")

    def warm(self):
        pass

    def generate(self, request, progress=None):
        self.asked = request
        seconds = request.seconds or 0.5
        tone = 0.3 * np.sin(np.arange(round(8000 * seconds)) * (0.3 + request.seed / 10))
        recipe = Recipe(
            "humming/1", "hum", TRAINED, sha256_hex(request.text.encode()), request.seed, "pkg:x/hum", "t", "1" * 64
        )
        return GeneratedSound(tone[None].astype(np.float32), 8000, recipe)


def test_without_makers_music_is_composed_and_names_no_model():
    heard = make_sound(photograph(), 1.0, 3, has_music=True, words=("sea",))
    assert heard.sound.shape == (2, RATE_HZ)
    assert [part.source_type for part in heard.parts] == [COMPUTED]
    assert heard.models == ()
    assert add_sound(PLAIN, heard).model_type == ""
    assert "tonic" in add_sound(PLAIN, heard).parameters


def test_a_maker_of_music_is_asked_in_words_and_named():
    maker = Humming()
    heard = make_sound(photograph(), 1.0, 3, has_music=True, words=("a harbour",), makers=Makers(music=maker))
    assert maker.asked.text.startswith("a harbour, ")
    assert maker.asked.text.endswith("instrumental")
    assert maker.asked.seconds == 1.0
    assert heard.sound.shape == (2, RATE_HZ)
    recipe = add_sound(PLAIN, heard)
    assert (recipe.model_name, recipe.model_sha256, recipe.digital_source_type) == (
        "hum",
        "1" * 64,
        "compositeSynthetic",
    )
    assert recipe.parameters["music_model"] == "hum"
    assert "harbour" not in str(recipe.parameters)


def test_a_maker_of_speech_speaks_the_lines_before_everything_else_is_laid_under():
    lines = (Line("Hello."), Line("There.", "two"))
    heard = make_sound(None, 3.0, 3, lines=lines, ambience="sea", makers=Makers(voices=Humming()))
    assert [part.source_type for part in heard.parts] == [TRAINED, COMPUTED]
    assert heard.told["lines"] == 2
    assert heard.told["voice"] == heard.models[0].name == "hum"
    assert np.abs(heard.sound).max() <= 1


def test_a_clip_and_all_that_is_heard_in_it_by_models_is_no_composite():
    made = Recipe("film/1", "wan", TRAINED, Digest(""), 0, model_type="t", model_sha256="2" * 64)
    by_models = make_sound(None, 1.0, 3, has_music=True, makers=Makers(music=Humming()))
    assert add_sound(made, by_models).digital_source_type == TRAINED
    assert add_sound(made, by_models).model_name == "wan"
    composed = make_sound(None, 1.0, 3, has_music=True)
    assert add_sound(made, composed).digital_source_type == "compositeSynthetic"


def test_nothing_that_is_heard_changes_nothing():
    heard = make_sound(photograph(), 1.0, 3)
    assert heard.sound is None
    assert add_sound(PLAIN, heard) == PLAIN


def test_a_line_alone_is_as_long_as_it_is_and_its_recipe_names_the_voice():
    file, recipe = speak_piece("two: Good evening.", 3, Makers(voices=Humming()))
    with wave.open(BytesIO(file.read(1 << 24))) as read:
        assert read.getnframes() / read.getframerate() == pytest.approx(recipe.parameters["seconds"], abs=0.01)
    assert (recipe.model_name, recipe.digital_source_type) == ("hum", TRAINED)
    assert recipe.prompt_sha256 == sha256_hex(b"two: Good evening.")
    assert "evening" not in str(recipe)


def test_moods_in_words():
    assert describe_mood(("sea", " "), None) == "sea, instrumental"
    dark = Mood(0, "aeolian", 70, 0.2, 0.7, "harp")
    assert describe_mood((), dark) == "dark, minor, 70 bpm, warm, calm, instrumental"


@pytest.mark.parametrize("shape", [(8000,), (3, 8000), (1, 0)])
def test_what_is_no_sound_is_refused(shape):
    recipe = Recipe("x/1", "x", TRAINED, Digest(""), 0)
    with pytest.raises(GenerationError, match="one or two channels"):
        to_stereo(GeneratedSound(np.zeros(shape, np.float32), 8000, recipe))


def test_sound_beyond_full_scale_is_cut():
    assert encode_wav(np.full((2, 10), 3.0, np.float32)).size_bytes == 44 + 40
