"""imagehash's pHash, 64 bits: a second opinion beside PDQ.

Too short to search with (2 of 530,000 pairs of different photographs lie within 10 bits), but of another make: where
PDQ has found a work, pHash of the same variant says whether it agrees. The same fixed route as for PDQ.
"""

from typing import Final

import numpy as np

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
        from PIL import Image

        with importing_scipy():
            import imagehash
            import scipy.fftpack  # noqa: F401 - imagehash asks for it when it is called

        frame = picture.flattened().reduced(INDEXED_SIDE)
        quality = _contrast_quality(frame)
        if quality < LEAST_QUALITY:
            reason = f"expected a contrast quality of at least {LEAST_QUALITY}, got {quality}: nearly flat"
            return Unhashable(self.alg, quality, reason)
        code = imagehash.phash(Image.fromarray(frame)).hash
        return Fingerprint(self.alg, np.packbits(code.ravel()).tobytes(), quality)

    def compute_variants(self, picture: Picture) -> tuple[tuple[str, Fingerprint], ...]:
        """Return codes of the same variants as PDQ's, to compare where PDQ has matched one."""
        hashed = ((name, self.compute(variant)) for name, variant in build_variants(picture.flattened()))
        return tuple((name, code) for name, code in hashed if isinstance(code, Fingerprint))


def _contrast_quality(frame: Frame) -> int:
    import cv2

    side = (_THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    thumbnail = cv2.resize(luma, side, interpolation=cv2.INTER_AREA)
    return min(100, round(_QUALITY_PER_GREY_LEVEL * float(thumbnail.std())))
