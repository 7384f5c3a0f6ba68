"""Where the tile lies, found in real marked pictures."""

import numpy as np
import pytest

from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile.geometry import (
    Power,
    build_power,
    keep_likely,
    rank_candidates,
    stretched_candidates,
    turned_candidates,
)
from tests.provenance.watermarks.photographs import photograph
from tests.provenance.watermarks.tile.samples import LAYOUT, marked, resized, turned


def power_of(frame):
    return build_power(build_residual(frame))


def turn(degrees):
    """Return what OpenCV's turn by so many degrees does to frequencies."""
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def is_near(found, expected):
    """Compare up to the half turn that a power spectrum does not show."""
    return min(np.abs(found - expected).max(), np.abs(found + expected).max()) < 0.01


@pytest.mark.parametrize("degrees", [-33.3, 4, 17, 61, 118])
def test_turns_are_found(degrees):
    power = power_of(turned(marked(), degrees))
    best = rank_candidates(power, LAYOUT, turned_candidates(power, LAYOUT, best=6), reach=3)[0]
    assert is_near(best.geometry, turn(degrees))


@pytest.mark.parametrize("scale", [0.35, 0.6, 0.9, 1.4])
def test_scales_are_found(scale):
    power = power_of(resized(marked(), scale))
    best = rank_candidates(power, LAYOUT, turned_candidates(power, LAYOUT, best=6), reach=3)[0]
    assert is_near(best.geometry * scale, np.eye(2))


@pytest.mark.parametrize(("across", "down"), [(1.1, 1.0), (0.9, 1.0), (0.7, 0.8), (1.0, 0.85)])
def test_stretches_are_found(across, down):
    power = power_of(resized(marked(), across, down))
    best = rank_candidates(power, LAYOUT, stretched_candidates(power, LAYOUT, best=3), reach=3)[0]
    assert is_near(best.geometry @ np.diag([across, down]), np.eye(2))


def test_a_mirrored_turn_is_found():
    power = power_of(turned(np.ascontiguousarray(marked()[:, ::-1]), 12))
    best = rank_candidates(power, LAYOUT, turned_candidates(power, LAYOUT, best=6), reach=3)[0]
    assert np.linalg.det(best.geometry) < 0
    assert is_near(best.geometry, turn(12) @ np.diag([-1, 1]))


def test_a_stretched_turn_is_found_by_the_wide_search():
    power = power_of(resized(turned(marked(), 3), 1.06, 1.0))
    best = rank_candidates(power, LAYOUT, turned_candidates(power, LAYOUT, best=8, is_wide=True), reach=10)[0]
    assert is_near(best.geometry, np.diag([1 / 1.06, 1]) @ turn(3))


def test_a_marked_picture_ranks_above_an_unmarked_one():
    def rank(frame):
        power = power_of(frame)
        return rank_candidates(power, LAYOUT, turned_candidates(power, LAYOUT, best=6), reach=3)[0].rank

    assert rank(turned(marked(), 9)) > 2 * rank(turned(photograph("coffee.png", 384, 576), 9))


@pytest.mark.parametrize("size", [512, 1024])
def test_whitened_power_has_mean_one(size):
    noise = np.random.default_rng(0).normal(size=(size // 2 + 100, size - 20)).astype(np.float32)
    power = build_power(noise).values
    assert power.shape == (size, size // 2 + 1)
    inside = power[power > 0]
    assert inside.mean() == pytest.approx(1, abs=0.06)


def test_nothing_has_no_power_and_no_crash():
    power = build_power(np.zeros((300, 300), np.float32))
    assert np.isfinite(power.values).all()
    assert len(rank_candidates(power, LAYOUT, turned_candidates(power, LAYOUT, best=2), reach=3)) > 0


def test_only_what_sync_agrees_with_is_kept():
    def kept(frame, least):
        power = power_of(frame)
        candidates = rank_candidates(power, LAYOUT, turned_candidates(power, LAYOUT, best=6), reach=3)
        return keep_likely(power, LAYOUT, candidates, least)

    assert is_near(kept(turned(marked(), 9), 12.0)[0].geometry, turn(9))
    assert len(kept(turned(photograph("coffee.png", 384, 576), 9), 0.0)) >= 6
    assert kept(turned(photograph("coffee.png", 384, 576), 9), 12.0) == []


def test_what_has_no_phases_is_kept():
    power = power_of(turned(marked(), 9))
    candidates = rank_candidates(power, LAYOUT, turned_candidates(power, LAYOUT, best=2), reach=3)
    assert keep_likely(Power(power.values), LAYOUT, candidates, 99.0) == candidates
    assert keep_likely(power, LAYOUT, [], 0.0) == []
