"""Which sound nobody has to listen to: what a submission says of itself never decides."""

from dataclasses import asdict

import pytest

from generation.clip import compose_piece
from policies.line.composing import is_composed
from provenance.asset import Origin
from provenance.manifests.components import FIELD


@pytest.fixture(scope="module")
def recipe():
    _, made = compose_piece("a calm night", 3.0, 7)
    return {**asdict(made), "parameters": dict(made.parameters)}


def test_a_piece_that_was_composed_here_is_one(recipe):
    assert is_composed(Origin.GENERATED, recipe)
    assert is_composed(Origin.GENERATED, {**recipe, FIELD: [{"media_type": "image/png"}]})


def test_what_is_handed_in_is_none_whatever_it_says(recipe):
    assert not is_composed(Origin.SUBMITTED, recipe)


@pytest.mark.parametrize(
    "other",
    [
        {"backend": "voices/own"},
        {"backend": "musicgen"},
        {"model_type": "c2pa.types.model"},
        {"parameters": {"seconds": 3.0}},
        {FIELD: [{"media_type": "audio/wav"}]},
        {FIELD: [{"media_type": "video/mp4"}]},
    ],
)
def test_voices_models_and_what_has_a_source_that_is_heard_are_none(recipe, other):
    assert not is_composed(Origin.GENERATED, {**recipe, **other})


def test_a_recipe_that_says_nothing_is_none(recipe):
    assert not is_composed(Origin.GENERATED, {})
    assert not is_composed(Origin.GENERATED, {name: recipe[name] for name in ("backend", "parameters")})
