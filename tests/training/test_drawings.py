"""The tower for drawings: few bits that err least, widened as a session loads them."""

import importlib.util

import numpy as np
import onnxruntime
import pytest
import torch

from training.drawings import BITS, export
from training.onnx_file import round_weight

MISSING = [name for name in ("onnx", "onnxscript") if importlib.util.find_spec(name) is None]


@pytest.mark.parametrize("axis", [0, 1])
def test_weights_are_whole_numbers_with_a_scale_for_each_channel(axis):
    values = np.random.default_rng(0).normal(size=(8, 16, 3, 3)).astype(np.float32)
    whole, scale = round_weight(values, axis, BITS)
    assert whole.dtype == np.int8
    assert np.abs(whole).max() <= 2 ** (BITS - 1) - 1
    assert scale.size == values.shape[axis]
    error = np.sqrt(np.mean((whole * scale - values) ** 2))
    assert error < 0.1 * values.std()
    plain = np.abs(values).max(axis=tuple(one for one in range(4) if one != axis), keepdims=True) / 15
    assert error <= np.sqrt(np.mean((np.round(values / plain) * plain - values) ** 2)) + 1e-7


@pytest.mark.skipif(bool(MISSING), reason=f"exporting needs the group `training`: {', '.join(MISSING)} missing")
@pytest.mark.filterwarnings("ignore")
def test_the_file_says_what_the_network_says():
    class Small(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.conv = torch.nn.Conv2d(3, 256, 3, stride=32)

        def forward(self, pixels):
            return torch.nn.functional.normalize(self.conv(pixels.permute(0, 3, 1, 2) / 255).mean((2, 3)), dim=-1)

    network = Small().eval()
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 128, 128, 3)).astype(np.float32)
    session = onnxruntime.InferenceSession(export(network), providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = network(torch.from_numpy(pixels)).numpy()
    assert float((session.run(None, {"pixels": pixels})[0] * expected).sum()) > 0.99
