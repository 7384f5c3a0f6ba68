"""What every generation backend promises, whoever wrote it: built-ins and entry points come in by the same door.

Without options a backend must work as it is; for one that cannot, add its smallest working options to `OPTIONS`.
"""

import dataclasses
import json

import numpy as np
import pytest

from generation.base import BACKENDS, ImageToImage, TextToImage
from provenance.asset import DIGEST_HEX_LENGTH, sha256_hex
from provenance.labels.implicit import DIGITAL_SOURCE_TYPES

SIDE = 64
PROMPT = "a quiet harbour <script>'; DROP TABLE--"


@pytest.fixture(scope="module")
def options(request):
    """Return the options of each backend that needs some."""
    return {"diffusers_local": lambda: {"model": str(request.getfixturevalue("pipeline_folder")), "device": "cpu"}}


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


@pytest.fixture(scope="module", params=BACKENDS.names())
def backend(request, options):
    made = BACKENDS.load(request.param)(options.get(request.param, dict)())
    made.warm()
    assert made.name == request.param
    return made


def requests(seed=3):
    source = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    source.flags.writeable = False
    return (
        TextToImage(PROMPT, width=SIDE, height=SIDE, seed=seed, steps=2),
        ImageToImage(PROMPT, source, strength=0.6, seed=seed, steps=3),
    )


@pytest.mark.parametrize("index", [0, 1], ids=["text to image", "image to image"])
def test_pictures_and_recipes(backend, index):
    request = requests()[index]
    seen = []
    made = backend.generate(request, lambda *at: seen.append(at))
    frame, recipe = made.frame, made.recipe
    assert frame.shape == (SIDE, SIDE, 3)
    assert frame.dtype == np.uint8
    assert frame.flags.c_contiguous
    assert np.array_equal(backend.generate(request).frame, frame)
    assert not np.array_equal(backend.generate(requests(seed=4)[index]).frame, frame)
    assert seen
    assert seen[-1][0] == seen[-1][1] == len(seen)
    assert recipe.backend.split("/")[0] == backend.name
    assert recipe.seed == 3
    assert recipe.prompt_sha256 == sha256_hex(PROMPT.encode())
    assert recipe.digital_source_type in DIGITAL_SOURCE_TYPES
    assert bool(recipe.source_sha256) == isinstance(request, ImageToImage)
    json.dumps(dict(recipe.parameters))
    assert "harbour" not in json.dumps(dataclasses.asdict(recipe) | {"parameters": dict(recipe.parameters)})


def test_a_recipe_claims_a_model_wholly_or_not_at_all(backend):
    recipe = backend.generate(requests()[0]).recipe
    has_model = bool(recipe.model_type)
    assert (len(recipe.model_sha256) == DIGEST_HEX_LENGTH) == has_model
    assert (recipe.digital_source_type == "algorithmicMedia") == (not has_model)


def test_warming_twice_does_nothing(backend):
    backend.warm()
