"""Specks of light in the air between camera and ground: they drift, fade in and out, and lie at depths of their own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.animation.camera import Pose
from provenance.asset import Frame


@dataclass(frozen=True, slots=True)
class Motes:
    """Specks; every one lives for ever, on a path that repeats at its own period.

    Attributes:
        places: (N, 2) x and y at time 0; half the shorter side is 1.
        drifts: (N, 2) a second.
        nears: (N,) nearness.
        sizes: (N,) radius, in the same unit.
        phases, rates: (N,) of their twinkling, in radians and a second.
        colour: (3,) 0..255, of the brightest.
        strengths: (N,) 0..1.
        reach: half width and half height of where they are.
    """

    places: NDArray[np.float64]
    drifts: NDArray[np.float64]
    nears: NDArray[np.float64]
    sizes: NDArray[np.float64]
    phases: NDArray[np.float64]
    rates: NDArray[np.float64]
    colour: NDArray[np.float64]
    strengths: NDArray[np.float64]
    reach: tuple[float, float]

    def draw(self, frame: Frame, pose: Pose, time: float, level: float = 1.0) -> None:
        """Add the specks to `frame`, in place, as seen from `pose`; `level` dims all of them."""
        height, width = frame.shape[:2]
        unit = min(height, width) / 2
        reach = np.asarray(self.reach) * 1.15
        sway = np.stack(
            [np.sin(self.phases + 0.7 * self.rates * time), np.cos(1.3 * self.phases + self.rates * time)], 1
        )
        at = self.places + self.drifts * time + 0.02 * sway
        at = (at + reach) % (2 * reach) - reach
        closer = 1 - pose.z * self.nears
        seen = (at - np.stack([pose.x * (self.nears - pose.pivot), pose.y * (self.nears - pose.pivot)], 1)) / closer[
            :, None
        ]
        x, y = seen[:, 0] * unit + width / 2, seen[:, 1] * unit + height / 2
        radii = self.sizes * unit / closer
        glow = level * self.strengths * (0.55 + 0.45 * np.sin(self.phases + 2 * np.pi * self.rates * 0.35 * time))
        # Where one leaves at a side and comes in at the other it is dark.
        glow *= np.clip((1 - np.abs(at / reach).max(axis=1)) / 0.12, 0, 1)
        for index in np.nonzero(glow > 0.01)[0]:
            _add_speck(frame, x[index], y[index], radii[index], glow[index] * self.colour)


def scatter(count: int, picture: Frame, rng: np.random.Generator) -> Motes:
    """Return `count` specks in the colour of the brightest parts of `picture`."""
    height, width = picture.shape[:2]
    reach = (width / min(height, width), height / min(height, width))
    bright = picture.reshape(-1, 3).astype(np.float64)
    bright = bright[bright.sum(axis=1) >= np.percentile(bright.sum(axis=1), 92)].mean(axis=0)
    near = rng.uniform(0.35, 1.25, count)
    return Motes(
        places=rng.uniform(-1, 1, (count, 2)) * np.asarray(reach) * 1.15,
        drifts=np.stack([rng.normal(0.012, 0.012, count), rng.normal(-0.02, 0.012, count)], 1) * near[:, None],
        nears=near,
        sizes=0.0035 * np.exp(rng.normal(0, 0.45, count)) * (0.6 + near**2),
        phases=rng.uniform(0, 2 * np.pi, count),
        rates=rng.uniform(0.25, 0.9, count),
        colour=0.5 * bright + 0.5 * np.asarray((255, 236, 200)),
        strengths=rng.uniform(0.12, 0.5, count) / (0.5 + near),
        reach=reach,
    )


def _add_speck(frame: Frame, x: float, y: float, radius: float, colour: NDArray[np.float64]) -> None:
    """Add one round glow, placed between pixels."""
    height, width = frame.shape[:2]
    radius = max(radius, 0.8)
    span = 2.4 * radius
    left, right = max(0, int(np.floor(x - span))), min(width, int(np.ceil(x + span)) + 1)
    top, bottom = max(0, int(np.floor(y - span))), min(height, int(np.ceil(y + span)) + 1)
    if left >= right or top >= bottom:
        return
    across = np.exp(-(((np.arange(left, right) - x) / radius) ** 2))
    down = np.exp(-(((np.arange(top, bottom) - y) / radius) ** 2))
    part = frame[top:bottom, left:right]
    glow = (down[:, None] * across)[..., None] * colour
    # Light is added the less the brighter it is already, so that nothing burns out.
    part[:] = np.minimum(255, part + glow * (1 - part / 320.0)).astype(np.uint8)
