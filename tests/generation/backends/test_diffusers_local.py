"""The local diffusers backend, on a tiny pipeline with random weights that the suite builds."""

import json
import shutil
import threading

import numpy as np
import pytest

from generation.base import ImageToImage, TextToImage
from generation.weights import EMBEDDED_PIPELINE, build_list, measure_pipeline
from provenance.asset import sha256_hex
from provenance.errors import BackendUnavailableError, ConfigurationError, GenerationError
from tests.generation.hub import Hub
from tests.generation.pipelines import SIDE

pytest.importorskip("diffusers", reason="the extra generate is not installed")
from generation.backends.diffusers_local import EMBEDDED_DEFAULTS, DiffusersLocal

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """On tensors this small, threads only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def backend(pipeline_folder):
    made = DiffusersLocal({"model": str(pipeline_folder), "device": "cpu"})
    made.warm()
    return made


def text(**more):
    return TextToImage(**{"prompt": "a hill", "width": SIDE, "height": SIDE, "steps": 2, **more})


def source():
    return np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def image(**more):
    return ImageToImage(**{"prompt": "a hill", "source": source(), "strength": 0.5, "steps": 4, **more})


@pytest.mark.parametrize("make", [text, image])
def test_one_seed_makes_one_picture(backend, make):
    first, again, other = (backend.generate(make(seed=seed)).frame for seed in (7, 7, 8))
    assert first.shape == (SIDE, SIDE, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_prompt_guidance_steps_and_source_matter(backend):
    plain = backend.generate(text()).frame
    for changed in (text(prompt="the sea"), text(negative_prompt="fog"), text(guidance=2.0), text(steps=3)):
        assert not np.array_equal(backend.generate(changed).frame, plain)
    assert not np.array_equal(backend.generate(image()).frame, backend.generate(image(source=255 - source())).frame)
    unchanged = source()
    backend.generate(image(source=unchanged))
    assert np.array_equal(unchanged, source())


def test_progress_counts_the_steps_that_run(backend):
    seen = []
    backend.generate(text(steps=3), lambda *at: seen.append(at))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    seen.clear()
    backend.generate(image(strength=0.5, steps=4), lambda *at: seen.append(at))
    assert seen == [(1, 2), (2, 2)]


def test_the_recipe_names_weights_and_never_the_prompt(backend, pipeline_folder):
    request = text(prompt="a very private wish", negative_prompt="another secret", seed=11)
    recipe = backend.generate(request).recipe
    assert recipe.model_sha256 == sha256_hex(build_list(pipeline_folder).encode())
    assert recipe.model_type == "c2pa.types.model.pytorch"
    assert recipe.digital_source_type == "trainedAlgorithmicMedia"
    assert recipe.backend == "diffusers_local/StableDiffusionPipeline"
    assert recipe.prompt_sha256 == sha256_hex(b"a very private wish")
    assert (recipe.seed, recipe.model_name, recipe.model_identifier, recipe.source_sha256) == (11, "pipeline", "", "")
    assert recipe.parameters["dtype"] == "float32"
    json.dumps(dict(recipe.parameters))
    assert "private" not in repr(recipe)
    assert "secret" not in repr(recipe)
    assert backend.generate(image()).recipe.source_sha256 == sha256_hex(source().tobytes())


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: text(width=SIDE + 1), "width must be a multiple of 2"),
        (lambda: text(seed=-1), "seed"),
        (lambda: text(seed=2**63), "seed"),
        (lambda: image(strength=0.0), "strength"),
        (lambda: image(strength=1.5), "strength"),
        (lambda: image(strength=0.1, steps=2), "leave none to run"),
    ],
)
def test_what_the_pipeline_does_not_take_is_said(backend, make, problem):
    with pytest.raises(GenerationError, match=problem):
        backend.generate(make())


def test_long_prompts_are_cut_in_silence(backend, caplog, capfd):
    backend.generate(text(prompt="confidential words " * 40))
    assert "confidential" not in caplog.text + "".join(capfd.readouterr())


def test_calls_from_threads_take_turns(backend):
    frames = []
    threads = [threading.Thread(target=lambda: frames.append(backend.generate(text(seed=5)).frame)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(frames) == 3
    assert all(np.array_equal(frame, frames[0]) for frame in frames)


@pytest.fixture
def copy(pipeline_folder, tmp_path):
    return shutil.copytree(pipeline_folder, tmp_path / "copy")


def test_damaged_weights_are_said(copy):
    (copy / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(BackendUnavailableError, match="copy cannot be loaded"):
        DiffusersLocal({"model": str(copy), "device": "cpu"}).warm()


def test_a_part_that_is_missing_is_said(copy):
    shutil.rmtree(copy / "vae")
    with pytest.raises(BackendUnavailableError, match="copy cannot be loaded"):
        DiffusersLocal({"model": str(copy), "device": "cpu"}).warm()


def test_a_pipeline_class_that_diffusers_lacks_is_said(copy):
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "model_index.json").write_text(json.dumps({**index, "_class_name": "NoSuchPipeline"}))
    with pytest.raises(BackendUnavailableError, match="cannot be loaded"):
        DiffusersLocal({"model": str(copy), "device": "cpu"}).warm()


def test_other_number_formats_and_devices(copy):
    backend = DiffusersLocal({"model": str(copy), "device": "cpu", "dtype": "bfloat16"})
    assert backend.generate(text()).recipe.parameters["dtype"] == "bfloat16"
    with pytest.raises(ConfigurationError, match="no device"):
        DiffusersLocal({"model": str(copy), "device": "xpu"}).warm()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"steps": 0}, "steps is a whole number of at least 1, got 0"),
        ({"steps": True}, "steps is a whole number"),
        ({"guidance": -1}, "guidance is a number of at least 0, got -1"),
        ({"model": "/no/such/folder"}, "is no folder here"),
        ({"model": "owner/name", "revision": COMMIT}, "models_dir"),
        ({"model": "owner/name", "models_dir": "m"}, "40 hexadecimal"),
        ({"model": "owner/name", "models_dir": "m", "revision": "main"}, "40 hexadecimal"),
        ({"model": "../x", "models_dir": "m", "revision": COMMIT}, "hub id"),
        ({"model": ".", "dtype": "int8"}, "dtype"),
        ({"model": ".", "trust_remote_code": True}, "no option trust_remote_code"),
    ],
)
def test_options_that_cannot_work_stop_at_once(options, problem):
    with pytest.raises(ConfigurationError, match=problem):
        DiffusersLocal(options)


def test_what_was_not_pulled_is_said_with_the_command(tmp_path):
    backend = DiffusersLocal({"model": "owner/name", "revision": COMMIT, "models_dir": str(tmp_path)})
    with pytest.raises(BackendUnavailableError, match=f"chopmark models pull diffusers owner/name {COMMIT}"):
        backend.warm()
    assert list(tmp_path.iterdir()) == []


def test_a_pulled_pipeline_is_used_and_named_by_its_commit(pipeline_folder, tmp_path):
    from generation.pull import pull_pipeline

    files = {
        path.relative_to(pipeline_folder).as_posix(): path.read_bytes()
        for path in pipeline_folder.rglob("*")
        if path.is_file()
    }
    hub = Hub(files)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    folder = pull_pipeline(tmp_path, "owner/name", COMMIT, endpoint=hub.url)
    hub.shutdown()
    hub.server_close()
    backend = DiffusersLocal({"model": "owner/name", "revision": COMMIT, "models_dir": str(tmp_path), "device": "cpu"})
    recipe = backend.generate(text()).recipe
    assert DiffusersLocal({"model": str(folder), "device": "cpu"}).generate(text()).recipe == recipe
    assert recipe.model_identifier == f"pkg:huggingface/owner/name@{COMMIT}"
    assert recipe.model_name == "owner/name"
    assert recipe.model_sha256 == sha256_hex(build_list(pipeline_folder).encode())


def test_a_pipeline_without_an_image_form_says_so(pipeline_folder, tmp_path):
    """DDPM draws from nothing: it takes no prompt and has no image-to-image form."""
    from generation._diffusers_net import DiffusersNet, diffusers

    unet = diffusers.UNet2DModel(
        sample_size=16,
        block_out_channels=(8, 8),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
    )
    diffusers.DDPMPipeline(unet, diffusers.DDPMScheduler(num_train_timesteps=10)).save_pretrained(tmp_path / "ddpm")
    net = DiffusersNet(tmp_path / "ddpm", device="cpu", dtype="auto")
    assert net.draw({"num_inference_steps": 2, "prompt": None}, 1, None).shape == (16, 16, 3)
    with pytest.raises(GenerationError, match="takes no prompt"):
        net.draw({"prompt": "a hill"}, 1, None)
    with pytest.raises(GenerationError, match="no image-to-image form"):
        net.redraw(source(), {}, 1, None)


def test_without_options_the_embedded_pipeline_draws_with_its_own_numbers():
    backend = DiffusersLocal({})
    made = backend.generate(TextToImage("a cat", seed=3))
    assert made.recipe.model_name == "chop-draw"
    assert made.recipe.model_sha256 == measure_pipeline(EMBEDDED_PIPELINE)
    assert {key: made.recipe.parameters[key] for key in EMBEDDED_DEFAULTS} == EMBEDDED_DEFAULTS


def test_steps_and_guidance_may_be_set_once_for_all_requests(pipeline_folder):
    usual = DiffusersLocal({"model": str(pipeline_folder), "device": "cpu", "steps": 3, "guidance": 0.0})
    seen = []
    made = usual.generate(text(steps=None), lambda *at: seen.append(at))
    assert len(seen) == made.recipe.parameters["steps"] == 3
    assert usual.generate(text(steps=2)).recipe.parameters["steps"] == 2
