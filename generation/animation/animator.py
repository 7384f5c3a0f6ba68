"""Frames of a picture in motion: each is a function of the scene, the seed and the time, and of nothing before it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.animation.camera import MOVES, Path, Pose, Velocity, build_path, build_wander, ease
from generation.animation.depth import Map
from generation.animation.geometry import Grid, Size, lay_grid, sample, trace, warp
from generation.animation.particles import Motes, scatter
from generation.animation.scene import Scene, build_scene
from provenance.asset import Frame
from provenance.errors import GenerationError

VERSION: Final = "1"
"""Changes whenever the same request would give other frames."""

_MOST_MARGIN: Final = 1.3
_NOTHING: Final = np.zeros((4, 4), np.float32)
_FRESH_S: Final = 0.7
"""What a clip ended with besides its picture, such as specks of light, fades for so long."""
_REST_S: Final = 0.8
_SETTLE_S: Final = 2.5
"""A clip that goes on has no margin at first: it comes in by going forward for so long."""


@dataclass(frozen=True, slots=True)
class Motion:
    """How a picture is to move.

    Attributes:
        move: one of `MOVES`, or "auto" to have the seed choose.
        strength: of the camera; 1 is usual, 0 stands still.
        particles: how many specks of light.
        life: of what sways, breathes and shines; 1 is usual.
    """

    move: str = "auto"
    strength: float = 1.0
    particles: int = 60
    life: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.move not in {"auto", *MOVES}:
            raise GenerationError(f"expected a move out of auto, {', '.join(MOVES)}; got {self.move[:40]!r}")
        if not (0 <= self.strength <= 2 and 0 <= self.life <= 2 and 0 <= self.particles <= 400):
            raise GenerationError("expected strength and life of 0 to 2 and 0 to 400 particles")


@dataclass
class Animator:
    """One picture and how it moves.

    Attributes:
        scene: what is moved.
        path: of the camera.
        motes: specks, or None.
        life: of what sways, breathes and shines.
        goes_on: whether the first frame is to be the picture itself, to the rim.
        seconds: how long it is; what is alive rests at both ends.
        last: the frame that it goes on from, where that has more in it than the scene: it fades into it.
    """

    scene: Scene
    path: Path
    motes: Motes | None
    life: float
    goes_on: bool
    seconds: float
    last: Frame | None = None
    _phase: float = 0.0
    _size: Size = field(init=False)
    _base: Grid = field(init=False)
    _margin: float = field(init=False)

    def __post_init__(self) -> None:
        """Lay the grid, and find how much of the picture has to stay outside."""
        self._size = (self.scene.ground.shape[0], self.scene.ground.shape[1])
        self._base = lay_grid(self._size)
        self._margin = self._find_margin()

    def frame(self, time: float) -> Frame:
        """Return the frame at a time in seconds, (H, W, 3)."""
        import cv2

        scene, pose, margin = self.scene, self.path(time), self._margin_at(time)
        ground = scene.ground
        if self.last is not None and time < _FRESH_S:
            share = ease(time / _FRESH_S)
            ground = np.asarray(cv2.addWeighted(ground, share, self.last, 1 - share, 0), np.uint8)
        frame = warp(ground, self._find(scene.near_ground, pose, margin, time, scene.growth, _NOTHING))
        if scene.subject is not None:
            source = self._find(scene.near_subject, pose, margin, time, _NOTHING, scene.body)
            frame = _lay_over(frame, warp(scene.subject, source, is_endless=False))
        frame = self._light(frame, time)
        if self.motes is not None:
            self.motes.draw(frame, pose, time, ease(time / 1.5) if self.goes_on else 1.0)
        return np.ascontiguousarray(frame)

    def frames(self, rate: float, count: int) -> Iterator[Frame]:
        """Yield `count` frames, `rate` a second; one is held at a time. A clip that goes on starts one step on."""
        for index in range(count):
            yield self.frame((index + (1 if self.goes_on else 0)) / rate)

    def _find(self, near: Map, pose: Pose, margin: float, time: float, growth: Map, body: Map) -> Grid:
        """Return where each point of a layer comes from."""
        source = trace(self._base, near, self._size, pose, margin)
        return source + self._stir(source, time, growth, body) if self.life else source

    def _stir(self, source: Grid, time: float, growth: Map, body: Map) -> Grid:
        """Return small displacements: plants in the wind, a body that breathes."""
        life, x, y = np.float32(self.life * self._liveliness(time)), source[..., 0], source[..., 1]
        wind = np.sin(2.1 * time + 5 * x + 3 * y + self._phase) + 0.5 * np.sin(3.7 * time - 9 * x + 1.7 * self._phase)
        sway = sample(growth, source, self._size) * np.float32(0.0055) * wind
        breath = np.float32(0.006 * (0.5 - 0.5 * np.cos(2 * np.pi * 0.28 * time)))
        inside = sample(body, source, self._size)
        across = sway - breath * 0.6 * inside * x
        down = breath * inside * np.float32(0.9) * (0.8 - y)
        if self.scene.foot is not None and body.any():
            # A thing on a layer of its own is alive as a puppet is: it leans, and stretches about where it stands.
            from_foot_x, from_foot_y = x - self.scene.foot[0], y - self.scene.foot[1]
            lean = np.float32(0.028 * np.sin(2 * np.pi * 0.42 * time))
            stretch = np.float32(0.02 * np.sin(2 * np.pi * 0.84 * time))
            across = lean * from_foot_y * np.abs(from_foot_y) + stretch * 0.6 * from_foot_x
            down = -stretch * from_foot_y
        return np.asarray(np.stack([life * across, life * down], axis=2), np.float32)

    def _light(self, frame: Frame, time: float) -> Frame:
        """Return the frame under a light that slowly goes over it."""
        import cv2

        if not self.life:
            return frame
        height, width = frame.shape[:2]
        x, y = self._base[..., 0], self._base[..., 1]
        reach = np.float32(width / min(height, width))
        angle = 0.42 * time + self._phase
        light = np.exp(-((x - 0.8 * reach * np.float32(np.sin(angle))) ** 2 + (y + 0.5) ** 2) / np.float32(1.1))
        dark = 0.02 * np.float32(np.sin(0.9 * time + self._phase))
        begun = ease(time / 2.0) if self.goes_on else 1.0
        gain = 128 * (1 + np.float32(self.life * begun) * (0.11 * light - 0.035 + dark))
        whole = cv2.resize(
            np.clip(gain + 0.5, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR
        )
        return np.asarray(cv2.multiply(frame, cv2.merge([whole] * 3), scale=1 / 128), np.uint8)

    def _liveliness(self, time: float) -> float:
        """Return how much of what is alive moves: nothing at either end, so that another clip can go on from there."""
        return ease(time / _REST_S) * ease((self.seconds - time) / _REST_S)

    def _margin_at(self, time: float) -> float:
        return 1 + (self._margin - 1) * (ease(time / _SETTLE_S) if self.goes_on else 1.0)

    def _find_margin(self) -> float:
        """Return the least enlargement at which no frame shows what lies outside the picture."""
        height, width = self._size
        limit = np.asarray((width, height), np.float32) / min(height, width)
        near = self.scene.near_ground
        poses = [self.path(time) for time in np.linspace(_SETTLE_S if self.goes_on else 0, max(self.seconds, 3), 24)]
        for margin in np.arange(1.01, _MOST_MARGIN, 0.01):
            rims = [
                np.abs(trace(self._base, near, self._size, pose, float(margin)) / limit).reshape(-1, 2).max(axis=0)
                for pose in poses
            ]
            if np.max(rims) <= 1:
                return float(margin)
        return _MOST_MARGIN


def build_animator(picture: Frame, motion: Motion, *, seconds: float, seed: int) -> Animator:
    """Return what animates a picture from the start."""
    scene, rng = build_scene(picture, np.random.default_rng([seed, 4])), np.random.default_rng([seed, 1])
    move = motion.move if motion.move != "auto" else str(rng.choice(("push", "orbit", "pan", "rise")))
    path = build_path(move, seconds, rng, strength=motion.strength, pivot=scene.pivot)
    return Animator(
        scene, path, _scatter(motion, picture, seed), motion.life, False, seconds, None, float(rng.uniform(0, 6.28))
    )


def build_continuation(
    scene: Scene, motion: Motion, *, seconds: float, seed: int, velocity: Velocity, last: Frame
) -> Animator:
    """Return what goes on from a clip that ended with the frame `last`, with the velocity that it ended with."""
    rng = np.random.default_rng([seed, 2])
    path = build_wander(rng, strength=motion.strength, pivot=scene.pivot, start=velocity)
    phase = float(rng.uniform(0, 6.28))
    return Animator(scene, path, _scatter(motion, last, seed), motion.life, True, seconds, last, phase)


def _scatter(motion: Motion, picture: Frame, seed: int) -> Motes | None:
    if not motion.particles:
        return None
    return scatter(motion.particles, picture[::4, ::4], np.random.default_rng([seed, 3]))


def _lay_over(frame: Frame, layer: NDArray[np.uint8]) -> Frame:
    """Return `layer`, with premultiplied alpha, over `frame`."""
    import cv2

    colour, alpha = layer[..., :3], 255 - layer[..., 3]
    under = cv2.multiply(frame, cv2.merge([alpha] * 3), scale=1 / 255)
    return np.asarray(cv2.add(under, np.ascontiguousarray(colour)), np.uint8)
