"""Is a picture the one that a record describes? A mark leads to a record, and can be copied: this decides.

First the fingerprint in the signed record. It describes the whole frame, so a part of the picture is told from another
picture by the details that it shares with the file that was released.
"""

from collections.abc import Callable
from typing import Final

from provenance.fingerprints.base import Fingerprint, FingerprintScheme
from provenance.media.medium import Comparison
from provenance.media.picture.overlap import LEAST_SHARED, count_shared_details
from provenance.media.picture.raster import Picture

# baselines: of 530,000 pairs of different photographs the nearest were 84 bits apart; edits that keep the frame stay
# within 31. Between the two lies what was cropped a little: it neither agrees nor speaks of another picture.
DIFFERENT_PICTURE_RATIO: Final = 84 / 256


def compare(
    picture: Picture, scheme: FingerprintScheme, recorded: bytes | None, load_released: Callable[[], Picture | None]
) -> Comparison:
    """Compare a picture with a release.

    Schemes find their mark in flipped and turned copies, so those are compared too.

    Args:
        picture: the one asked about.
        scheme: of the fingerprint.
        recorded: the release's own fingerprint, or None.
        load_released: returns the released picture, or None where it is not at hand; asked only where fingerprints
            do not agree.
    """
    distance = _measure_distance_bits(picture, scheme, recorded)
    if distance is not None and distance <= scheme.confident_distance_bits:
        return Comparison(distance, agrees=True)
    agrees = False if distance is not None and distance >= DIFFERENT_PICTURE_RATIO * scheme.bits else None
    released = load_released()
    if released is None:
        return Comparison(distance, agrees=agrees)
    shared = count_shared_details(picture.flattened().frame, released.flattened().frame)
    return Comparison(distance, shared, agrees=True if shared >= LEAST_SHARED else agrees)


def _measure_distance_bits(picture: Picture, scheme: FingerprintScheme, recorded: bytes | None) -> int | None:
    """Return how far the picture is from a recorded fingerprint, or its nearest flip or quarter turn if it is far."""
    code = scheme.compute(picture.flattened())
    if not isinstance(code, Fingerprint) or recorded is None:
        return None
    distance = _distance_bits(code.value, recorded)
    if distance > scheme.confident_distance_bits:
        turned = (_distance_bits(one.value, recorded) for _, one in scheme.compute_variants(picture.flattened()))
        distance = min(distance, *turned)
    return distance


def _distance_bits(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()
