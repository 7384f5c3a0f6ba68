"""Is a clip the one that was released, or a part of it? A mark leads to a record, and can be copied: this decides.

A record holds some codes of what was released, at most `track.MOST_PACKED`. Where enough of them lie in the clip, one
after another as they should, nothing has to be decoded; else what was released is looked through.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Final

from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.landmark import find_part
from provenance.fingerprints.pdq import CONFIDENT_DISTANCE_BITS
from provenance.fingerprints.track import align, pair_codes, unpack_codes
from provenance.media.medium import Comparison
from provenance.media.picture.comparison import DIFFERENT_PICTURE_RATIO
from provenance.media.picture.overlap import LEAST_SHARED, count_shared_details
from provenance.media.video.clip import Clip, Glimpse

# Of the codes of the clip asked about, the share that has to be in the other one, at one offset.
_LEAST_SHARE: Final = 0.5
# So few sealed codes say too little of a clip.
_LEAST_SEALED: Final = 3
_COMPARED_HERE: Final = 3
_COMPARED_THERE: Final = 8


def compare(clip: Clip, recorded: bytes | None, load_released: Callable[[], Clip | None]) -> Comparison:
    """Compare a clip with a release: by codes and their times, then by details that frames share.

    Args:
        clip: the one asked about.
        recorded: codes of the release as `track.pack_codes` wrote them, or None.
        load_released: returns what was released, or None where it is not at hand.
    """
    sealed = _unpack(recorded)
    known = _find_sealed(clip, sealed)
    if known is not None:
        return Comparison(known, agrees=True)
    distance = _measure_distance_bits(clip, sealed)
    released = load_released()
    if released is None:
        far = distance is not None and distance >= DIFFERENT_PICTURE_RATIO * 256
        return Comparison(distance, agrees=False if far else None)
    seen = _compare_pictures(clip, released)
    # Its sound under pictures that tell nothing, or under other ones: neither that clip nor another.
    return replace(seen, agrees=None) if seen.agrees is False and _is_heard(clip, released) else seen


def _is_heard(clip: Clip, released: Clip) -> bool:
    """Say whether one clip has a part of the other's soundtrack."""
    here, there = clip.soundtrack, released.soundtrack
    return here is not None and there is not None and find_part(here.landmarks, there.landmarks) is not None


def _compare_pictures(clip: Clip, released: Clip) -> Comparison:
    pairs = pair_codes(clip.codes, released.codes, CONFIDENT_DISTANCE_BITS)
    alignment = align(pairs, least=1)
    if alignment is not None and alignment.pairs >= _LEAST_SHARE * len(clip.codes):
        return Comparison(alignment.distance_bits, agrees=True)
    nearest = min(
        (_distance_bits(one.value, code.value) for one in clip.codes for code in released.codes), default=None
    )
    shared = max(
        (
            count_shared_details(here.picture.frame, there.picture.frame)
            for here in _spread(clip.glimpses, _COMPARED_HERE)
            for there in _spread(released.glimpses, _COMPARED_THERE)
        ),
        default=0,
    )
    return Comparison(nearest, shared, agrees=shared >= LEAST_SHARED)


def _spread(glimpses: tuple[Glimpse, ...], most: int) -> tuple[Glimpse, ...]:
    return glimpses[:: max(1, -(-len(glimpses) // most))]


def _unpack(recorded: bytes | None) -> tuple[Fingerprint, ...]:
    try:
        return unpack_codes(recorded or b"")
    except ValueError:
        return ()


def _find_sealed(clip: Clip, sealed: tuple[Fingerprint, ...]) -> int | None:
    """Return the distance of a clip that holds half of the sealed codes that one of its length should, else None."""
    if len(sealed) < _LEAST_SEALED:
        return None
    times = [code.at_s or 0.0 for code in sealed]
    gap_s = sorted(after - before for before, after in pairwise(times))[(len(times) - 1) // 2]
    expected = float(clip.facts["duration_s"]) / max(gap_s, 1 / clip.codes_a_second)
    alignment = align(pair_codes(sealed, clip.codes, CONFIDENT_DISTANCE_BITS), least=_LEAST_SEALED)
    if alignment is None or alignment.pairs < _LEAST_SHARE * expected:
        return None
    return alignment.distance_bits


def _measure_distance_bits(clip: Clip, sealed: tuple[Fingerprint, ...]) -> int | None:
    """Return how far the nearest sealed code lies from the nearest of the clip, None where there is none."""
    return min((_distance_bits(code.value, one.value) for code in clip.codes for one in sealed), default=None)


def _distance_bits(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()
