"""Codes with times: which part of one track is which part of another, whatever the frame rate.

Pairs of near codes vote for the offset between the two; the pairs that agree on one are an alignment. A track that runs
slower or faster by a few per cent drifts, so votes are taken in a window and the alignment is followed from there.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from provenance.fingerprints.base import Fingerprint

TRACK_ALG: Final = "org.chopmark.pdq-track.1"
"""Soft-binding name of a clip's codes: for each, the tenth of a second as two bytes, then the 32 of PDQ."""

MOST_PACKED: Final = 56
"""Codes of a clip that its manifest keeps, evenly spread."""

_CODE_BYTES: Final = 32
_ENTRY_BYTES: Final = 2 + _CODE_BYTES
# Two codes a second: an excerpt lies at most a quarter of a second beside the grid of its work, either way.
_BIN_S: Final = 0.5
_WINDOW_BINS: Final = 1
# Playing at another speed moves the offset by this share of the time that has gone by.
_MOST_DRIFT: Final = 0.12


@dataclass(frozen=True, slots=True)
class Pair:
    """Two codes that are near: when each is seen, in seconds, and how far apart they are."""

    here_s: float
    there_s: float
    distance_bits: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which part of one track is which part of another.

    Attributes:
        here: from when to when in the one asked about, in seconds.
        there: the same in the other.
        pairs: how many codes agree, each of those asked about counted once.
        distance_bits: least of all.
        speed: seconds of the other in one of this.
    """

    here: tuple[float, float]
    there: tuple[float, float]
    pairs: int
    distance_bits: int
    speed: float = 1.0

    @property
    def words(self) -> str:
        """Both spans, for people."""
        here, there = (f"{start_s:.1f} to {end_s:.1f} s" for start_s, end_s in (self.here, self.there))
        return f"{here} is {there}"


def align(pairs: Iterable[Pair], *, least: int = 2) -> Alignment | None:
    """Return the alignment that most pairs agree on, or None for fewer than `least`.

    Args:
        pairs: of codes that are near each other; one code may be in many.
        least: distinct codes of the one asked about that have to agree.
    """
    known = list(pairs)
    votes: Counter[int] = Counter()
    for place in {(one.here_s, round((one.there_s - one.here_s) / _BIN_S)) for one in known}:
        votes[place[1]] += 1
    if not votes:
        return None
    best = max(
        votes,
        key=lambda at: (
            sum(votes[near] for near in range(at - _WINDOW_BINS, at + _WINDOW_BINS + 1)),
            votes[at],
            -abs(at),
        ),
    )
    offset_s = best * _BIN_S
    seeds = [one for one in known if abs(one.there_s - one.here_s - offset_s) <= _BIN_S * (_WINDOW_BINS + 0.5)]
    middle_s = sorted(one.here_s for one in seeds)[len(seeds) // 2]
    agreeing: dict[float, Pair] = {}
    for one in known:
        reach_s = _BIN_S * (_WINDOW_BINS + 0.5) + _MOST_DRIFT * abs(one.here_s - middle_s)
        if abs(one.there_s - one.here_s - offset_s) > reach_s:
            continue
        held = agreeing.get(one.here_s)
        if held is None or one.distance_bits < held.distance_bits:
            agreeing[one.here_s] = one
    kept = sorted(agreeing.values(), key=lambda one: one.here_s)
    if len(kept) < least:
        return None
    here, there = (kept[0].here_s, kept[-1].here_s), (kept[0].there_s, kept[-1].there_s)
    length_s = here[1] - here[0]
    return Alignment(
        (here[0], here[1] + _BIN_S),
        (min(there), max(there) + _BIN_S),
        len(kept),
        min(one.distance_bits for one in kept),
        round((there[1] - there[0]) / length_s, 2) if length_s > 0 else 1.0,
    )


def pair_codes(here: Sequence[Fingerprint], there: Sequence[Fingerprint], radius_bits: int) -> list[Pair]:
    """Return every pair of codes of two tracks that are near; those without a time are at the start."""
    pairs = []
    for one in here:
        value = int.from_bytes(one.value)
        for other in there:
            distance = (value ^ int.from_bytes(other.value)).bit_count()
            if distance <= radius_bits:
                pairs.append(Pair(one.at_s or 0.0, other.at_s or 0.0, distance))
    return pairs


def pack_codes(codes: Sequence[Fingerprint]) -> bytes:
    """Return codes with their times as one value, at most `MOST_PACKED` of them, evenly spread."""
    step = max(1, -(-len(codes) // MOST_PACKED))
    return b"".join(
        min(0xFFFF, round(10 * (code.at_s or 0))).to_bytes(2) + code.value
        for code in codes[::step]
        if len(code.value) == _CODE_BYTES
    )


def unpack_codes(packed: bytes) -> tuple[Fingerprint, ...]:
    """Return the codes that `pack_codes` wrote.

    Raises:
        ValueError: it never writes such.
    """
    if len(packed) % _ENTRY_BYTES:
        raise ValueError("expected codes of a clip with their times")
    entries = (packed[at : at + _ENTRY_BYTES] for at in range(0, len(packed), _ENTRY_BYTES))
    return tuple(Fingerprint("pdq", one[2:], 100, int.from_bytes(one[:2]) / 10) for one in entries)
