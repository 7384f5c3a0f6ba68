"""The export of `training.sight`, on a small network of the same shape of answer."""

import importlib.util

import pytest
import torch
from torch import nn

from training.sight import Sight, compare, export

MISSING = [name for name in ("onnx", "onnxscript") if importlib.util.find_spec(name) is None]


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 32, stride=32)
        self._fc = nn.Linear(32, 10)

    def extract_features(self, pixels):
        return nn.functional.relu6(self.stem(pixels))


@pytest.mark.skipif(bool(MISSING), reason=f"exporting needs the group `training`: {', '.join(MISSING)} missing")
@pytest.mark.filterwarnings("ignore")
def test_the_file_answers_as_the_network_does_for_any_size(tmp_path):
    torch.manual_seed(0)
    network = Sight(Small()).eval()
    path = tmp_path / "small.onnx"
    export(network, path)
    assert compare(network, path) < 0.02
    weights = sum(weight.numel() for weight in network.parameters())
    assert path.stat().st_size < 2.5 * weights


def test_pixels_are_scaled_as_the_weights_expect():
    network = Sight(Small())
    features, logits = network(torch.full((1, 32, 64, 3), 127.0))
    assert features.shape == (1, 32, 1, 2)
    assert logits.shape == (1, 10)
    bare = nn.functional.relu6(network.network.stem.bias)
    assert torch.allclose(features[0, :, 0, 0], bare, atol=1e-5)
