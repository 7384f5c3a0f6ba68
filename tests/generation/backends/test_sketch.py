"""The painter without weights: honest, repeatable, varied, and rich enough for fingerprints and marks."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from generation.backends.sketch import Sketch
from generation.base import ImageToImage, TextToImage
from generation.painting.styles import STYLES
from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError, GenerationError

PROMPTS = (
    "a lighthouse by the sea at sunset",
    "城市夜景",
    "a field of red poppies",
    "abstract swirl",
    "snow",
    "fog",
    "black",
    "",
    "qwerty",
)


def paint(prompt, seed=0, side=128, progress=None):
    return Sketch({}).generate(TextToImage(prompt, width=side, height=side, seed=seed), progress)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_pictures_are_repeatable_and_differ_by_seed(prompt):
    first = paint(prompt).frame
    assert first.shape == (128, 128, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, paint(prompt).frame)
    assert not np.array_equal(first, paint(prompt, seed=1).frame)


def test_another_process_paints_the_same():
    code = (
        "import hashlib; from generation.backends.sketch import Sketch; from generation.base import TextToImage; "
        "f = Sketch({}).generate(TextToImage('red hills', width=96, height=64, seed=9)).frame; "
        "print(hashlib.sha256(f.tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    frame = Sketch({}).generate(TextToImage("red hills", width=96, height=64, seed=9)).frame
    assert done.stdout.strip() == hashlib.sha256(frame.tobytes()).hexdigest()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("prompt", PROMPTS)
def test_pictures_can_be_fingerprinted_and_marked(prompt, seed):
    import pdqhash

    frame = paint(prompt, seed, 256).frame
    _, quality = pdqhash.compute(frame)
    assert quality >= 50
    assert frame.std() > 12
    texture = np.abs(np.diff(frame.astype(int), axis=1)).mean()
    assert texture > 1.5


def test_prompts_look_different():
    import pdqhash

    hashes = [pdqhash.compute(paint(prompt, 5, 256).frame)[0] for prompt in PROMPTS]
    distances = [int(np.count_nonzero(a != b)) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(distances) > 31


def test_words_show():
    red = paint("abstract red", 2).frame.astype(int)
    blue = paint("abstract blue", 2).frame.astype(int)
    assert red[..., 0].mean() - red[..., 2].mean() > blue[..., 0].mean() - blue[..., 2].mean()
    assert paint("night sea", 3).frame.mean() < 0.7 * paint("sunny day by the sea", 3).frame.mean()


def test_the_recipe_is_honest():
    recipe = paint("a private wish", 4).recipe
    assert recipe.digital_source_type == "algorithmicMedia"
    assert (recipe.model_identifier, recipe.model_type, recipe.model_sha256) == ("", "", "")
    assert recipe.prompt_sha256 == sha256_hex(b"a private wish")
    assert recipe.seed == 4
    assert "wish" not in repr(recipe)


def photograph():
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[::4, ::4])


def test_repainting_keeps_the_picture_and_departs_with_strength():
    source = photograph()
    away = []
    for strength in (0.0, 0.3, 0.6, 1.0):
        made = Sketch({}).generate(ImageToImage("", source, strength, seed=1))
        assert made.frame.shape == source.shape
        away.append(np.abs(made.frame.astype(int) - source).mean())
    assert away == sorted(away)
    assert 0 < away[0] < 12
    assert np.array_equal(source, photograph())
    assert made.recipe.source_sha256 == sha256_hex(source.tobytes())
    assert made.recipe.parameters == {"strength": 1.0}


def test_repainting_takes_on_named_colours():
    source = photograph()
    plain, teal = (
        Sketch({}).generate(ImageToImage(prompt, source, 0.9, seed=1)).frame.astype(int) for prompt in ("", "teal")
    )
    assert (teal[..., 2] - teal[..., 0]).mean() > (plain[..., 2] - plain[..., 0]).mean() + 10


@pytest.mark.parametrize("style", STYLES)
def test_a_style_reaches_its_end_and_stands_in_the_recipe(style):
    seen = []
    request = ImageToImage("me", photograph(), seed=1, style=style)
    made = Sketch({}).generate(request, lambda *at: seen.append(at))
    assert [done for done, _ in seen] == list(range(1, len(seen) + 1))
    assert seen[-1] == (len(seen), len(seen))
    assert made.recipe.parameters["style"] == style
    assert made.recipe.digital_source_type == "algorithmicMedia"


def test_progress_reaches_its_end():
    seen = []
    paint("hills", progress=lambda *at: seen.append(at))
    assert [done for done, _ in seen] == list(range(1, len(seen) + 1))
    assert seen[-1] == (len(seen), len(seen))


@pytest.mark.parametrize(("height", "width"), [(64, 64), (64, 300), (300, 64), (97, 131)])
def test_odd_sizes_are_painted(height, width):
    for prompt in ("mountains by the sea with boats, birds and balloons in a snow storm at night", "abstract"):
        frame = Sketch({}).generate(TextToImage(prompt, width=width, height=height)).frame
        assert frame.shape == (height, width, 3)


@pytest.mark.parametrize(
    "request_",
    [
        TextToImage("x", width=63),
        TextToImage("x", height=4097),
        ImageToImage("x", np.zeros((10, 10, 3), np.uint8)),
        ImageToImage("x", np.zeros((100, 100), np.uint8)),
        ImageToImage("x", np.zeros((100, 100, 3), np.float32)),
        ImageToImage("x", np.zeros((100, 100, 3), np.uint8), strength=1.1),
    ],
)
def test_impossible_requests_are_refused(request_):
    with pytest.raises(GenerationError):
        Sketch({}).generate(request_)


def test_options_are_refused():
    with pytest.raises(ConfigurationError, match="style"):
        Sketch({"style": "oil"})
