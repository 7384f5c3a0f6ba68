"""Poses, from matrices that were put together and from pictures that were turned, stretched and mirrored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.watermarks.tile.pose import Pose, build_pose
from tests.provenance.watermarks.tile.samples import TILE, cropped, marked, resized, turned


def rotation(degrees):
    turn = np.radians(degrees)
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def geometry_of(places):
    """Return what frequencies do where places go by `places`."""
    return np.linalg.inv(places).T


def test_untouched():
    assert build_pose(np.eye(2)) == Pose(turn_deg=0.0, scale=1.0, stretch=1.0, is_mirrored=False)


@given(
    degrees=st.floats(-179.9, 179.9),
    scale=st.floats(0.1, 5),
    stretch=st.floats(1, 1.5),
    axis=st.floats(0, 180),
    mirrored=st.booleans(),
)
def test_what_was_done_is_what_is_told(degrees, scale, stretch, axis, mirrored):
    lengths = scale * np.array([np.sqrt(stretch), 1 / np.sqrt(stretch)])
    symmetric = rotation(axis) @ np.diag(lengths) @ rotation(-axis)
    places = rotation(degrees) @ symmetric @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    pose = build_pose(geometry_of(places))
    assert pose.turn_deg == pytest.approx(degrees, abs=1e-6)
    assert (pose.scale, pose.stretch) == (pytest.approx(scale), pytest.approx(stretch, abs=1e-6))
    assert pose.is_mirrored is mirrored


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4), st.floats(0.2, 4))
def test_scaling_changes_the_scale_alone(values, factor):
    places = np.array(values).reshape(2, 2)
    if abs(np.linalg.det(places)) < 1e-2:
        return
    one, other = build_pose(geometry_of(places)), build_pose(geometry_of(factor * places))
    assert other.scale == pytest.approx(factor * one.scale)
    assert other.stretch == pytest.approx(one.stretch)
    assert other.is_mirrored is one.is_mirrored


@pytest.mark.parametrize(("edit", "turn_deg", "scale", "stretch", "mirrored"), [
    (lambda it: it, 0, 1, 1, False),
    (lambda it: it[:, ::-1], 0, 1, 1, True),
    (lambda it: it[::-1], 180, 1, 1, True),
    (np.rot90, -90, 1, 1, False),
    (lambda it: np.rot90(it, 2), 180, 1, 1, False),
    (lambda it: turned(it, -7), 7, 1, 1, False),
    (lambda it: cropped(turned(it, 30), 0.7), -30, 1, 1, False),
    (lambda it: resized(it, 0.7), 0, 0.7, 1, False),
    (lambda it: resized(it, 0.9, 1.0), 0, 0.949, 1.111, False),
    (lambda it: resized(it[:, ::-1], 0.8), 0, 0.8, 1, True),
], ids=["untouched", "mirrored", "upside down", "quarter turn", "half turn", "turned", "turned and cropped", "shrunk",
        "stretched", "mirrored and shrunk"])  # fmt: skip
def test_what_was_done_to_a_picture_is_told(edit, turn_deg, scale, stretch, mirrored):
    found = TILE.inspect(np.ascontiguousarray(edit(marked("coffee.png", 512, 768))))
    pose = build_pose(found.geometry)
    difference = (pose.turn_deg - turn_deg + 180) % 360 - 180
    assert difference == pytest.approx(0, abs=0.5)
    assert pose.scale == pytest.approx(scale, rel=0.01)
    assert pose.stretch == pytest.approx(stretch, abs=0.02)
    assert pose.is_mirrored is mirrored


def test_what_was_found_at_half_size_is_told_at_its_own():
    """A picture that was cut out and enlarged is found in its half."""
    part = cropped(marked("coffee.png", 512, 768), 0.3)
    found = TILE.inspect(resized(part, 2.2))
    assert build_pose(found.geometry).scale == pytest.approx(2.2, rel=0.02)
