"""Pipelines that make clips, tiny ones with random weights that the suite builds."""

import itertools
import shutil
import threading

import numpy as np
import pytest

from generation.base import VideoRequest
from generation.weights import build_list
from provenance.asset import sha256_hex
from provenance.errors import BackendUnavailableError, ConfigurationError, GenerationError
from tests.generation.hub import Hub

pytest.importorskip("diffusers", reason="the extra generate is not installed")
from generation.backends.diffusers_video import DiffusersVideo
from tests.generation.films import save_ltx, save_wan
from tests.generation.pipelines import save_pipeline

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SMALL = {"device": "cpu", "side": 32, "steps": 1, "frames": 9, "rate": 8.0, "overlap": 5}


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """On tensors this small, threads only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("films")
    return {
        "reads frames": save_ltx(place / "a"),
        "reads pictures": save_ltx(place / "b", reads_frames=False),
        "reads words": save_wan(place / "c"),
        "reads both": save_wan(place / "d", reads_pictures=True),
    }


@pytest.fixture(scope="module")
def backends(folders):
    return {kind: DiffusersVideo({"model": str(folder), **SMALL}) for kind, folder in folders.items()}


def ask(**more):
    return VideoRequest(**{"prompt": "a hill", "width": 60, "height": 40, "seconds": 1.0, "seed": 3, **more})


def picture(seed=1):
    return np.random.default_rng(seed).integers(0, 256, (40, 60, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("kind", "lead", "first", "said"),
    [
        ("reads frames", 5, "LTXConditionPipeline", "frames"),
        ("reads pictures", 1, "LTXPipeline", "last frame"),
        ("reads both", 1, "WanPipeline", "last frame"),
    ],
)
def test_what_is_longer_than_a_pass_goes_on_from_how_it_ended(backends, kind, lead, first, said):
    backend = backends[kind]
    assert (backend.lead, backend.needs_start) == (lead, False)
    seen = []
    made = backend.generate(ask(seconds=2.0), lambda *at: seen.append(at))
    frames = list(made.frames)
    assert len(frames) == 16
    passes = made.recipe.parameters["passes"]
    assert passes == (3 if lead > 1 else 2)
    assert seen[-1] == (passes, passes)
    assert made.recipe.backend == f"diffusers_video/{first}"
    assert made.recipe.parameters["goes_on_from"] == said
    short = list(backend.generate(ask()).frames)
    assert all(np.array_equal(one, two) for one, two in zip(short, frames, strict=False))
    assert all(not np.array_equal(one, two) for one, two in itertools.pairwise(frames[6:]))


@pytest.mark.parametrize("kind", ["reads frames", "reads pictures", "reads both"])
def test_what_it_begins_with_and_its_words_matter(backends, kind):
    backend = backends[kind]
    for name, one, two in (
        ("start", picture(1), picture(2)),
        ("before", (picture(1),) * 9, (picture(2),) * 9),
        ("prompt", "a hill", "the sea"),
    ):
        first, other = (list(backend.generate(ask(**{name: value})).frames) for value in (one, two))
        assert len(first) == len(other) == 8
        assert not np.array_equal(first[-1], other[-1])


def test_a_clip_that_is_gone_on_with_shows_no_frame_twice(backends):
    backend = backends["reads frames"]
    before = tuple(picture(seed) for seed in range(9))
    made = backend.generate(ask(before=before))
    assert len(list(made.frames)) == 8
    # Nine frames a pass, of which the first five are those that it was given.
    assert made.recipe.parameters["passes"] == 2
    assert made.recipe.source_sha256 == sha256_hex(before[-1].tobytes())


def test_one_of_words_alone_says_what_it_cannot(backends):
    backend = backends["reads words"]
    assert (backend.lead, backend.needs_start) == (0, False)
    assert len(list(backend.generate(ask()).frames)) == 8
    with pytest.raises(GenerationError, match=r"makes 1\.1 s at most, and cannot go on"):
        backend.generate(ask(seconds=2.0))
    for begin in ({"start": picture()}, {"before": (picture(),)}):
        with pytest.raises(GenerationError, match="makes clips of words alone"):
            backend.generate(ask(**begin))


def test_sides_are_in_the_shape_that_is_asked_for(backends):
    backend = backends["reads words"]
    made = backend.generate(ask(width=1280, height=720))
    assert next(made.frames).shape == (32, 64, 3)
    assert next(backend.generate(ask(width=100, height=300)).frames).shape == (96, 32, 3)
    assert (made.recipe.parameters["width"], made.recipe.parameters["height"]) == (64, 32)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"seconds": 0.0}, "seconds"),
        ({"seconds": 601.0}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
        ({"seconds": 600.0}, "passes"),
        ({"steps": 0}, "at least 1 step"),
    ],
)
def test_what_it_does_not_take_is_said_at_once(backends, more, problem):
    with pytest.raises(GenerationError, match=problem):
        backends["reads frames"].generate(ask(**more))


def test_what_fails_while_frames_are_made_is_said_there_and_never_quotes_the_prompt(folders):
    backend = DiffusersVideo({"model": str(folders["reads words"]), **SMALL})
    made = backend.generate(ask(prompt="a very private wish"))
    backend._net._main.vae = None
    with pytest.raises(GenerationError, match="WanPipeline failed") as raised:
        next(made.frames)
    assert "private" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "comes with no weights"),
        ({"model": ".", "side": 8}, "side is a whole number of at least 16"),
        ({"model": ".", "frames": 1}, "frames"),
        ({"model": ".", "overlap": 0}, "overlap"),
        ({"model": ".", "rate": -1}, "rate"),
        ({"model": ".", "fps": 8}, "no option fps"),
        ({"model": "owner/name", "models_dir": "m", "revision": "main"}, "40 hexadecimal"),
    ],
)
def test_options_that_cannot_work_stop_at_once(options, problem):
    with pytest.raises(ConfigurationError, match=problem):
        DiffusersVideo(options)


def test_a_pipeline_of_pictures_is_none_of_clips(tmp_path):
    folder = save_pipeline(tmp_path)
    with pytest.raises(BackendUnavailableError, match="makes no clips"):
        DiffusersVideo({"model": str(folder), "device": "cpu"}).warm()


def test_damaged_weights_and_code_are_refused(folders, tmp_path):
    copy = shutil.copytree(folders["reads words"], tmp_path / "copy")
    (copy / "transformer" / "diffusion_pytorch_model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(BackendUnavailableError, match="copy cannot be loaded"):
        DiffusersVideo({"model": str(copy), **SMALL}).warm()
    (copy / "transformer" / "own.py").write_text("import os")
    with pytest.raises(BackendUnavailableError, match="brings code"):
        DiffusersVideo({"model": str(copy), **SMALL}).warm()


def test_a_pulled_pipeline_is_used_and_named_by_its_commit(folders, tmp_path):
    from generation.pull import pull_pipeline

    folder = folders["reads words"]
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub = Hub(files)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    pull_pipeline(tmp_path, "owner/name", COMMIT, endpoint=hub.url)
    hub.shutdown()
    hub.server_close()
    backend = DiffusersVideo({"model": "owner/name", "revision": COMMIT, "models_dir": str(tmp_path), **SMALL})
    recipe = backend.generate(ask()).recipe
    assert recipe.model_identifier == f"pkg:huggingface/owner/name@{COMMIT}"
    assert recipe.model_name == "owner/name"
    assert recipe.model_sha256 == sha256_hex(build_list(folder).encode())
