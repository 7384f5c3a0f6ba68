"""Shared pixels: reduced once, faithful to a direct resize, transparency shown as viewers show it."""

import numpy as np
import pytest
from PIL import Image

from detectors.pixels import list_views, resized, shared_frame
from provenance.media.picture.image import Picture
from tests.detectors.subjects import photo


@pytest.mark.parametrize(
    ("size", "shared"),
    [
        ((1024, 1024), (512, 512)),
        ((2048, 1024), (512, 1024)),
        ((768, 512), (512, 768)),
        ((3000, 60), (60, 3000)),
        ((4096, 4096), (512, 512)),
    ],
)
def test_the_shared_frame_keeps_twice_what_networks_take(size, shared):
    picture = photo("astronaut.png", size)
    frame = shared_frame(picture, 224)
    assert frame.shape[:2] == shared
    assert shared_frame(picture, 256) is frame


@pytest.mark.parametrize("mode", ["shortest", "squash"])
@pytest.mark.parametrize("name", ["astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg"])
def test_resizing_from_the_shared_frame_looks_like_resizing_the_whole(name, mode):
    picture = photo(name, (1536, 1024))
    got = resized(picture, (224, 224), mode=mode, resample=Image.Resampling.BICUBIC).astype(int)
    whole = Image.fromarray(picture.frame)
    if mode == "shortest":
        whole = whole.resize((336, 224), Image.Resampling.BICUBIC).crop((56, 0, 280, 224))
    else:
        whole = whole.resize((224, 224), Image.Resampling.BICUBIC)
    assert got.shape == (224, 224, 3)
    assert np.abs(got - np.asarray(whole).astype(int)).mean() < 1.5


def test_crop_keeps_the_middle():
    frame = np.zeros((256, 256, 3), np.uint8)
    frame[64:192, 64:192] = 255
    got = resized(Picture.from_frame(frame), (128, 128), mode="squash", resample=Image.Resampling.BILINEAR, crop=0.5)
    assert got.min() > 250


def test_an_opaque_picture_has_one_view_and_a_transparent_one_three():
    opaque = photo("coffee.png")
    assert list_views(opaque) == (("as it is", opaque),)
    alpha = np.zeros((opaque.height, opaque.width), np.uint8)
    views = {name: picture.frame for name, picture in list_views(Picture.from_frame(opaque.frame, alpha))}
    assert list(views) == ["on white", "on black", "without transparency"]
    assert views["on white"].min() == 255
    assert views["on black"].max() == 0
    assert np.array_equal(views["without transparency"], opaque.frame)


def test_views_that_look_alike_are_listed_once():
    opaque = photo("coffee.png")
    nearly = np.full((opaque.height, opaque.width), 250, np.uint8)
    assert [view.name for view in list_views(Picture.from_frame(opaque.frame, nearly))] == ["on white"]
    cut = np.full((64, 64), 255, np.uint8)
    cut[:, :32] = 0
    black_under = np.full((64, 64, 3), 90, np.uint8) * (cut[..., None] > 0)
    names = [view.name for view in list_views(Picture.from_frame(black_under.astype(np.uint8), cut))]
    assert names == ["on white", "on black"]
