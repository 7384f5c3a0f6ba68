"""imagehash's pHash, 64 bits: a second opinion beside PDQ.

Too short to search with (2 of 530,000 pairs of different photographs lie within 10 bits), but of another make: where
PDQ has found a work, pHash of the same variant says whether it agrees. The same fixed route as for PDQ.
"""

import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.compiler import importing_scipy
from provenance.fingerprints.base import Fingerprint, Unhashable
from provenance.fingerprints.variants import INDEXED_SIDE, build_variants
from provenance.media.picture.image import Picture

# idealo/imagededup and common practice for 64 bits; measured: .96 and more of 80 photographs under compression,
# scaling, blur, noise and tone, .90 turned by 2 degrees.
CONFIDENT_DISTANCE_BITS: Final = 10
# Measured on 33 photographs with contrast taken out: at a standard deviation of one grey level JPEG 75 moves the code
# by 8 bits at most, at half a level by 10.
_QUALITY_PER_GREY_LEVEL: Final = 50
LEAST_QUALITY: Final = 50
_THUMBNAIL_SIDE: Final = 32
_LOW: Final = 8


class PHash:
    """Computes 64-bit pHash codes over one fixed route.

    pHash has no measure of quality of its own; here it is 50 times the standard deviation, in grey levels, of the 32x32
    thumbnail that it looks at, at most 100.

    Source: imagehash 4.3.2, `phash`; hackerfactor.com, "Looks Like It".
    """

    alg: Final = "phash"
    bits: Final = 64
    confident_distance_bits: Final = CONFIDENT_DISTANCE_BITS

    def compute(self, picture: Picture) -> Fingerprint | Unhashable:
        """Return the code, most significant bit first as `str(ImageHash)` has it, or `Unhashable` under 50."""
        frame = picture.flattened().reduced(INDEXED_SIDE)
        quality = _contrast_quality(frame)
        if quality < LEAST_QUALITY:
            reason = f"expected a contrast quality of at least {LEAST_QUALITY}, got {quality}: nearly flat"
            return Unhashable(self.alg, quality, reason)
        return Fingerprint(self.alg, np.packbits(_hash(frame).ravel()).tobytes(), quality)

    def compute_variants(self, picture: Picture) -> tuple[tuple[str, Fingerprint], ...]:
        """Return codes of the same variants as PDQ's, to compare where PDQ has matched one."""
        hashed = ((name, self.compute(variant)) for name, variant in build_variants(picture.flattened()))
        return tuple((name, code) for name, code in hashed if isinstance(code, Fingerprint))


def _hash(frame: Frame) -> NDArray[np.bool_]:
    """Return what imagehash's `phash` does, bit by bit: which low frequencies exceed their median."""
    from PIL import Image

    side = (_THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
    pixels = np.asarray(Image.fromarray(frame).convert("L").resize(side, Image.Resampling.LANCZOS), np.float64)
    dct = _load_dct()
    low: NDArray[np.float64] = dct(dct(pixels, 0), 1)[:_LOW, :_LOW]
    return low > np.median(low)


@cache
def _load_dct() -> Callable[[NDArray[np.float64], int], NDArray[np.float64]]:
    """Return SciPy's cosine transform along an axis, from its own module alone: all of SciPy takes 130 ms to import."""
    with importing_scipy():
        found = find_spec("scipy")
        for folder in (found and found.submodule_search_locations) or ():
            for path in Path(folder).glob("fft/_pocketfft/pypocketfft.*.so"):
                name = "scipy.fft._pocketfft.pypocketfft"
                spec = spec_from_file_location(name, path)
                assert spec is not None
                assert spec.loader is not None
                module = sys.modules.get(name)
                if module is None:
                    module = module_from_spec(spec)
                    spec.loader.exec_module(module)
                return lambda pixels, axis: module.dct(pixels, 2, (axis,), 0, None, 1, False)
        from scipy.fftpack import dct

        return lambda pixels, axis: np.asarray(dct(pixels, axis=axis))


def _contrast_quality(frame: Frame) -> int:
    import cv2

    side = (_THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    thumbnail = cv2.resize(luma, side, interpolation=cv2.INTER_AREA)
    return min(100, round(_QUALITY_PER_GREY_LEVEL * float(thumbnail.std())))
