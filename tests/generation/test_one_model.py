"""One model: measured and loaded once, however many ask at once, and named in what was made with it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from generation.one_model import OneModel
from generation.pinned import parse_pinned
from provenance.asset import sha256_hex
from provenance.errors import BackendUnavailableError, ConfigurationError, MissingExtraError


class Net:
    """A network without weights: what the loader asks of one."""

    class_name, dtype = "Brush", "float32"

    def __init__(self, folder, *, device, dtype):
        self.folder, self.device = folder, "cuda:1" if device == "auto" else device


class Brush(OneModel[Net]):
    name = "brush"

    def __init__(self, model, make=lambda: Net, **options):
        super().__init__(parse_pinned(self.name, "transformers", {"model": str(model), **options}, ()))
        self._make, self.imported = make, 0

    def _import_net(self):
        self.imported += 1
        return self._make()

    def _verify_net(self, net):
        if net.device == "tpu":
            raise ConfigurationError("no such device")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "vits"}')
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


def test_it_is_loaded_once_however_many_ask(folder):
    brush = Brush(folder)
    with ThreadPoolExecutor(8) as pool:
        nets = list(pool.map(lambda _: brush._warm(), range(32)))
    assert (brush.imported, len(set(map(id, nets)))) == (1, 1)


def test_what_was_made_names_the_model_and_never_the_words(folder):
    brush = Brush(folder)
    recipe = brush._describe("a boat", 7, {"steps": 3}, np.arange(12, dtype=np.uint8).reshape(2, 2, 3))
    assert (recipe.backend, recipe.model_name, recipe.model_identifier) == ("brush/Brush", folder.name, "")
    assert (recipe.prompt_sha256, recipe.source_sha256) == (sha256_hex(b"a boat"), sha256_hex(bytes(range(12))))
    assert recipe.parameters == {"steps": 3, "dtype": "float32", "device": "cuda"}
    assert recipe.model_sha256 == brush._pinned.measure(folder)
    assert brush._describe("a boat", 7, {}).source_sha256 == ""
    (folder / "model.safetensors").write_bytes(b"others")
    assert Brush(folder)._describe("a boat", 7, {}).model_sha256 != recipe.model_sha256


def test_what_cannot_be_loaded_is_said_and_tried_anew(folder):
    def missing():
        raise ImportError("no module named torch")

    brush = Brush(folder, missing)
    for _ in range(2):
        with pytest.raises(MissingExtraError, match="brush needs an extra"):
            brush.warm()
    assert brush.imported == 2
    with pytest.raises(ConfigurationError, match="no such device"):
        Brush(folder, device="tpu").warm()
    with pytest.raises(BackendUnavailableError):
        Brush("owner/name", revision="0" * 40, models_dir=str(folder)).warm()
