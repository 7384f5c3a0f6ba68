"""PDQ, 256 bits: the key under which the works registry finds copies.

Everything goes one route: what a viewer sees on white, reduced by area to a longest side of 512, then PDQ. Hashing a
1024 px picture so takes 7 ms instead of 50, nearly all of PDQ's cost being its own down-sampling; it moves the code by
8 of 256 bits in the median and 16 at most from that of the full size (33 photographs), so codes of other makers still
compare, with that much less reserve.
"""

from typing import Final

import numpy as np

from provenance.fingerprints.base import Fingerprint, Unhashable
from provenance.fingerprints.variants import INDEXED_SIDE, build_variants
from provenance.media.picture.image import Picture

# ThreatExchange, python-threatexchange: PDQ_CONFIDENT_MATCH_THRESHOLD and PDQ_CONFIDENT_QUALITY_THRESHOLD.
CONFIDENT_DISTANCE_BITS: Final = 31
LEAST_QUALITY: Final = 50


class Pdq:
    """Computes PDQ codes over one fixed route.

    Limits: compression, scaling, noise, blur and tone hardly move it (docs/fingerprints.md); geometry does: a turn of 2
        degrees leaves 8 of 33 photographs within 31 bits, a crop to 90 % none, hence the variants. Nearest pair of
        different photographs among 530,000: 84 bits.
    Source: "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm", Meta 2019; pdqhash 0.2.8.
    """

    alg: Final = "pdq"
    bits: Final = 256
    confident_distance_bits: Final = CONFIDENT_DISTANCE_BITS

    def compute(self, picture: Picture) -> Fingerprint | Unhashable:
        """Return the code, most significant bit first as PDQ's usual hexadecimal has it, or `Unhashable` under 50."""
        return picture.derive(self.alg, lambda: self._compute(picture))

    def _compute(self, picture: Picture) -> Fingerprint | Unhashable:
        import pdqhash

        vector, quality = pdqhash.compute(picture.flattened().reduced(INDEXED_SIDE))
        if quality < LEAST_QUALITY:
            reason = f"expected PDQ quality of at least {LEAST_QUALITY}, got {quality}: too little structure"
            return Unhashable(self.alg, int(quality), reason)
        return Fingerprint(self.alg, np.packbits(vector.astype(np.uint8)).tobytes(), int(quality))

    def compute_variants(self, picture: Picture) -> tuple[tuple[str, Fingerprint], ...]:
        """Return codes of flips, quarter turns and common crops; those without structure are left out.

        The turned pixels are hashed, not the code permuted (`pdqhash.compute_dihedral`): permuting costs 16 bits of the
        31 in four of the seven positions (measured).
        """
        hashed = ((name, self.compute(variant)) for name, variant in build_variants(picture.flattened()))
        return tuple((name, code) for name, code in hashed if isinstance(code, Fingerprint))
