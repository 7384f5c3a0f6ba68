"""Clips by a backend, as one of a third party would be: frames that say from where they came."""

import numpy as np
import pytest

from generation.animation.ending import Unwound
from generation.animation.reel import to_frame
from generation.base import GeneratedVideo, Recipe
from generation.clip import MOST_S, Wish
from generation.film import film, film_on, name_longer
from generation.sounding import Makers
from provenance.asset import sha256_hex
from provenance.errors import GenerationError
from provenance.media.containers.movie import MP4
from tests.generation.animation.pictures import photograph


class Shining:
    """Makes frames of one grey that rises from what it began with, 12 a second, half as large as is asked."""

    name = "shining"
    rate = 12.0
    needs_start = False

    def __init__(self, lead=3):
        self.lead = lead

    def warm(self):
        pass

    def generate(self, request, progress=None):
        self.asked = request
        begin = (request.start,) if request.start is not None else request.before
        first = float(begin[-1].mean()) if begin else 100.0
        count = round(request.seconds * self.rate)
        size = (request.height // 2, request.width // 2, 3)
        frames = (np.full(size, min(255, round(first) + index), np.uint8) for index in range(count))
        recipe = Recipe(
            "shining/1", "shine", "trainedAlgorithmicMedia", sha256_hex(request.prompt.encode()), request.seed,
            model_type="t", model_sha256="3" * 64, parameters={"width": size[1]},
        )  # fmt: skip
        return GeneratedVideo(frames, self.rate, recipe)


def unwind(file):
    return [(one.at_s, to_frame(one.planes).astype(int)) for one in Unwound(file, MP4).frames()]


@pytest.fixture(scope="module")
def made():
    return film("a hill", Wish(1, 180, seed=3, has_music=True), Makers(Shining()))


def test_a_clip_of_words_has_the_size_that_is_wished_for_and_the_backends_rate(made):
    frames = unwind(made.file)
    assert [round(at, 3) for at, _ in frames] == [round(index / 12, 3) for index in range(12)]
    assert frames[0][1].shape == (180, 320, 3)
    means = [frame.mean() for _, frame in frames]
    assert means[0] == pytest.approx(100, abs=2)
    assert means[-1] == pytest.approx(111, abs=2)


def test_the_recipe_is_the_backends_and_composed_music_makes_it_a_composite(made):
    recipe = made.recipe
    assert (recipe.backend, recipe.model_name, recipe.model_sha256) == ("shining/1", "shine", "3" * 64)
    assert recipe.digital_source_type == "compositeSynthetic"
    assert recipe.parameters["width"] == 160
    assert film("a hill", Wish(1, 180, seed=3), Makers(Shining())).recipe.digital_source_type == (
        "trainedAlgorithmicMedia"
    )


def test_a_picture_is_where_it_begins(made):
    backend = Shining()
    picture = photograph()
    clip = film("", Wish(1, 180), Makers(backend), picture=picture)
    assert min(backend.asked.start.shape[:2]) == 180
    assert clip.recipe.source_sha256 == sha256_hex(picture.tobytes())
    assert unwind(clip.file)[0][1].mean() == pytest.approx(picture.mean(), abs=4)


def test_a_clip_goes_on_from_its_last_frames_at_the_backends_rate(made):
    backend = Shining()
    longer = film_on(
        made.file, MP4, "on", Wish(1, seed=4), Makers(backend), source_type=made.recipe.digital_source_type
    )
    assert [round(one.mean()) for one in backend.asked.before] == pytest.approx([109, 110, 111], abs=2)
    frames = unwind(longer.file)
    assert [round(at, 3) for at, _ in frames] == [round(index / 12, 3) for index in range(24)]
    # What was there before stays as it was.
    for (_, one), (_, two) in zip(frames[:12], unwind(made.file), strict=True):
        assert np.abs(one - two).mean() < 2
    assert longer.recipe.source_sha256 == str(made.file.sha256)
    assert longer.recipe.parameters["before_s"] == 1
    assert longer.recipe.digital_source_type == "compositeSynthetic"


def test_at_another_rate_than_the_clips_the_frames_that_are_nearest_in_time_are_taken(made):
    backend = Shining()
    backend.rate = 6.0
    film_on(made.file, MP4, "", Wish(1), Makers(backend))
    assert [round(one.mean()) for one in backend.asked.before] == pytest.approx([107, 109, 111], abs=2)


def test_what_cannot_go_on_says_so(made):
    with pytest.raises(GenerationError, match="cannot go on"):
        film_on(made.file, MP4, "", Wish(1), Makers(Shining(lead=0)))
    with pytest.raises(GenerationError, match=r"makers\.clips"):
        film_on(made.file, MP4, "", Wish(1), Makers())
    with pytest.raises(GenerationError, match="180"):
        film_on(made.file, MP4, "", Wish(MOST_S), Makers(Shining()))


def test_what_a_longer_clip_is_by_what_it_was():
    assert name_longer("trainedAlgorithmicMedia") == "trainedAlgorithmicMedia"
    assert name_longer("compositeSynthetic") == "compositeSynthetic"
    assert name_longer("digitalCapture") == name_longer("") == "compositeWithTrainedAlgorithmicMedia"
