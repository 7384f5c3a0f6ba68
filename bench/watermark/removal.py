"""What an attacker does who knows the algorithm but no key: estimate what is periodic, subtract it, add it elsewhere.

Marks that repeat can be averaged: over the repeats in one picture (folding), over many pictures under one key, in the
spectrum (notching). Everything works on the three planes of YCbCr, so that a mark in colour is found as well.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from provenance.asset import Frame

Planes = NDArray[np.float32]
"""(3, H, W): luma and two colour differences."""

# What a tile could repeat after, in pixels.
PERIODS: Final = (48, 320)


def to_planes(frame: Frame) -> Planes:
    """Return luma and colour differences."""
    return np.moveaxis(cv2.cvtColor(frame.astype(np.float32), cv2.COLOR_RGB2YCrCb), 2, 0).copy()


def to_frame(planes: Planes) -> Frame:
    """Round planes to a picture."""
    stacked = np.ascontiguousarray(np.moveaxis(planes, 0, 2), np.float32)
    return np.clip(np.rint(cv2.cvtColor(stacked, cv2.COLOR_YCrCb2RGB)), 0, 255).astype(np.uint8)


def band(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keep what is fine: a difference of Gaussians, where marks that survive JPEG have to lie."""
    return cv2.GaussianBlur(plane, (0, 0), 0.5) - cv2.GaussianBlur(plane, (0, 0), 2.5)


def activity(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how busy a plane is at each pixel: where a mark may be strong, and where the picture drowns it."""
    # A box filter of float32 keeps a running sum, which can end below zero.
    return np.sqrt(np.maximum(cv2.blur(band(plane) ** 2, (15, 15)), 0)) + np.float32(0.5)


def fold(plane: NDArray[np.float32], period: int) -> NDArray[np.float32]:
    """Return the mean over all repeats, period by period, of a plane that fills at least one."""
    height, width = plane.shape
    rows, columns = (math.ceil(side / period) * period for side in (height, width))
    filled = np.zeros((rows, columns), np.float32)
    counted = np.zeros((rows, columns), np.float32)
    filled[:height, :width], counted[:height, :width] = plane, 1
    shape = rows // period, period, columns // period, period
    sums, counts = (values.reshape(shape).sum(axis=(0, 2)) for values in (filled, counted))
    tile = sums / np.maximum(counts, 1)
    return tile - tile.mean()


def spread(tile: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Repeat a tile over a plane."""
    return np.tile(tile, (math.ceil(height / tile.shape[0]), math.ceil(width / tile.shape[1])))[:height, :width]


def period_of(frame: Frame) -> int:
    """Return the period that the algorithm publishes: 128 pixels, or an eighth of a longest side above 1024."""
    longest = max(frame.shape[:2])
    return 128 if longest <= 1024 else round(longest / 8)


def find_period(frame: Frame) -> int:
    """Return the shift at which a picture looks most like itself, both ways together: no knowledge needed."""
    plane = to_planes(frame)[0]
    white = band(plane) / activity(plane)
    height, width = white.shape
    spectrum = np.fft.rfft2(white)
    power = np.abs(spectrum) ** 2
    # Flat but for its peaks: otherwise texture repeats more strongly than a mark.
    power /= np.maximum(cv2.blur(power, (31, 31)), 1e-9)
    likeness = np.fft.irfft2(np.minimum(power, 100), (height, width))
    least, most = PERIODS
    most = min(most, height // 2, width // 2)
    shifts = np.arange(least, most)
    return int(shifts[np.argmax(likeness[shifts, 0] + likeness[0, shifts] + likeness[shifts, shifts])])


def estimate(frame: Frame, period: int) -> NDArray[np.float32]:
    """Return (3, period, period): the tile that one picture shows, busy parts counting less."""
    return np.stack([fold(band(plane) / activity(plane), period) for plane in to_planes(frame)])


@dataclass(frozen=True, slots=True)
class Averaged:
    """What many pictures under one key show: the mean tile, and the waves of it that all pictures agree on."""

    mean: NDArray[np.float32]
    agreed: NDArray[np.float32]


def average(frames: Sequence[Frame], period: int) -> Averaged:
    """Average tiles over pictures, and keep of it, separately, the waves whose phases agree."""
    spectra = np.stack([np.fft.fft2(estimate(frame, period)) for frame in frames])
    mean = spectra.mean(axis=0)
    phases = np.abs((spectra / (np.abs(spectra) + 1e-9)).mean(axis=0))
    # Of N random phases the mean is below 2.4 / sqrt(N) in 99.7 % of cases (Rayleigh).
    agreed = mean * (phases > 2.4 / math.sqrt(len(frames))) if len(frames) > 5 else mean
    return Averaged(*(np.fft.ifft2(part).real.astype(np.float32) for part in (mean, agreed)))


def subtract(frame: Frame, tiles: NDArray[np.float32], gain: float) -> Frame:
    """Take a tile out of a picture: as much as a regression finds of it, times a gain, busy parts more."""
    planes = to_planes(frame)
    for number, tile in enumerate(tiles):
        plane = planes[number]
        weight = activity(plane)
        shape = spread(tile, *plane.shape) * weight
        share = float((band(plane) * band(shape) / weight**2).sum() / ((band(shape) / weight) ** 2).sum())
        planes[number] -= gain * max(share, 0.0) * shape
    return to_frame(planes)


def comb(frame: Frame, period: int, gain: float = 1.0) -> Frame:
    """Take out every wave that repeats with the period, in the band that a mark can use: 0.05 to 0.25 cycles a pixel.

    No key and no estimate is needed: it notches each point of the lattice on which the lines have to lie.
    """
    planes = to_planes(frame)
    across = np.fft.fftfreq(period)
    far = np.hypot(across[:, None], across[None])
    used = (far >= 0.05) & (far <= 0.25)
    for number, plane in enumerate(planes):
        tile = np.fft.ifft2(np.fft.fft2(fold(plane, period)) * used).real.astype(np.float32)
        planes[number] = plane - gain * spread(tile, *plane.shape)
    return to_frame(planes)


def notch(frame: Frame, times: float) -> Frame:
    """Bring peaks of the spectrum down to the median round them, where they exceed it so many times."""
    planes = to_planes(frame)
    height, width = planes.shape[1:]
    across = np.abs(np.fft.rfftfreq(width))
    far = np.hypot(np.abs(np.fft.fftfreq(height))[:, None], across[None])
    for number, plane in enumerate(planes):
        spectrum = np.fft.rfft2(plane)
        size = np.abs(spectrum)
        usual = median_filter(size, size=9, mode="wrap")
        peaks = (size > times * usual) & (far > 0.03) & (far < 0.45)
        spectrum[peaks] *= usual[peaks] / size[peaks]
        planes[number] = np.fft.irfft2(spectrum, (height, width))
    return to_frame(planes)


def nudge(frame: Frame) -> Frame:
    """Cut a few pixels off and shrink to 97 %."""
    cut = frame[5:-3, 7:-2]
    return cv2.resize(cut, None, fx=0.97, fy=0.97, interpolation=cv2.INTER_AREA)


def transplant(source: Frame, target: Frame, gain: float, *, folded: bool) -> Frame:
    """Move the mark of a picture to another: its folded tile, or all that a denoiser takes out of it."""
    height, width = (min(sides) for sides in zip(source.shape[:2], target.shape[:2], strict=True))
    source, target = source[:height, :width], target[:height, :width]
    if not folded:
        clean = cv2.fastNlMeansDenoisingColored(np.ascontiguousarray(source), None, 4, 4, 5, 15)
        moved = target + gain * (source.astype(np.float32) - clean)
        return np.clip(np.rint(moved), 0, 255).astype(np.uint8)
    period = period_of(source)
    planes, tiles = to_planes(target), estimate(source, period)
    moved = [spread(tile, height, width) * activity(plane) for plane, tile in zip(planes, tiles, strict=True)]
    return to_frame(planes + np.float32(gain) * np.stack(moved))
