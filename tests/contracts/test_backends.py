"""What every generation backend promises, whoever wrote it: built-ins and entry points come in by the same door.

Without options a backend must work as it is; for one that cannot, add its smallest working options to `OPTIONS`.
"""

import dataclasses
import json

import numpy as np
import pytest

from generation.base import BACKENDS, ImageToImage, TextToImage
from provenance.asset import DIGEST_HEX_LENGTH, sha256_hex
from provenance.errors import GenerationError
from provenance.labels.implicit import DIGITAL_SOURCE_TYPES

SIDES = {"diffusers_local": 512}
"""What the embedded pipeline draws; the others draw the smallest that all of them take."""
DRAWS_ONLY = {"diffusers_local"}
"""The embedded pipeline cannot read pictures, and has to say so."""
SIDE = 64
OTHER = "diffusers_local with another pipeline"
"""The embedded pipeline works without options; any other one takes its place by the same options and code."""
PROMPT = "a quiet harbour <script>'; DROP TABLE--"


@pytest.fixture(scope="module")
def options(request):
    """Return the options of each backend that needs some."""
    return {OTHER: lambda: {"model": str(request.getfixturevalue("pipeline_folder")), "device": "cpu"}}


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """On tensors this small, threads only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pipeline_folder(tmp_path_factory):
    from tests.generation.pipelines import save_pipeline

    return save_pipeline(tmp_path_factory.mktemp("contract"))


@pytest.fixture(scope="module", params=[*BACKENDS.names(), OTHER])
def backend(request, options):
    name = request.param.partition(" with ")[0]
    made = BACKENDS.load(name)(options.get(request.param, dict)())
    made.warm()
    assert made.name == name
    return made


@pytest.fixture
def side(request):
    """The side of the pictures that this backend is asked for."""
    return SIDES.get(request.node.callspec.params["backend"], SIDE)


def requests(side, seed=3):
    source = np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)
    source.flags.writeable = False
    return (
        TextToImage(PROMPT, width=side, height=side, seed=seed, steps=2),
        ImageToImage(PROMPT, source, strength=0.6, seed=seed, steps=3),
    )


@pytest.mark.parametrize("index", [0, 1], ids=["text to image", "image to image"])
def test_pictures_and_recipes(backend, side, index, request):
    draws_only = request.node.callspec.params["backend"] in DRAWS_ONLY
    request = requests(side)[index]
    if draws_only and isinstance(request, ImageToImage):
        with pytest.raises(GenerationError, match="no image-to-image form"):
            backend.generate(request)
        return
    seen = []
    made = backend.generate(request, lambda *at: seen.append(at))
    frame, recipe = made.frame, made.recipe
    assert frame.shape == (side, side, 3)
    assert frame.dtype == np.uint8
    assert frame.flags.c_contiguous
    assert np.array_equal(backend.generate(request).frame, frame)
    assert not np.array_equal(backend.generate(requests(side, seed=4)[index]).frame, frame)
    assert seen
    assert seen[-1][0] == seen[-1][1] == len(seen)
    assert recipe.backend.split("/")[0] == backend.name
    assert recipe.seed == 3
    assert recipe.prompt_sha256 == sha256_hex(PROMPT.encode())
    assert recipe.digital_source_type in DIGITAL_SOURCE_TYPES
    assert bool(recipe.source_sha256) == isinstance(request, ImageToImage)
    json.dumps(dict(recipe.parameters))
    assert "harbour" not in json.dumps(dataclasses.asdict(recipe) | {"parameters": dict(recipe.parameters)})


def test_a_recipe_claims_a_model_wholly_or_not_at_all(backend, side):
    recipe = backend.generate(requests(side)[0]).recipe
    has_model = bool(recipe.model_type)
    assert (len(recipe.model_sha256) == DIGEST_HEX_LENGTH) == has_model
    assert (recipe.digital_source_type == "algorithmicMedia") == (not has_model)


def test_warming_twice_does_nothing(backend):
    backend.warm()
