"""Loading CLIP: weights as data only, the right architecture, open_clip's own numbers."""

import json
import pickle
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from detectors._clip_net import ClipNet, find_preset, open_clip
from provenance.errors import ConfigurationError, DetectorUnavailableError
from tests.detectors import tiny_clip
from tests.detectors.subjects import photo


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    return tiny_clip.build(folder), folder


def load(folder, name="tiny.safetensors", **options):
    return ClipNet(tiny_clip.NAME, folder / name, options=options)


def pixels(name="astronaut.png"):
    transform = open_clip.transform.image_transform_v2(open_clip.transform.PreprocessCfg(size=64), is_train=False)
    return transform(Image.fromarray(photo(name).frame)).unsqueeze(0)


@pytest.mark.parametrize("name", ["tiny.safetensors", "tiny.pt"])
def test_embeds_as_open_clip_does(tiny, name):
    model, folder = tiny
    net = load(folder, name)
    with torch.no_grad():
        image = model.encode_image(pixels(), normalize=True).numpy()
        text = model.encode_text(open_clip.get_tokenizer(tiny_clip.NAME)(["a cat", "a dog"]), normalize=True).numpy()
    assert np.abs(net.embed_texts(["a cat", "a dog"]) - text).max() < 1e-6
    net.settle()
    assert np.abs(net.embed(pixels().numpy()) - image).max() < 1e-6


def test_half_precision_stays_close(tiny):
    _, folder = tiny
    full, half = load(folder), load(folder, precision="bf16")
    full.settle()
    half.settle()
    assert float((full.embed(pixels().numpy()) @ half.embed(pixels().numpy()).T)[0, 0]) > 0.999


def test_automatic_precision_is_one_of_the_two(tiny):
    net = load(tiny[1], precision="auto")
    net.settle()
    assert net.embed(pixels().numpy()).shape == (1, 32)
    with pytest.raises(ConfigurationError, match="fp32, bf16 or auto, got 'int8'"):
        load(tiny[1], precision="int8")


def test_preprocessing_follows_the_options(tiny):
    net = load(tiny[1], preprocess={"mean": [0.5, 0.5, 0.5], "resize_mode": "squash", "interpolation": "bilinear"})
    assert net.mean.tolist() == [0.5, 0.5, 0.5]
    assert (net.mode, net.interpolation, net.image_size) == ("squash", "bilinear", (64, 64))


def test_published_weights_have_a_preset():
    assert find_preset("ViT-B-32", "openai")["quick_gelu"] is True
    with pytest.raises(ConfigurationError, match="laion2b_s34b_b79k"):
        find_preset("ViT-B-32", "nobody")


def test_quick_gelu_changes_the_network(tiny):
    plain, quick = load(tiny[1]), load(tiny[1], quick_gelu=True)
    plain.settle()
    quick.settle()
    assert np.abs(plain.embed(pixels().numpy()) - quick.embed(pixels().numpy())).max() > 1e-5


def test_a_pickle_of_code_is_not_executed(tiny):
    _, folder = tiny

    class Payload:
        def __reduce__(self):
            return (folder.joinpath("ran").touch, ())

    (folder / "evil.pt").write_bytes(pickle.dumps({"state_dict": Payload()}, protocol=2))
    torch.save({"state_dict": Payload()}, folder / "evil2.pt")
    for name in ("evil.pt", "evil2.pt"):
        with pytest.raises(DetectorUnavailableError, match="tensors alone"):
            load(folder, name)
    assert not (folder / "ran").exists()


def test_other_files_are_refused(tiny):
    _, folder = tiny
    torch.save([1, 2], folder / "list.pt")
    torch.save({"visual.conv1.weight": torch.zeros(1)}, folder / "part.pt")
    (folder / "text.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(DetectorUnavailableError, match="not a mapping of tensors"):
        load(folder, "list.pt")
    with pytest.raises(DetectorUnavailableError, match="does not fit this architecture"):
        load(folder, "part.pt")
    with pytest.raises(DetectorUnavailableError, match="tensors alone"):
        load(folder, "text.safetensors")


def test_unknown_architectures_are_refused(tiny):
    with pytest.raises(ConfigurationError, match="cannot build 'no-such-model'"):
        ClipNet("no-such-model", tiny[1] / "tiny.pt", options={})


def test_an_own_tokenizer_comes_from_the_checkpoint_s_folder(tiny, tmp_path, monkeypatch):
    """As SigLIP has one: open_clip would ask the hub for it."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"[UNK]": 0, "[PAD]": 1, "a": 2, "cat": 3, "dog": 4}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(tmp_path)
    shutil.copy(tiny[1] / "tiny.safetensors", tmp_path)
    config = json.loads((tiny[1] / f"{tiny_clip.NAME}.json").read_text())
    config["text_cfg"]["hf_tokenizer_name"] = "nobody/nothing"
    (tmp_path / "chopmark-own-tokenizer.json").write_text(json.dumps(config))
    net = ClipNet(
        "chopmark-own-tokenizer",
        tmp_path / "tiny.safetensors",
        options={"config": str(tmp_path / "chopmark-own-tokenizer.json")},
    )
    cat, dog, bird, fish = net.embed_texts(["a cat", "a dog", "a bird", "a fish"])
    assert np.array_equal(bird, fish)
    assert not np.array_equal(cat, dog)


def test_a_net_that_settled_on_texts_still_embeds_them(tiny):
    net = load(tiny[1])
    before = net.embed_texts(["a cat"])
    net.settle_on_texts()
    assert np.array_equal(net.embed_texts(["a cat"]), before)
