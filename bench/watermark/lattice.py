"""What an attacker does who runs the scheme's own code without a key: read the waves of the public lattice, lay them back.

The detector's front end, the lattice on which lines lie, the mask and the colour are public; places, phases and signs are
not. So the attacker reads every wave of the lattice in every cell of a period, looks for what cells have in common (a
mean, a low rank, what a thousand pictures under one key agree on), and lays that negatively, masked as the embedder
would. Pictures of at most 1024 pixels, whose cells are 128 wide.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile.mask import CELL, Quality, measure_visibility

Waves = NDArray[np.complex64]
"""(R, C, L): each wave of the lattice in each cell."""

_REACH: Final = 31
_COUNT: Final = 1060
# As the embedder has it, all of it public.
_COLOUR: Final = np.array([0.774, 1.519, 0.295], np.float32)
_QUALITY: Final = Quality(42.3, 0.012, 1.0)


def _list_lines() -> NDArray[np.int64]:
    """Return (L, 2): the lattice's lines that a tile can use, lowest first."""
    across, down = (part.ravel() for part in np.meshgrid(np.arange(-_REACH, _REACH + 1), np.arange(1, _REACH + 1)))
    far = across**2 + down**2
    usable = (across != 0) & (far >= 56)
    across, down, far = across[usable], down[usable], far[usable]
    order = np.lexsort((across, down, far))[:_COUNT]
    return np.stack([across[order], down[order]], axis=1)


LINES: Final = _list_lines()
_ROWS: Final = np.exp(-2j * np.pi / PERIOD * np.arange(1, _REACH + 1)[:, None] * np.arange(PERIOD)).astype(np.complex64)
_COLUMNS: Final = np.exp(
    -2j * np.pi / PERIOD * np.arange(PERIOD)[:, None] * np.arange(-_REACH, _REACH + 1)[None]
).astype(np.complex64)


def read_waves(frame: Frame) -> Waves:
    """Return every wave of the lattice in every cell, by the detector's own front end."""
    residual = build_residual(frame)
    rows, columns = (-(-side // PERIOD) for side in residual.shape)
    filled = np.zeros((rows * PERIOD, columns * PERIOD), np.float32)
    filled[: residual.shape[0], : residual.shape[1]] = residual
    cells = filled.reshape(rows, PERIOD, columns, PERIOD).transpose(0, 2, 1, 3)
    spectra = _ROWS @ cells @ _COLUMNS
    waves: Waves = spectra[:, :, LINES[:, 1] - 1, LINES[:, 0] + _REACH]
    return waves


def lay_waves(frame: Frame, waves: Waves, gain: float) -> Frame:
    """Take waves out of a picture: each at the same size, with the phases given, as strong as the mask lets a mark be."""
    height, width = frame.shape[:2]
    units = waves / np.maximum(np.abs(waves), 1e-9)
    spectra = np.zeros((*waves.shape[:2], PERIOD, PERIOD // 2 + 1), np.complex64)
    for sign in (1, -1):
        across, down = sign * LINES[:, 0], sign * LINES[:, 1]
        half = across > 0
        values = units[:, :, half] if sign == 1 else np.conj(units[:, :, half])
        spectra[:, :, down[half] % PERIOD, across[half]] = values
    cells = np.fft.irfft2(spectra, (PERIOD, PERIOD))
    plane = cells.transpose(0, 2, 1, 3).reshape(waves.shape[0] * PERIOD, waves.shape[1] * PERIOD)[:height, :width]
    mask = measure_visibility(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)).scaled(_QUALITY)
    rows, columns = mask.shape
    wide = cv2.resize(mask, (columns * CELL, rows * CELL), interpolation=cv2.INTER_LINEAR)[:height, :width]
    taken = gain * wide * (plane / max(float(plane.std()), 1e-9)).astype(np.float32)
    return np.clip(np.rint(frame - taken[..., None] * _COLOUR), 0, 255).astype(np.uint8)


def in_common(waves: Waves) -> Waves:
    """Return what all cells have in common: their mean, in each of them."""
    return np.broadcast_to(waves.mean(axis=(0, 1)), waves.shape)


def low_rank(waves: Waves, rank: int, groups: int = 1) -> Waves:
    """Return the part of least rank of the matrix of cells by lines; of each group of lines by itself, dealt in turn."""
    matrix = waves.reshape(-1, waves.shape[2])
    kept = np.empty_like(matrix)
    for group in range(groups):
        left, sizes, right = np.linalg.svd(matrix[:, group::groups], full_matrices=False)
        kept[:, group::groups] = (left[:, :rank] * sizes[:rank]) @ right[:rank]
    return kept.reshape(waves.shape)


def learn_signs(collected: Sequence[Waves]) -> NDArray[np.complex64]:
    """Return (L, C): for each line the pattern over cells that pictures under one key agree on most, whatever their ids.

    An id turns a line's sign in all cells alike, so products of two cells do not know it; they are summed over pictures.
    """
    matrix = np.stack([waves.reshape(-1, waves.shape[2]) for waves in collected]).transpose(2, 1, 0)
    products = matrix @ np.conj(matrix.transpose(0, 2, 1))
    # Noise alone fills the diagonal.
    products[:, np.arange(products.shape[1]), np.arange(products.shape[1])] = 0
    _, vectors = np.linalg.eigh(products)
    patterns: NDArray[np.complex64] = vectors[:, :, -1].astype(np.complex64)
    return patterns


def agree_with(waves: Waves, patterns: NDArray[np.complex64]) -> Waves:
    """Return the part of a picture's waves that follows learnt patterns: each line folded with its own."""
    matrix = waves.reshape(-1, waves.shape[2])
    folded = (np.conj(patterns.T) * matrix).sum(axis=0)
    return (patterns.T * folded).reshape(waves.shape).astype(np.complex64)
