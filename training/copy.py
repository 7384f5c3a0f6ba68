"""Fits the directions in which pictures differ, for the fingerprint `copy`.

    python -m training.copy OUT FOLDER [FOLDER ...]

Learns from parts of the photographs in the folders, without labels: their mean, their 256 principal directions, each
damped by a share of the first so that none shouts, and 512 fixed random combinations of those. What is shipped learned
from the 24 photographs of the Kodak suite and the photographs of scikit-image; no picture that figures are reported on
is among them.
"""

import sys
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.asset import Frame
from provenance.fingerprints.copy import POWER, PROJECTION, pool
from provenance.media.picture.image import parse_image
from provenance.sight.network import load_network

PARTS: Final = 40
"""Parts cut from each photograph."""
DIRECTIONS: Final = 256
BITS: Final = 512
DAMPING: Final = 0.3
"""Share of the first direction's spread that is added to each direction's before dividing by it."""
LEAST_SIDE: Final = 200


def cut_parts(frame: Frame, noise: np.random.Generator) -> list[Frame]:
    """Return parts of 8 to 100 % of the area, up to half as wide or high again as the whole is."""
    height, width = frame.shape[:2]
    parts = []
    for _ in range(PARTS):
        area, shape = height * width * noise.uniform(0.08, 1), np.exp(noise.uniform(-0.4, 0.4))
        high, wide = min(height, int((area / shape) ** 0.5)), min(width, int((area * shape) ** 0.5))
        top, left = noise.integers(0, height - high + 1), noise.integers(0, width - wide + 1)
        parts.append(np.ascontiguousarray(frame[top : top + high, left : left + wide]))
    return parts


def fit(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Return the mean (C,) and the combinations (C, 512) of (N, C) pooled vectors."""
    mean = vectors.mean(axis=0)
    spreads, directions = np.linalg.eigh(np.cov((vectors - mean).T))
    order = spreads.argsort()[::-1][:DIRECTIONS]
    spread = np.sqrt(np.maximum(spreads[order], 0))
    whitened = directions[:, order] / (spread + DAMPING * spread[0])
    mixing = np.random.default_rng(POWER).normal(size=(DIRECTIONS, BITS)) / DIRECTIONS**0.5
    return mean.astype(np.float16), (whitened @ mixing).astype(np.float16)


def main(arguments: list[str]) -> None:
    """Fit on the folders named and write the file."""
    out, *folders = map(Path, arguments)
    noise, network, vectors = np.random.default_rng(1), load_network(), []
    for path in sorted(path for folder in folders for path in folder.iterdir()):
        if path.suffix.lower() not in {".png", ".jpg", ".jpeg"}:
            continue
        with Image.open(path) as opened:
            if min(opened.size) < LEAST_SIDE or opened.mode not in {"RGB", "L", "RGBA"}:
                continue
        frame = parse_image(path.read_bytes()).flattened().frame
        vectors += [pool(network.look(part).features) for part in cut_parts(frame, noise)]
    mean, matrix = fit(np.stack(vectors))
    np.savez_compressed(out / PROJECTION, mean=mean, matrix=matrix)
    print(f"{out / PROJECTION}: from {len(vectors)} parts")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
