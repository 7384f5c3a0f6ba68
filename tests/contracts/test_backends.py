"""What every generation backend promises, whoever wrote it: built-ins and entry points come in by the same door.

Without options a backend must work as it is; for one that cannot, add its smallest working options to `OPTIONS`.
"""

import dataclasses
import json

import numpy as np
import pytest

from generation.base import (
    BACKENDS,
    CLIPS,
    MUSIC,
    PICTURES,
    SPEECH,
    ImageToImage,
    SoundRequest,
    TextToImage,
    VideoRequest,
    find_makes,
)
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
LINE = "a quiet harbour"


def _names(makes):
    return [name for name in BACKENDS.names() if find_makes(BACKENDS.load(name)) == makes]


def _save_film(folder):
    from tests.generation.films import save_ltx

    return {"model": str(save_ltx(folder)), "device": "cpu", "side": 32, "steps": 2, "frames": 9, "rate": 8.0}


def _save_music(folder):
    from tests.generation.sounds import save_music

    return {"model": str(save_music(folder)), "device": "cpu"}


def _save_speech(folder):
    from tests.generation.sounds import save_speech

    return {"model": str(save_speech(folder)), "device": "cpu"}


OPTIONS = {"diffusers_video": _save_film, "transformers_music": _save_music, "transformers_speech": _save_speech}
"""What is saved to a folder for backends that come with no weights, and the options that name it."""


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


@pytest.fixture(scope="module", params=[*_names(PICTURES), OTHER])
def backend(request, options):
    name = request.param.partition(" with ")[0]
    made = BACKENDS.load(name)(options.get(request.param, dict)())
    made.warm()
    assert made.name == name
    return made


def _load_other(name, tmp_path_factory):
    if name in OPTIONS:
        pytest.importorskip("diffusers", reason="the extra generate is not installed")
    options = OPTIONS[name](tmp_path_factory.mktemp(name)) if name in OPTIONS else {}
    made = BACKENDS.load(name)(options)
    made.warm()
    assert made.name == name
    return made


@pytest.fixture(scope="module", params=_names(CLIPS))
def films(request, tmp_path_factory):
    return _load_other(request.param, tmp_path_factory)


@pytest.fixture(scope="module", params=[*_names(MUSIC), *_names(SPEECH)])
def sounds(request, tmp_path_factory):
    return _load_other(request.param, tmp_path_factory)


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


def check_recipe(recipe, backend, prompt, word="harbour"):
    """Check what a recipe says, whatever was made."""
    assert recipe.backend.split("/")[0] == backend.name
    assert recipe.seed == 3
    assert recipe.prompt_sha256 == sha256_hex(prompt.encode())
    assert recipe.digital_source_type in DIGITAL_SOURCE_TYPES
    json.dumps(dict(recipe.parameters))
    assert word not in json.dumps(dataclasses.asdict(recipe) | {"parameters": dict(recipe.parameters)})
    has_model = bool(recipe.model_type)
    assert (len(recipe.model_sha256) == DIGEST_HEX_LENGTH) == has_model
    assert (recipe.digital_source_type == "algorithmicMedia") == (not has_model)


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
    check_recipe(recipe, backend, PROMPT)
    assert bool(recipe.source_sha256) == isinstance(request, ImageToImage)


def test_warming_twice_does_nothing(backend):
    backend.warm()


def clips(backend, seed=3):
    picture = np.random.default_rng(1).integers(0, 256, (40, 64, 3), dtype=np.uint8)
    picture.flags.writeable = False
    asked = {"prompt": PROMPT, "width": 64, "height": 40, "seconds": 1.0, "seed": seed, "steps": 2}
    yield VideoRequest(**asked)
    yield VideoRequest(**asked, start=picture)
    yield VideoRequest(**asked, before=(picture,) * 12)


@pytest.mark.parametrize("index", [0, 1, 2], ids=["of words", "of a picture", "of a clip"])
def test_clips_and_recipes(films, index):
    request, other = list(clips(films))[index], list(clips(films, seed=4))[index]
    begins = request.start is not None or request.before
    if (begins and not films.lead) or (not begins and films.needs_start):
        with pytest.raises(GenerationError):
            films.generate(request)
        return
    seen = []
    made = films.generate(request, lambda *at: seen.append(at))
    frames = list(made.frames)
    assert made.rate == films.rate > 0
    assert len(frames) == round(made.rate)
    assert {frame.shape for frame in frames} == {frames[0].shape}
    assert frames[0].dtype == np.uint8
    assert frames[0].shape[2] == 3
    again = list(films.generate(request).frames)
    assert all(np.array_equal(one, two) for one, two in zip(frames, again, strict=True))
    assert not np.array_equal(next(films.generate(other).frames), frames[0])
    assert seen[-1][0] == seen[-1][1] == len(seen)
    check_recipe(made.recipe, films, PROMPT)
    assert bool(made.recipe.source_sha256) == bool(begins)


def test_sounds_and_recipes(sounds):
    speaks = find_makes(sounds) == SPEECH
    request = SoundRequest(LINE, seconds=0.0 if speaks else 1.0, seed=3)
    seen = []
    made = sounds.generate(request, lambda *at: seen.append(at))
    assert made.sound.dtype == np.float32
    assert made.sound.shape[0] in {1, 2}
    assert np.abs(made.sound).max() <= 1
    if speaks:
        assert sounds.voices
    else:
        assert made.sound.shape[1] == made.rate_hz
    assert np.array_equal(sounds.generate(request).sound, made.sound)
    assert not np.array_equal(sounds.generate(dataclasses.replace(request, seed=4)).sound, made.sound)
    assert seen[-1][0] == seen[-1][1] == len(seen)
    check_recipe(made.recipe, sounds, LINE)
