"""What two pictures share: parts of one are told from others, whatever was done to them."""

import cv2
import numpy as np
import pytest

from provenance.media.picture.overlap import (
    LEAST_SHARED,
    Detailed,
    count_shared_details,
    find_details,
    find_overlap,
    keep_details,
    lay_over,
    mirror_details,
)
from tests.provenance.watermarks.photographs import NAMES, photograph, through_jpeg


def quarter(frame, across=0.2, down=0.7):
    height, width = frame.shape[:2]
    top, left = int(height / 2 * down), int(width / 2 * across)
    return np.ascontiguousarray(frame[top : top + height // 2, left : left + width // 2])


def turned(frame, degrees):
    height, width = frame.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(frame, matrix, (width, height))


@pytest.mark.parametrize("edit", [
    lambda frame: frame, quarter, lambda frame: through_jpeg(quarter(frame, 0.9, 0.1), 50),
    lambda frame: turned(frame, 40), lambda frame: turned(quarter(frame), 5),
    lambda frame: cv2.resize(quarter(frame), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    lambda frame: np.ascontiguousarray(quarter(frame)[:, ::-1]),
], ids=["itself", "quarter", "quarter, JPEG 50", "turned", "quarter, turned", "quarter, halved", "quarter, mirrored"])  # fmt: skip
@pytest.mark.parametrize("name", NAMES)
def test_a_part_is_known(name, edit):
    whole = photograph(name)
    assert count_shared_details(edit(whole), whole) >= LEAST_SHARED


@pytest.mark.parametrize("name", NAMES)
def test_another_picture_is_not(name):
    others = [photograph(other) for other in NAMES if other != name]
    assert max(count_shared_details(quarter(photograph(name)), other) for other in others) < LEAST_SHARED


@pytest.mark.parametrize("frame", [
    np.zeros((1, 1, 3), np.uint8), np.full((300, 300, 3), 128, np.uint8), np.zeros((2, 4000, 3), np.uint8),
], ids=["a pixel", "even", "a line"])  # fmt: skip
def test_what_has_no_details_shares_none(frame):
    places, descriptors = find_details(frame)
    assert (places.shape, descriptors.shape) == ((0, 2), (0, 128))
    assert count_shared_details(frame, frame) == 0
    assert count_shared_details(frame, photograph(NAMES[0])) == 0


def test_noise_shares_nothing_with_a_picture():
    noise = np.random.default_rng(1).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    assert count_shared_details(noise, photograph(NAMES[0])) < LEAST_SHARED


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_part_is_laid_over_the_whole(is_mirrored):
    whole = photograph(NAMES[0])
    part = quarter(whole)[:, :: -1 if is_mirrored else 1]
    laid, there = lay_over(Detailed(np.ascontiguousarray(part)), Detailed(whole))
    height, width = there.shape
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    assert there.mean() == pytest.approx(0.25, abs=0.03)
    assert np.abs(laid[there].astype(int) - small[there]).mean() < 8


def test_what_shares_nothing_is_not_laid_over():
    assert lay_over(Detailed(photograph(NAMES[0])), Detailed(photograph(NAMES[1]))) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_mirrored_picture_has_the_details_mirrored(name):
    """Found in the mirrored pixels, or made from those of the picture: nearly all are the same."""
    seen = Detailed(photograph(name))
    found = find_details(np.ascontiguousarray(seen.frame[:, ::-1]))
    places, descriptors = mirror_details(seen.details, seen.size[0])
    apart = np.abs(places[:, np.newaxis] - found[0]).max(axis=2)
    alike = np.where(apart < 2, descriptors @ found[1].T, 0).max(axis=1)
    assert (alike > 0.98).mean() > 0.85


def test_kept_details_prove_what_the_details_prove():
    whole, part = Detailed(photograph(NAMES[0])), Detailed(quarter(photograph(NAMES[0])))
    kept = keep_details(whole)
    assert sum(array.nbytes for array in kept[:2]) <= 136 * 800
    exact, rounded = find_overlap(part, whole), find_overlap(part, kept)
    assert rounded.shared == pytest.approx(exact.shared, rel=0.1)
    assert np.allclose(rounded.in_whole, exact.in_whole, atol=0.05)
