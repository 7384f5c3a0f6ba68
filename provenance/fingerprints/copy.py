"""Copy, 512 bits: what a picture shows, so that a crop, a tilt, a frame or a caption moves it little.

A map of features (`provenance.sight`) becomes one vector: the power mean over the cells, and of 512 combinations of it,
which learned to tell pictures apart and to overlook what is done to one, the signs. Two codes differ in as large a part
of their bits as the angle between two vectors is of half a turn. Pictures of the same kind of thing are nearer than
chance, so a code only nominates: whether it is the same picture, shared details decide (`provenance.works.likeness`).

Sources: power mean, Radenovic et al., TPAMI 41 (2019); contrast and entropy, Pizzi et al., CVPR 2022 (SSCD); signs of
combinations, Charikar, STOC 2002. `copy.npz` is made by `training.copy`.
"""

from collections.abc import Callable
from functools import cache, partial
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame, sha256_hex
from provenance.errors import WeightsError
from provenance.fingerprints.base import Fingerprint, Unhashable
from provenance.fingerprints.variants import INDEXED_SIDE
from provenance.media.picture.image import Picture
from provenance.sight.network import WEIGHTS_SHA256, Look, load_network, look_at

PROJECTION: Final = "copy.npz"
PROJECTION_SHA256: Final = "de9362da35bc08d212dc057b5b66a3bcf6b359d91479cccef647306f113fa566"

# Of 44,850 pairs of different photographs the nearest were 142 bits apart, one in a thousand 178, half of them 250.
CONFIDENT_DISTANCE_BITS: Final = 120
NOMINATING_DISTANCE_BITS: Final = 176
"""Up to here a picture may be a copy: the code of a quarter of a picture moves that far (docs/fingerprints.md)."""
LEAST_SPREAD: Final = 2.0
"""Standard deviation of luma below which there is nothing to see."""

POWER: Final = 3
PARTS_SIDE: Final = 320
"""One look at a square of this side describes the parts of a picture; 448 cost twice as much."""
PART_CELLS: Final = 5
PART_STARTS: Final = (0, 1, 2, 4, 5)
"""A part is 5x5 of the 10x10 cells, a quarter of the picture; 25 of them begin here, across and down."""

LONG: Final = 1.9
"""Longest side by shortest from which on a picture is looked at in squares along it."""
MOST_SQUARES: Final = 5

_TURNS: Final = (("rot90", 1), ("rot180", 2), ("rot270", 3))


class Copy:
    """Computes codes that survive what is done to a picture's frame.

    Limits: nominates, and never convicts: things of one kind (two kittens) may be near each other. Mirrored copies
        need no variant: the network hardly tells left from right.
    """

    alg: Final = "copy"
    kept_as: Final = f"copy-{sha256_hex((WEIGHTS_SHA256 + PROJECTION_SHA256).encode())[:8]}"
    """The name under which codes are kept: those of other weights say nothing about these."""
    bits: Final = 512
    confident_distance_bits: Final = CONFIDENT_DISTANCE_BITS
    nominating_distance_bits: Final = NOMINATING_DISTANCE_BITS

    def compute(self, picture: Picture) -> Fingerprint | Unhashable:
        """Return the code of the whole picture, or `Unhashable` for an even surface."""
        flat = picture.flattened()
        return self._code(flat.reduced(INDEXED_SIDE), lambda: look_at(flat))

    def compute_variants(self, picture: Picture) -> tuple[tuple[str, Fingerprint], ...]:
        """Return the codes of the picture's quarter turns, which the network sees as other pictures."""
        frame = picture.flattened().reduced(INDEXED_SIDE)
        turned = ((name, np.ascontiguousarray(np.rot90(frame, times))) for name, times in _TURNS)
        codes = ((name, self._code(one, partial(load_network().look, one))) for name, one in turned)
        return tuple((name, code) for name, code in codes if isinstance(code, Fingerprint))

    def compute_parts(self, picture: Picture) -> tuple[Fingerprint, ...]:
        """Return the codes of parts of a picture, one of which may be a copy of a whole work.

        25 overlapping quarters in one look, and of a picture 1.9 times as long as wide or longer its squares too: works
        lie side by side there, and a quarter shows half of one.
        """
        frame = picture.flattened().reduced(INDEXED_SIDE)
        parts = pool_parts(load_network().look(frame, PARTS_SIDE).features)
        squares = [pool(load_network().look(square).features) for square in cut_squares(frame)]
        return tuple(Fingerprint(self.alg, code, 100) for code in build_codes(np.stack([*parts, *squares])))

    def _code(self, frame: Frame, look: Callable[[], Look]) -> Fingerprint | Unhashable:
        import cv2

        spread = float(cv2.meanStdDev(frame)[1].max())
        if spread < LEAST_SPREAD:
            reason = f"expected a spread of at least {LEAST_SPREAD:g} levels, got {spread:.1f}: nothing to see"
            return Unhashable(self.alg, 0, reason)
        return Fingerprint(self.alg, build_code(pool(look().features)), 100)


def pool(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the power mean over the cells of a (rows, columns, channels) map: (channels,) float32."""
    raised: NDArray[np.float32] = np.maximum(features, 1e-6) ** POWER
    mean: NDArray[np.float32] = raised.mean(axis=(0, 1)) ** np.float32(1 / POWER)
    return mean


def pool_parts(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what `pool` says of each part of a (10, 10, channels) map: (25, channels) float32."""
    rows, columns, channels = features.shape
    raised = np.maximum(features, 1e-6)
    raised *= raised * raised
    # Which cells each part has, first down, then across; nothing is below zero, so nothing cancels out.
    bands = _cover(rows) @ raised.reshape(rows, columns * channels)
    whole = _cover(columns) @ bands.reshape(len(PART_STARTS), columns, channels)
    mean: NDArray[np.float32] = np.cbrt(whole.reshape(-1, channels) / PART_CELLS**2)
    return mean


def _cover(cells: int) -> NDArray[np.float32]:
    """Return (parts, cells) which cells of a line each part has."""
    return np.array([[float(first <= at < first + PART_CELLS) for at in range(cells)] for first in PART_STARTS], "f4")


def cut_squares(frame: Frame) -> list[Frame]:
    """Return the squares along a long picture, each half a side from the next, at most five; none of another."""
    rows, columns = frame.shape[:2]
    side, length = min(rows, columns), max(rows, columns)
    if length < LONG * side:
        return []
    count = min(MOST_SQUARES, max(2, round(2 * length / side) - 1))
    starts = np.linspace(0, length - side, count).round().astype(int).tolist()
    cut = (frame[:, at : at + side] if columns > rows else frame[at : at + side] for at in starts)
    return [np.ascontiguousarray(square) for square in cut]


def build_code(pooled: NDArray[np.float32]) -> bytes:
    """Return the signs of the fixed combinations of a pooled map, most significant bit first."""
    mean, matrix = _load_projection()
    return np.packbits((pooled - mean) @ matrix > 0).tobytes()


def build_codes(pooled: NDArray[np.float32]) -> list[bytes]:
    """Return what `build_code` says of each of (n, 1280) pooled maps."""
    mean, matrix = _load_projection()
    return [code.tobytes() for code in np.packbits((pooled - mean) @ matrix > 0, axis=1)]


@cache
def _load_projection() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean (1280,) and the combinations (1280, 512).

    Raises:
        WeightsError: the file is missing, or not the one that this version was tested with.
    """
    try:
        path = files("provenance.fingerprints").joinpath(PROJECTION)
        data = path.read_bytes()
    except OSError as exc:
        raise WeightsError(f"{PROJECTION} is not where the package has it: install chopmark again") from exc
    digest = sha256_hex(data)
    if digest != PROJECTION_SHA256:
        raise WeightsError(f"expected {PROJECTION} with SHA-256 {PROJECTION_SHA256[:12]}…, got {digest[:12]}…")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return arrays["mean"].astype(np.float32), arrays["matrix"].astype(np.float32)
