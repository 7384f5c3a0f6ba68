import io
import itertools
import wave

import numpy as np
import pytest

from generation.animation.animator import Motion
from generation.animation.ending import Unwound
from generation.animation.reel import to_frame
from generation.base import Recipe
from generation.clip import MOST_S, Wish, animate, compose_piece, extend, fit_picture, name_source_type
from generation.sounding import encode_wav
from generation.voices.speech import Line
from provenance.asset import sha256_hex
from provenance.errors import GenerationError
from provenance.media.containers.movie import MP4
from tests.generation.animation.pictures import photograph

SMALL = Wish(seconds=1, side=180, rate=12, seed=3, motion=Motion("pan"), has_music=True, words=("coffee",))


def _digests(clip):
    return [part.file.sha256 for part in clip.parts]


@pytest.fixture(scope="module")
def made():
    return animate(photograph(), SMALL, source_type="trainedAlgorithmicMedia")


def test_a_recipe_says_what_was_computed_and_names_no_model(made):
    recipe = made.recipe
    assert recipe.backend.startswith("animation/")
    assert recipe.digital_source_type == "compositeSynthetic"
    assert (recipe.model_type, recipe.model_sha256, recipe.model_name) == ("", "", "")
    assert recipe.source_sha256 == sha256_hex(photograph().tobytes())
    assert recipe.parameters["seconds"] == 1
    assert "coffee" not in str(recipe)


def test_the_model_of_a_drawn_picture_stands_for_the_clip():
    drawn = Recipe(
        "d/1", "chop-draw", "trainedAlgorithmicMedia", sha256_hex(b"a cat"), 1, model_type="t", model_sha256="0" * 64
    )
    recipe = animate(photograph(), Wish(seconds=1, side=180, rate=12), drawn=drawn).recipe
    assert (recipe.model_name, recipe.model_type) == ("chop-draw", "t")
    assert recipe.prompt_sha256 == drawn.prompt_sha256
    assert recipe.digital_source_type == "compositeSynthetic"


def test_one_wish_is_one_clip(made):
    seen = []
    again = animate(photograph(), SMALL, source_type="trainedAlgorithmicMedia", progress=lambda *at: seen.append(at))
    assert (again.recipe, _digests(again)) == (made.recipe, _digests(made))
    # x264 does not always write the same bytes for the same frames.
    for one, two in zip(Unwound(again.file, MP4).frames(), Unwound(made.file, MP4).frames(), strict=True):
        assert one.at_s == two.at_s
        assert np.abs(one.planes.y.astype(int) - two.planes.y).mean() < 1
    assert seen[-1] == (12, 12)
    with wave.open(io.BytesIO(made.parts[0].file.read(1 << 24))) as music:
        assert (music.getnchannels(), music.getframerate(), music.getnframes()) == (2, 48_000, 48_000)


def test_a_clip_goes_on_without_a_jump(made):
    longer = extend(made.file, MP4, Wish(seconds=1, seed=4, has_music=True), source_type="compositeSynthetic")
    frames = [to_frame(one.planes).astype(int) for one in Unwound(longer.file, MP4).frames()]
    assert len(frames) == 24
    steps = [np.abs(one - two).mean() for one, two in itertools.pairwise(frames)]
    assert steps[11] < 2 * max(steps[8:11] + steps[12:15])
    assert longer.recipe.source_sha256 == made.file.sha256
    assert longer.recipe.parameters["before_s"] == 1
    assert [part.source_type for part in longer.parts] == ["algorithmicMedia"]


def test_three_minutes_are_the_most(made):
    with pytest.raises(GenerationError, match="180"):
        extend(made.file, MP4, Wish(seconds=MOST_S))


@pytest.mark.parametrize("wrong", [{"seconds": 0.5}, {"seconds": float("nan")}, {"side": 4000}, {"rate": 5}])
def test_what_cannot_be_meant_is_refused(wrong):
    with pytest.raises(GenerationError, match="expected"):
        Wish(**wrong)


@pytest.mark.parametrize(("height", "width"), [(100, 100), (99, 301), (1000, 90), (240, 427)])
def test_pictures_are_fitted_with_even_sides(height, width):
    fitted = fit_picture(np.zeros((height, width, 3), np.uint8), 180)
    assert min(fitted.shape[:2]) == 180
    assert max(fitted.shape[:2]) <= 320
    assert fitted.shape[0] % 2 == fitted.shape[1] % 2 == 0


def test_source_types_say_no_less_than_the_picture_and_no_more():
    assert name_source_type("trainedAlgorithmicMedia") == "compositeSynthetic"
    assert name_source_type("algorithmicMedia") == "algorithmicMedia"
    assert name_source_type("digitalCapture") == name_source_type("") == "composite"


def test_sound_beyond_full_scale_is_cut():
    assert encode_wav(np.full((2, 10), 3.0, np.float32)).size_bytes == 44 + 40


def test_a_piece_of_music_is_made_by_words_and_seed_and_names_no_model():
    file, recipe = compose_piece("calm sea", 2.0, 3)
    again, _ = compose_piece("calm sea", 2.0, 3)
    other, _ = compose_piece("calm sea", 2.0, 4)
    assert file.sha256 == again.sha256 != other.sha256
    with wave.open(io.BytesIO(file.read(1 << 24))) as read:
        assert read.getnframes() == 2 * read.getframerate()
    assert (recipe.digital_source_type, recipe.model_type) == ("algorithmicMedia", "")
    assert "sea" not in str(recipe.parameters)


def test_lines_and_ambience_are_parts_of_a_clip_and_the_voice_is_its_model():
    pytest.importorskip("hibari", reason="the extra voices is not installed")
    wish = Wish(
        5, 180, 12, motion=Motion("pan"), lines=(Line("Good morning."), Line("And you.", "deep")), ambience="sea"
    )
    spoken = animate(photograph(), wish, source_type="")
    assert [part.source_type for part in spoken.parts] == ["trainedAlgorithmicMedia", "algorithmicMedia"]
    recipe = spoken.recipe
    assert recipe.digital_source_type == "compositeSynthetic"
    assert recipe.model_name.startswith("hibari-tts")
    assert recipe.model_sha256 == recipe.parameters["voice_sha256"]
    assert (recipe.parameters["lines"], recipe.parameters["ambience"]) == (2, "sea")
    assert "morning" not in str(recipe)
