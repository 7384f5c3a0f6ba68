"""Where the camera is at each moment: moves that begin and end gently, a hand that is never quite still.

A pose is in units of the distance to what is nearest, so that what is half as near moves half as far. Every path begins
at rest where the picture was taken, or, where it goes on from a clip, with the velocity that the clip ended with.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

MOVES: Final = ("push", "pull", "pan", "orbit", "rise", "drift")
"""What a camera can do: go in, go out, go sideways, go round the subject, go up, or just be held."""


class Pose(NamedTuple):
    """Where a camera is.

    Attributes:
        x, y: to the right and down; half the picture's shorter side is 1.
        z: forward; 1 would be at what is nearest.
        roll: clockwise, in radians.
        pivot: nearness of what stays where it is while the camera goes sideways.
        shift_x, shift_y, growth: how far all of the picture moves and grows, near and far alike.
    """

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    roll: float = 0.0
    pivot: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    growth: float = 0.0


@dataclass(frozen=True, slots=True)
class Velocity:
    """What a camera does in a second: `Pose` without its pivot."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    roll: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    growth: float = 0.0


Path = Callable[[float], Pose]
"""Pose at a time in seconds."""

_REST: Final = Velocity()
_HAND: Final = 0.0035
"""How far a hand strays, in the units of a pose."""
# How long what a clip ended with goes on, in seconds: it fades as a hand would let it.
_FADE_S: Final = 1.4
_WANDER_S: Final = (17.0, 23.0, 13.0)
"""Periods of a camera that goes on for minutes; none is a multiple of another."""


def ease(part: float) -> float:
    """Return 0..1 for 0..1, with no speed and no acceleration at both ends (Perlin's smootherstep)."""
    part = min(1.0, max(0.0, part))
    return part**3 * (part * (6 * part - 15) + 10)


def build_path(move: str, seconds: float, rng: np.random.Generator, *, strength: float, pivot: float) -> Path:
    """Return the path of one move.

    Args:
        move: one of `MOVES`.
        seconds: how long it takes.
        rng: chooses the side, and how the hand strays.
        strength: 1 is usual.
        pivot: nearness of what the move goes round.
    """
    side = float(rng.choice((-1.0, 1.0)))
    sway = _build_hand(rng)
    # Longer clips go further, not as much slower.
    reach = strength * min(1.6, max(0.6, (seconds / 5.0) ** 0.5))

    def at(time: float) -> Pose:
        part, (hand_x, hand_y, hand_roll) = ease(time / seconds), sway(time)
        half = 2 * part - 1  # from one side to the other
        x, y, z, around = {
            "push": (side * 0.02 * part, -0.012 * part, 0.17 * part, pivot),
            "pull": (side * 0.02 * part, 0.0, 0.15 * (1 - part), pivot),
            "pan": (side * 0.085 * half, 0.0, 0.03, 0.0),
            "orbit": (side * 0.12 * half, 0.015 * half, 0.07 * part, pivot),
            "rise": (0.0, -0.075 * half, 0.05 * part, pivot * 0.5),
            "drift": (side * 0.03 * half, 0.012 * half, 0.05 * part, pivot),
        }[move]
        more = 2.0 if move == "drift" else 1.0
        return Pose(
            reach * x + more * hand_x,
            reach * y + more * hand_y,
            reach * z,
            reach * 0.006 * side * half + hand_roll,
            around,
        )

    return at


def build_wander(rng: np.random.Generator, *, strength: float, pivot: float, start: Velocity = _REST) -> Path:
    """Return a path without end that begins at zero with the velocity `start` and comes back again and again."""
    sides = rng.choice((-1.0, 1.0), size=2)
    sway = _build_hand(rng)

    def at(time: float) -> Pose:
        carried = _FADE_S * (1 - np.exp(-time / _FADE_S))
        waves = [0.5 - 0.5 * np.cos(2 * np.pi * time / period) for period in _WANDER_S]
        begin = sway(0.0)
        hand_x, hand_y, hand_roll = (now - then for now, then in zip(sway(time), begin, strict=True))
        grown = ease(time / 2.0)  # a hand is taken over gently
        return Pose(
            float(start.x * carried + strength * sides[0] * 0.07 * waves[0] + grown * hand_x),
            float(start.y * carried + strength * sides[1] * 0.018 * waves[1] + grown * hand_y),
            float(start.z * carried + strength * 0.11 * waves[2]),
            float(start.roll * carried + grown * hand_roll),
            pivot,
            float(start.shift_x * carried),
            float(start.shift_y * carried),
            float(start.growth * carried),
        )

    return at


def _build_hand(rng: np.random.Generator) -> Callable[[float], tuple[float, float, float]]:
    """Return how a hand strays: some slow waves for each of three axes."""
    rates = rng.uniform(0.13, 0.55, (3, 4))
    phases = rng.uniform(0, 2 * np.pi, (3, 4))
    sizes = rng.uniform(0.5, 1.0, (3, 4)) / (1 + 4 * rates)
    scale = np.asarray((_HAND, _HAND, _HAND * 0.35))

    def at(time: float) -> tuple[float, float, float]:
        x, y, roll = scale * (sizes * np.sin(2 * np.pi * rates * time + phases)).sum(axis=1)
        return float(x), float(y), float(roll)

    return at
