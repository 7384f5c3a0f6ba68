"""The detector as a whole: what pictures meet, and what must not be found."""

import io
from functools import partial

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from provenance.watermarks.tile.detection import MOST_TESTS, detect
from provenance.watermarks.tile.layout import build_layout
from provenance.watermarks.tile.scheme import Tile
from tests.provenance.watermarks.photographs import NAMES, enhanced, photograph, through_jpeg
from tests.provenance.watermarks.tile.samples import (
    KEY,
    LAYOUT,
    OTHER,
    PAYLOAD,
    TILE,
    cropped,
    marked,
    resized,
    turned,
)


def through_webp(frame, quality):
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "WEBP", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def sheared(frame, share):
    height, width = frame.shape[:2]
    matrix = np.array([[1, share, 0], [0, 1, 0]])
    return cv2.warpAffine(frame, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def in_perspective(frame, share):
    height, width = frame.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + np.array([[1, 1], [-1, 0.5], [-0.5, -1], [0.3, -0.2]], np.float32) * [
        share * width,
        share * height,
    ]
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return cv2.warpPerspective(frame, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def as_meme(frame):
    image = Image.new("RGB", (frame.shape[1] + 80, frame.shape[0] + 140), "white")
    image.paste(Image.fromarray(frame), (40, 100))
    ImageDraw.Draw(image).text((60, 30), "WHEN THE COFFEE KICKS IN", fill="black", font_size=36)
    return np.asarray(image)


def noisy(frame, deviation):
    noise = np.random.default_rng(0).normal(0, deviation, frame.shape)
    return np.clip(np.rint(frame + noise), 0, 255).astype(np.uint8)


EDITS = {
    "nothing": lambda frame: frame,
    "JPEG 40": partial(through_jpeg, quality=40),
    "WebP 60": partial(through_webp, quality=60),
    "blur": lambda frame: cv2.GaussianBlur(frame, (0, 0), 1.5),
    "noise": partial(noisy, deviation=10),
    "median": lambda frame: cv2.medianBlur(frame, 3),
    "brightness": partial(enhanced, control="Brightness", factor=1.3),
    "contrast": partial(enhanced, control="Contrast", factor=0.7),
    "greyscale": partial(enhanced, control="Color", factor=0.0),
    "mirrored": lambda frame: np.ascontiguousarray(frame[:, ::-1]),
    "quarter turn": lambda frame: np.ascontiguousarray(np.rot90(frame)),
    "half turn": lambda frame: np.ascontiguousarray(frame[::-1, ::-1]),
    "crop to a quarter": partial(cropped, share=0.25),
    "turned by 7": partial(turned, degrees=7),
    "turned by 143": partial(turned, degrees=143),
    "scaled to 40 %": partial(resized, across=0.4),
    "scaled to 250 %": partial(resized, across=2.5),
    "wider by 10 %": lambda frame: resized(frame, 1.1, 1.0),
    "turned and wider": lambda frame: resized(turned(frame, 3), 1.05, 1.0),
    "sheared": partial(sheared, share=0.04),
    "perspective": partial(in_perspective, share=0.015),
    "meme": as_meme,
    "screenshot": lambda frame: through_jpeg(resized(frame, 0.85), 80),
    "crop, scale and JPEG": lambda frame: through_jpeg(resized(cropped(frame, 0.6), 0.8), 70),
}


@pytest.mark.parametrize("edit", EDITS)
def test_the_payload_outlives(edit):
    found = detect(EDITS[edit](marked()), [LAYOUT])
    assert found is not None
    assert found.match.payload == PAYLOAD
    assert found.match.score > 10


@pytest.mark.parametrize("edit", EDITS)
def test_an_unmarked_picture_says_nothing_after(edit):
    assert detect(EDITS[edit](photograph("coffee.png", 384, 576)), [LAYOUT]) is None


@pytest.mark.parametrize("edit", ["nothing", "turned by 7", "meme"])
def test_a_mark_under_another_key_says_nothing(edit):
    assert detect(EDITS[edit](marked()), [build_layout(OTHER, Tile.alg)]) is None


def test_several_keys_are_looked_for_in_one_pass():
    layouts = [build_layout(OTHER, Tile.alg), LAYOUT]
    for edit in ("JPEG 40", "turned by 7"):
        found = detect(EDITS[edit](marked()), layouts)
        assert (found.key_id, found.match.payload) == (KEY.key_id, PAYLOAD)


def test_the_stage_tells_how_it_was_found():
    assert detect(marked(), [LAYOUT]).stage == "straight"
    assert detect(EDITS["turned by 7"](marked()), [LAYOUT]).stage == "turned"
    assert detect(resized(marked(), 1.2, 1.0), [LAYOUT]).stage in {"turned", "stretched"}


@pytest.mark.parametrize("shape", [(1, 1), (31, 200), (32, 32), (33, 4000), (200, 7)])
def test_small_and_narrow_pictures_are_read_without_a_crash(shape):
    frame = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert detect(frame, [LAYOUT]) is None


@pytest.mark.parametrize("level", [0, 128, 255])
def test_pictures_of_one_colour_say_nothing(level):
    assert detect(np.full((300, 400, 3), level, np.uint8), [LAYOUT]) is None


@pytest.mark.parametrize("name", NAMES)
def test_the_input_is_left_alone(name):
    frame = photograph(name)  # read-only
    before = frame.copy()
    assert detect(frame, [LAYOUT]) is None
    assert np.array_equal(frame, before)


def test_a_periodic_picture_is_no_mark():
    """Its spectrum is all lines: the search's favourite food."""
    pattern = np.random.default_rng(3).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    assert detect(np.tile(pattern, (4, 4, 1)), [LAYOUT]) is None


def test_a_notched_picture_is_read_where_it_was_laid():
    """Whoever takes out the sync lines takes out a quarter of the mark; what is uncropped is read all the same."""
    frame = marked().astype(np.float64)
    height, width = frame.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    for (k, m), _ in zip(LAYOUT.sync, LAYOUT.sync_phases, strict=True):
        wave = np.exp(2j * np.pi * (k * columns + m * rows) / 128)
        for channel in range(3):
            amplitude = (frame[..., channel] * wave.conj()).mean()
            frame[..., channel] -= 2 * (amplitude * wave).real
    notched = np.clip(np.rint(frame), 0, 255).astype(np.uint8)
    found = detect(notched, [LAYOUT])
    assert found is not None
    assert found.match.payload == PAYLOAD


def test_the_bound_is_the_tests_times_their_chance():
    assert TILE.false_positive_bound == MOST_TESTS * 2.0**-40
    assert TILE.false_positive_bound < 1e-8
    assert Tile((KEY, OTHER)).false_positive_bound == 2 * TILE.false_positive_bound
