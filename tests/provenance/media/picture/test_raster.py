import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from provenance.asset import MediaType
from provenance.errors import UndecodableAssetError
from provenance.media.picture.raster import Picture
from tests.image_bytes import gradient


def test_a_picture_keeps_what_it_was_given_and_cannot_change():
    frame = gradient()
    picture = Picture.from_frame(frame)
    frame[:] = 0
    assert np.array_equal(picture.frame, gradient())
    assert (picture.height, picture.width, picture.media_type) == (48, 64, MediaType.PNG)
    with pytest.raises(ValueError, match="read-only"):
        picture.frame[0, 0, 0] = 1
    assert repr(picture) == "Picture(64x48 image/png)"


def test_a_read_only_frame_is_shared_not_copied():
    frame = gradient()
    frame.flags.writeable = False
    assert Picture.from_frame(frame).frame is frame


def test_alpha_is_kept_apart_and_dropped_when_it_says_nothing():
    alpha = np.full((48, 64), 255, np.uint8)
    assert Picture.from_frame(gradient(), alpha).alpha is None
    alpha[0, 0] = 254
    picture = Picture.from_frame(gradient(), alpha)
    assert np.array_equal(picture.alpha, alpha)
    assert not picture.alpha.flags.writeable
    assert "with alpha" in repr(picture)


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(frame):
    with pytest.raises(UndecodableAssetError, match="expected a frame"):
        Picture.from_frame(frame)
    with pytest.raises(UndecodableAssetError, match="expected an alpha plane"):
        Picture.from_frame(gradient(), np.zeros((4, 5), np.uint8))


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 100))
def test_reduced_fits_exactly_and_keeps_the_proportions(height, width, longest):
    picture = Picture.from_frame(np.full((height, width, 3), 77, np.uint8))
    small = picture.reduced(longest)
    assert not small.flags.writeable
    assert small.flags.c_contiguous
    assert (small == 77).all()
    if max(height, width) <= longest:
        assert small is picture.frame
        return
    assert max(small.shape[:2]) == longest
    shorter = min(height, width) * longest / max(height, width)
    assert abs(min(small.shape[:2]) - max(1, shorter)) <= 0.5


def test_reduced_by_a_whole_number_is_the_mean_of_each_box():
    frame = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    small = Picture.from_frame(frame).reduced(24)
    boxes = frame.reshape(16, 4, 24, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - boxes).max() <= 0.5


def test_reduced_is_near_pillows_area_filter_for_any_ratio():
    frame = np.asarray(Image.fromarray(gradient(333, 217)))
    ours = Picture.from_frame(frame).reduced(100).astype(int)
    theirs = np.asarray(Image.fromarray(frame).resize((100, 65), Image.Resampling.BOX), dtype=int)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 3


def test_reduced_and_luma_are_computed_once_for_all_threads():
    picture = Picture.from_frame(np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8))
    found = []

    def ask():
        found.append((picture.reduced(64), picture.luma()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(small) for small, _ in found}) == 1
    assert len({id(luma) for _, luma in found}) == 1


def test_sizes_count_what_is_kept():
    picture = Picture.from_frame(gradient())
    plain = picture.size_bytes
    assert plain == 48 * 64 * 3
    picture.reduced(32)
    picture.luma()
    assert picture.size_bytes == plain + 32 * 24 * 3 + 48 * 64


def test_a_longest_side_below_one_is_a_mistake():
    with pytest.raises(ValueError, match="at least 1"):
        Picture.from_frame(gradient()).reduced(0)


def test_luma_is_bt_601():
    frame = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    luma = Picture.from_frame(frame).luma()
    assert luma.tolist() == [[76, 150, 29, 255]]
    assert not luma.flags.writeable


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_flattened_is_the_exact_blend(value, alpha, background):
    picture = Picture.from_frame(np.full((1, 2, 3), value, np.uint8), np.array([[alpha, 0]], np.uint8))
    flat = picture.flattened(background)
    assert flat.alpha is None
    assert abs(int(flat.frame[0, 0, 0]) - (value * alpha + background * (255 - alpha)) / 255) <= 0.5
    assert (flat.frame[0, 1] == background).all()


def test_an_opaque_picture_is_flat_already():
    picture = Picture.from_frame(gradient())
    assert picture.flattened() is picture


def test_what_is_derived_is_made_once_however_many_ask_at_a_time():
    picture, made, together = Picture.from_frame(gradient()), [], threading.Barrier(4)

    def make():
        made.append(threading.get_ident())
        return object()

    def ask(found):
        together.wait()
        found.append(picture.derive("look", make))

    found = []
    threads = [threading.Thread(target=ask, args=(found,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len({id(one) for one in found}) == 1


def test_what_could_not_be_derived_is_tried_again():
    picture = Picture.from_frame(gradient())
    with pytest.raises(ZeroDivisionError):
        picture.derive("look", lambda: 1 // 0)
    assert picture.derive("look", lambda: 7) == 7
