"""Pictures of pictures: prints photographed, screens photographed, screens captured. Simulations, no measurements.

Each step is what the literature on print-cam robustness lists (perspective, defocus, halftone, uneven light, gamma,
sensor noise, JPEG); sizes are chosen so that a person would still call the result a usable copy.
"""

import cv2
import numpy as np

from bench.watermark.edits import Rng, blurred, curve, encoded, noisy, perspective, resized
from provenance.asset import Frame


def _lit(frame: Frame, rng: Rng, depth: float) -> Frame:
    """Let light fall off from one side to the other."""
    height, width = frame.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = 1 - depth / 2 + depth / 2 * (np.cos(angle) * across + np.sin(angle) * down)
    return np.clip(np.rint(frame * light[..., None]), 0, 255).astype(np.uint8)


def _halftoned(frame: Frame, pitch: float, depth: float) -> Frame:
    """Print with dots: a cosine screen for each ink at its usual angle, softened as paper does."""
    height, width = frame.shape[:2]
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    made = np.empty(frame.shape, np.float32)
    for channel, degrees in enumerate((15.0, 75.0, 45.0)):
        angle = np.radians(degrees)
        one = np.cos(2 * np.pi / pitch * (across * np.cos(angle) + down * np.sin(angle)))
        two = np.cos(2 * np.pi / pitch * (down * np.cos(angle) - across * np.sin(angle)))
        ink = frame[..., channel] / 255
        made[..., channel] = 255 * (ink + depth * ink * (1 - ink) * (one + two))
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


def print_and_photograph(frame: Frame, rng: Rng, *, strength: float) -> Frame:
    """Print with a halftone, photograph from a slight angle, save as JPEG; strength 1 is a careful hand."""
    made = _halftoned(resized(frame, rng, across=2), 5.3, 0.35 * strength)
    made = blurred(made, rng, sigma=1.2 * strength)
    made = perspective(made, rng, share=0.02 * strength)
    made = resized(made, rng, across=0.5 * float(rng.uniform(0.8, 1.1)), how="bicubic")
    made = curve(_lit(made, rng, 0.15 * strength), rng, power=1 + 0.1 * strength, times=0.92, about=128)
    return encoded(noisy(made, rng, deviation=3 * strength), rng, form="JPEG", quality=75)


def screen_and_photograph(frame: Frame, rng: Rng, *, strength: float) -> Frame:
    """Show on a screen with red, green and blue stripes and photograph it, so that moire appears."""
    height, width = frame.shape[:2]
    shown = cv2.resize(frame, (3 * width, 3 * height), interpolation=cv2.INTER_NEAREST).astype(np.float32)
    stripes = np.full((1, 3 * width, 3), 1 - 0.5 * strength, np.float32)
    for channel in range(3):
        stripes[:, channel::3, channel] = 1 + strength
    rows = np.where(np.arange(3 * height) % 3 == 2, 1 - 0.3 * strength, 1 + 0.15 * strength)[:, None, None]
    shown = np.clip(shown * stripes * rows, 0, 255).astype(np.uint8)
    angle = float(rng.uniform(-2, 2)) * strength
    scale = float(rng.uniform(0.34, 0.44))
    turn = cv2.getRotationMatrix2D((1.5 * width, 1.5 * height), angle, scale)
    turn[:, 2] += [width / 2 - 1.5 * width, height / 2 - 1.5 * height]
    seen = cv2.warpAffine(cv2.GaussianBlur(shown, (0, 0), 1.2), turn, (width, height), flags=cv2.INTER_LINEAR)
    seen = noisy(curve(seen, rng, power=0.95), rng, deviation=2 * strength)
    return encoded(seen, rng, form="JPEG", quality=80)


def screenshot(frame: Frame, rng: Rng, *, across: float, dark: bool = False, quality: int | None = None) -> Frame:
    """Capture a window that shows the picture scaled, with bars of an application around it."""
    shown = resized(frame, rng, across=across, how="bilinear")
    height, width = shown.shape[:2]
    bar, side = max(12, height // 14), max(6, width // 30)
    made = np.full((height + 2 * bar, width + 2 * side, 3), 32 if dark else 245, np.uint8)
    made[bar : bar + height, side : side + width] = shown
    made[bar // 3 : 2 * bar // 3, side : side + width // 3] = 120
    made[-bar // 2 - 2 : -bar // 2 + 2, side:-side] = 180
    return made if quality is None else encoded(made, rng, form="JPEG", quality=quality)
