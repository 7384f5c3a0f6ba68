"""The seam of generation: plain records, and names that import nothing until used."""

import dataclasses

import pytest

from generation.base import (
    BACKENDS,
    MUSIC,
    PICTURES,
    SPEECH,
    Recipe,
    TextToImage,
    build_backend,
    build_sound_backend,
    build_video_backend,
    find_makes,
)
from provenance.errors import ConfigurationError, UnknownPluginError


def test_requests_have_sensible_defaults():
    request = TextToImage("a hill")
    assert (request.width, request.height, request.seed, request.steps, request.guidance) == (512, 512, 0, None, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.prompt = "another"


def test_a_recipe_has_no_field_for_the_prompt_itself():
    assert not {"prompt", "negative_prompt"} & {field.name for field in dataclasses.fields(Recipe)}


def test_unknown_backends_are_answered_with_the_known_ones():
    with pytest.raises(UnknownPluginError, match="diffusers_local, diffusers_video, sketch"):
        BACKENDS.load("painter")


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (build_backend, "transformers_music"),
        (build_video_backend, "sketch"),
        (lambda *given: build_sound_backend(*given, MUSIC), "transformers_speech"),
        (lambda *given: build_sound_backend(*given, SPEECH), "diffusers_video"),
    ],
)
def test_a_backend_that_makes_something_else_is_named_with_what_it_makes(build, name, tmp_path):
    options = {} if name == "sketch" else {"model": str(tmp_path)}
    with pytest.raises(ConfigurationError, match=f"{name} makes .*: expected one that makes"):
        build(name, options)


def test_pictures_are_what_a_backend_makes_that_does_not_say():
    class Old:
        name = "old"

    assert find_makes(Old()) == PICTURES
