"""Frames of a clip are read alone, together, and where the clip was cropped, scaled or shown in another one."""

import cv2
import numpy as np
import pytest

from provenance.watermarks.tile.frames import FrameOfShot
from provenance.watermarks.tile2.frames import MOST_READS, PATHS, read_frames, read_straight
from provenance.watermarks.tile2.layout import build_cell_layout
from provenance.watermarks.tile2.shot import STRONG, ShotMark
from tests.provenance.watermarks.tile2.samples import LAYOUT, OTHER, PAYLOAD
from tests.sites import photograph

FOREIGN = build_cell_layout(OTHER)


@pytest.fixture(scope="module")
def planes():
    picture = np.asarray(photograph("coffee.png", 400).convert("L"))
    mark = ShotMark(LAYOUT, PAYLOAD, quality=STRONG)
    return picture, [mark.add(np.roll(picture, (-2 * at, -3 * at), (0, 1))) for at in range(4)]


def frames(planes, *, is_key=True, shot=0):
    return [FrameOfShot(np.ascontiguousarray(plane), shot, is_key) for plane in planes]


def test_one_key_frame_is_enough_and_says_how_it_was_laid(planes):
    found = read_frames(frames(planes[1][:1]), [FOREIGN, LAYOUT])
    assert (found.match.payload, found.key_id, found.stage) == (PAYLOAD, LAYOUT.lines.key_id, "straight")
    laying = (found.match.code, found.origin)
    again = ShotMark(LAYOUT, PAYLOAD, quality=STRONG, laying=laying).add(planes[0])
    assert np.array_equal(again, planes[1][0])


def test_an_origin_is_told_from_a_frame_without_its_first_rows(planes):
    """Not that of the first whole cell: that of the corner nearest to the frame's."""
    whole = read_frames(frames(planes[1][:1]), [LAYOUT])
    part = read_frames(frames([planes[1][0][40:, 24:]]), [LAYOUT])
    assert part.origin == whole.origin
    later = read_frames(frames([planes[1][0][100:]]), [LAYOUT])
    assert later.origin == ((whole.origin[0] + 1) % 16, whole.origin[1])


def test_frames_too_poor_alone_are_read_together(planes):
    random = np.random.default_rng(3)
    noisy = [np.clip(plane + random.normal(0, 60, plane.shape), 0, 255).astype(np.uint8) for plane in planes[1] * 4]
    assert all(read_frames(frames([plane], is_key=False), [LAYOUT]) is None for plane in noisy[:2])
    found = read_frames(frames(noisy, is_key=False), [LAYOUT])
    assert (found.match.payload, found.stage) == (PAYLOAD, "mean")


def test_frames_whose_mark_went_along_with_the_camera_are_read_where_sync_shows_each(planes):
    random = np.random.default_rng(3)
    moved = [np.roll(planes[1][0], (5 * at, -7 * at), (0, 1)) for at in range(6)]
    noisy = [np.clip(plane + random.normal(0, 30, plane.shape), 0, 255).astype(np.uint8) for plane in moved]
    found = read_straight(frames(noisy, is_key=False), [LAYOUT])
    assert (found.match.payload, found.stage) == (PAYLOAD, "straight, together")


@pytest.mark.parametrize("edit", ["cropped", "scaled", "mirrored", "negative"])
def test_what_was_done_to_all_frames_is_found_out(planes, edit):
    def change(plane):
        if edit == "cropped":
            return plane[41:331, 63:473]
        if edit == "scaled":
            return cv2.resize(plane, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
        return plane[:, ::-1] if edit == "mirrored" else 255 - plane

    found = read_frames(frames([change(plane) for plane in planes[1]]), [LAYOUT])
    assert found.match.payload == PAYLOAD


@pytest.mark.parametrize("cuts", [False, True])
def test_a_clip_within_a_picture_that_moves_is_read(planes, cuts):
    """Also where what moves round it looks like a cut each time."""
    random = np.random.default_rng(5)
    ground = cv2.resize(random.integers(0, 255, (40, 80), np.uint8), (960, 480), interpolation=cv2.INTER_CUBIC)
    shown = []
    for at in range(16):
        frame = ground[:, 6 * at : 6 * at + 640].copy()
        small = cv2.resize(planes[1][at % 4], (0, 0), fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
        frame[24 : 24 + small.shape[0], 16 : 16 + small.shape[1]] = small
        shown.append(frame)
    seen = [FrameOfShot(frame, at if cuts else 0, is_key=cuts) for at, frame in enumerate(shown)]
    assert read_frames(seen, [LAYOUT]).match.payload == PAYLOAD


def test_shots_of_other_codes_are_placed_together_and_read_apart(planes):
    crops = []
    for shot in range(3):
        moved = np.roll(planes[0], 50 * shot, 1)
        mark = ShotMark(LAYOUT, PAYLOAD, quality=STRONG)
        crops += [FrameOfShot(np.ascontiguousarray(mark.add(moved)[31:, 43:523]), shot, at == 0) for at in range(3)]
    found = read_frames(crops, [LAYOUT])
    assert found.match.payload == PAYLOAD


def test_who_takes_sync_out_twice_over_takes_nothing_else(planes):
    """What repeats is sync alone: subtracted once and a half more, it lies there as a negative."""
    picture, marked = planes
    change = marked[0].astype(np.float32) - picture
    sync = np.mean(
        [change[top : top + 128, left : left + 128] for top in (0, 128) for left in (0, 128, 256, 384)], axis=0
    )
    tiled = np.tile(sync, (4, 5))[: change.shape[0], : change.shape[1]]
    attacked = np.clip(np.rint(marked[0] - 2.5 * tiled), 0, 255).astype(np.uint8)
    assert read_straight(frames([attacked]), [LAYOUT]).match.payload == PAYLOAD


def test_what_is_not_marked_is_not_read(planes):
    picture, marked = planes
    assert read_frames(frames([picture] * 3), [LAYOUT]) is None
    assert read_frames(frames(marked), [FOREIGN]) is None
    assert read_frames([], [LAYOUT]) is None
    assert read_straight([], [LAYOUT]) is None
    assert read_frames(frames([picture[:20, :20]]), [LAYOUT]) is None
    assert MOST_READS * PATHS * 2.0**-40 < 1e-8
