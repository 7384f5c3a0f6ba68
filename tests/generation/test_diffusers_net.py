"""The small parts around a pipeline: devices, number formats, pixels and error texts."""

import numpy as np
import pytest

from provenance.errors import ConfigurationError, GenerationError, PromptRefusedError

net = pytest.importorskip("generation._diffusers_net", reason="the extra generate is not installed")


def test_auto_takes_what_is_there():
    import torch

    expected = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert net.choose_device("auto") == expected
    assert net.choose_device("cpu") == "cpu"


def test_a_device_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigurationError, match=r"no device 'xpu' here; there is .*cpu"):
        net.choose_device("xpu")


def test_number_formats():
    assert net.choose_dtype("auto", "cpu") == "float32"
    assert net.choose_dtype("auto", "mps") == "float16"
    assert net.choose_dtype("bfloat16", "cpu") == "bfloat16"


def test_pixels_are_rounded_and_bounded():
    values = np.array([[[0.0, 0.5, 1.2], [-0.1, 0.999, 1.0]]])
    assert net._to_frame(values).tolist() == [[[0, 128, 255], [0, 255, 255]]]


@pytest.mark.parametrize(
    ("values", "problem"),
    [(np.full((4, 4, 3), np.nan), "no colours"), (np.zeros((4, 4)), "shape"), (np.zeros((4, 4, 4)), "shape")],
)
def test_what_is_no_picture_is_refused(values, problem):
    with pytest.raises(GenerationError, match=problem):
        net._to_frame(values)


def test_error_texts_never_quote_the_prompt():
    prompt = "a secret wish about someone"
    assert net.shorten(ValueError(f"cannot use {prompt!r}\nmore"), secret=prompt) == "ValueError"
    assert net.shorten(ValueError("sides must be even\nmore"), secret=prompt) == "ValueError: sides must be even"
    assert net.shorten(ValueError()) == "ValueError"


class Pipeline:
    """Answers or fails as it is told: what real pipelines do seldom."""

    def __init__(self, error=None, refused=(False,)):
        self.error, self.refused = error, refused

    def __call__(self, prompt, generator=None, output_type=None):
        if self.error:
            raise self.error
        return type("Output", (), {"images": [np.zeros((2, 2, 3))], "nsfw_content_detected": self.refused})


@pytest.fixture
def bare_net(pipeline_folder):
    return net.DiffusersNet(pipeline_folder, device="cpu", dtype="auto")


def test_a_safety_checkers_word_is_a_refusal(bare_net):
    assert bare_net._run(Pipeline(), {"prompt": "x"}, 1, None).shape == (2, 2, 3)
    with pytest.raises(PromptRefusedError):
        bare_net._run(Pipeline(refused=(True,)), {"prompt": "x"}, 1, None)


def test_failures_inside_are_translated_without_the_prompt(bare_net):
    import torch

    prompt = "a secret wish about someone"
    for error, said in (
        (torch.OutOfMemoryError("17 GiB"), "not enough memory on cpu"),
        (ValueError(f"bad: {prompt}"), "failed: ValueError$"),
        (RuntimeError("shapes differ"), "shapes differ"),
    ):
        with pytest.raises(GenerationError, match=said) as caught:
            bare_net._run(Pipeline(error), {"prompt": prompt}, 1, None)
        assert prompt not in str(caught.value)
