"""The seam of generation: plain records, and names that import nothing until used."""

import dataclasses

import pytest

from generation.base import BACKENDS, Recipe, TextToImage
from provenance.errors import UnknownPluginError


def test_requests_have_sensible_defaults():
    request = TextToImage("a hill")
    assert (request.width, request.height, request.seed, request.steps, request.guidance) == (512, 512, 0, None, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.prompt = "another"


def test_a_recipe_has_no_field_for_the_prompt_itself():
    assert not {"prompt", "negative_prompt"} & {field.name for field in dataclasses.fields(Recipe)}


def test_unknown_backends_are_answered_with_the_known_ones():
    with pytest.raises(UnknownPluginError, match="diffusers_local, sketch"):
        BACKENDS.load("painter")
