"""What words are found by, and how alike they are to those of a release: for every medium that has words."""

from collections.abc import Callable

from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.shingles import (
    EXACT,
    RADIUS_BITS,
    compute_code,
    distance_bits,
    hash_letters,
    list_shingles,
)
from provenance.media.medium import Comparison

# Of an excerpt, the share of its shingles that the release has: of another text hardly any are the same.
_PART_OF, _NO_PART_OF = 0.5, 0.05


def fingerprint_words(words: str) -> tuple[Fingerprint, ...]:
    """Return the code of the words, then the digest of the letters; () for fewer words than tell texts apart."""
    code = compute_code(words)
    return () if code is None else (code, Fingerprint(EXACT, hash_letters(words), 100))


def compare_words(words: str, recorded: bytes | None, load_released: Callable[[], str | None]) -> Comparison:
    """Compare by codes; of a part of a release, by how many of its runs of words the release has.

    Args:
        words: that are asked about.
        recorded: the release's own code, or None.
        load_released: returns its words, or None where they are not at hand; asked only where codes do not settle it.
    """
    code = compute_code(words)
    if recorded is None:
        return Comparison()
    distance = None if code is None else distance_bits(code.value, recorded)
    if distance is not None and distance <= RADIUS_BITS:
        return Comparison(distance, agrees=True)
    released = load_released()
    if released is None:
        return Comparison(distance)
    own = list_shingles(words)
    shared = len(own & list_shingles(released))
    share = shared / max(1, len(own))
    agrees = True if share >= _PART_OF else False if share < _NO_PART_OF else None
    return Comparison(distance, shared, agrees)
