"""The small parts around a pipeline: devices, number formats, pixels and error texts."""

import numpy as np
import pytest

from provenance.errors import ConfigurationError, GenerationError

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
    assert net._short(ValueError(f"cannot use {prompt!r}\nmore"), secret=prompt) == "ValueError"
    assert net._short(ValueError("sides must be even\nmore"), secret=prompt) == "ValueError: sides must be even"
    assert net._short(ValueError()) == "ValueError"
