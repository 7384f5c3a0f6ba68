"""Laying a tile into a picture: what it costs, what it holds, which pictures are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from provenance.errors import UnmarkableError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile.code import build_messages, encode
from provenance.watermarks.tile.embedding import build_tile, embed_tile
from provenance.watermarks.tile.layout import build_layout
from tests.provenance.watermarks.photographs import NAMES, photograph, psnr_db, through_jpeg
from tests.provenance.watermarks.tile.samples import LAYOUT, PAYLOAD, TILE, marked

VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "watermark_tile.json").read_text())


def ssim(one, other):
    return structural_similarity(one, other, channel_axis=2)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["secret"][:4])
@pytest.mark.parametrize("samples", [128, 512])
def test_a_tile_is_that_of_the_vectors(vector, samples):
    layout = build_layout(WatermarkKey("k", bytes.fromhex(vector["secret"])), vector["alg"])
    message = build_messages(layout, int(vector["payload"], 16), range(vector["salt"], vector["salt"] + 1))
    tile = build_tile(layout, encode(message)[0], samples=samples)
    step = samples // 128
    for x, y, value in vector["tile"]:
        assert tile[y * step, x * step] == pytest.approx(value, abs=1e-3)
    assert tile.mean() == pytest.approx(0, abs=1e-5)
    assert tile.std() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_quality_keeps_to_its_floor(name):
    frame = photograph(name, 480, 640)
    copy = TILE.embed(frame, PAYLOAD)
    assert psnr_db(frame, copy) >= 42
    assert ssim(frame, copy) >= 0.98


def test_a_large_picture_is_marked_at_its_own_size():
    frame = photograph("coffee.png", 1200, 1800)
    copy = TILE.embed(frame, PAYLOAD)
    assert copy.shape == frame.shape
    assert psnr_db(frame, copy) >= 42
    for picture in (copy, through_jpeg(copy, 70), copy[::2, ::2]):
        assert TILE.extract(picture).payload == PAYLOAD


def test_two_pictures_with_one_payload_carry_different_tiles():
    salts = set()
    for name in NAMES[:4]:
        found = TILE.inspect(TILE.embed(photograph(name, 300, 400), PAYLOAD))
        salts.add(found.match.code.tobytes())
    assert len(salts) > 1


def test_a_grey_picture_stays_grey():
    grey = np.repeat(photograph("rocket.jpg", 300, 400)[..., 1:2], 3, axis=2)
    copy = TILE.embed(grey, PAYLOAD)
    assert np.abs(copy.astype(int) - copy[..., 1:2].astype(int)).max() <= 1
    assert TILE.extract(copy).payload == PAYLOAD
    assert TILE.extract(through_jpeg(copy, 60)).payload == PAYLOAD


def flat_art():
    frame = np.full((360, 480, 3), (250, 240, 200), np.uint8)
    frame[40:200, 60:260] = (200, 40, 60)
    frame[150:330, 200:420] = (30, 90, 180)
    return frame


def line_art():
    rows, columns = np.mgrid[:400, :400]
    ring = np.hypot(rows - 200, columns - 200)
    return np.repeat(np.where(ring % 40 < 2, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def text():
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (640, 400), "white")
    draw = ImageDraw.Draw(image)
    for line in range(24):
        draw.text(
            (16, 12 + 15 * line), "the quick brown fox jumps over the lazy dog, and on it goes " * 2, fill=(20, 20, 20)
        )
    return np.asarray(image)


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(flat_art, id="flat art"),
        pytest.param(line_art, id="line art"),
        pytest.param(text, id="text"),
        pytest.param(lambda: np.full((256, 256, 3), 128, np.uint8), id="one colour"),
        pytest.param(lambda: np.zeros((300, 300, 3), np.uint8), id="black"),
        pytest.param(lambda: np.full((300, 300, 3), 255, np.uint8), id="white"),
    ],
)
def test_pictures_that_are_no_photographs_are_marked_within_the_floor_or_refused(picture):
    frame = picture()
    try:
        copy = TILE.embed(frame, PAYLOAD)
    except UnmarkableError:
        return
    assert psnr_db(frame, copy) >= 42
    assert ssim(frame, copy) >= 0.97
    assert TILE.extract(copy).payload == PAYLOAD


@pytest.mark.parametrize("picture", [flat_art, line_art, text])
def test_drawings_and_screenshots_carry_a_mark(picture):
    assert TILE.extract(through_jpeg(TILE.embed(picture(), PAYLOAD), 85)).payload == PAYLOAD


@pytest.mark.parametrize("name", NAMES[:3])
def test_a_picture_of_200_pixels_carries_a_mark(name):
    copy = TILE.embed(photograph(name, 200, 200), PAYLOAD)
    assert TILE.extract(copy).payload == PAYLOAD


@pytest.mark.parametrize("shape", [(199, 400), (400, 199), (1, 1)])
def test_a_picture_that_is_too_small_is_refused(shape):
    with pytest.raises(UnmarkableError, match="200 pixels"):
        TILE.embed(np.zeros((*shape, 3), np.uint8), PAYLOAD)


def test_a_picture_that_hides_too_little_is_refused():
    """A strip of noise, five rows high at the size at which the tile is laid, holds too few lines."""
    strip = np.random.default_rng(0).integers(0, 256, (200, 40_000, 3), dtype=np.uint8)
    with pytest.raises(UnmarkableError, match="does not read back"):
        embed_tile(strip, PAYLOAD, LAYOUT)


def test_frames_of_an_animation_each_carry_the_payload():
    base = photograph("chelsea.png", 240, 320)
    frames = [np.roll(base, 7 * number, axis=1) for number in range(3)]
    assert {TILE.extract(TILE.embed(frame, PAYLOAD)).payload for frame in frames} == {PAYLOAD}


def test_a_marked_picture_is_marked_again_for_another_payload():
    """The second mark lies over the first; whichever is found was truly laid."""
    again = TILE.embed(marked(), 77)
    found = TILE.extract(again)
    assert found is None or found.payload in {77, PAYLOAD}
