"""The seam between the gate and perceptual fingerprints."""

from dataclasses import dataclass
from typing import Final, Protocol

from provenance.errors import BrokenPluginError
from provenance.media.picture.image import Picture
from provenance.plugins import Plugins, running


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A comparable code of a picture.

    Attributes:
        alg: plugin name, versioned where the algorithm's route matters (``pdq``, ``phash``).
        value: the code, most significant bit first; 32 bytes for PDQ, 8 for pHash.
        quality: 0-100; below the scheme's bound the code says nothing.
        at_s: when what it describes is seen or heard, in seconds from the asset's start; None for what has no time.
    """

    alg: str
    value: bytes
    quality: int
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unhashable:
    """The picture has too little structure for this scheme: a result, never a non-match."""

    alg: str
    quality: int
    reason: str


class FingerprintScheme(Protocol):
    """Turns pixels into comparable codes."""

    @property
    def alg(self) -> str:
        """Plugin name."""

    @property
    def bits(self) -> int:
        """Length of the code."""

    @property
    def confident_distance_bits(self) -> int:
        """Hamming distance at which two pictures count as the same, with its source in the module."""

    def compute(self, picture: Picture) -> Fingerprint | Unhashable:
        """Return the code of `picture`, or say that it has none."""

    def compute_variants(self, picture: Picture) -> tuple[tuple[str, Fingerprint], ...]:
        """Return (variant name, code) pairs to index beside the plain code: flips, quarter turns, common crops."""


FINGERPRINTS: Plugins[type[FingerprintScheme]] = Plugins(
    kind="fingerprints",
    builtins={
        "pdq": "provenance.fingerprints.pdq:Pdq",
        "phash": "provenance.fingerprints.phash:PHash",
        "copy": "provenance.fingerprints.copy:Copy",
    },
)

MOST_BITS: Final = 512
"""As wide as the column of codes."""

_PARTS: Final = ("alg", "bits", "confident_distance_bits", "compute", "compute_variants")


def make_scheme(name: str) -> FingerprintScheme:
    """Return a fingerprint scheme, checked to be one whose codes can be kept and searched.

    Raises:
        PluginError: there is none of this name, or its code fails, or it is none.
    """
    scheme: FingerprintScheme = FINGERPRINTS.make(name, has=_PARTS)
    if scheme.alg != name or not 0 < scheme.bits <= MOST_BITS or scheme.bits % 8:
        raise BrokenPluginError(
            f"fingerprints plugin {name!r} is no plugin of its kind: expected codes named {name} of whole bytes and at "
            f"most {MOST_BITS} bits, got {scheme.alg} of {scheme.bits}"
        )
    return scheme if name in FINGERPRINTS.builtins else _Checked(scheme)


@dataclass(frozen=True, slots=True)
class _Checked:
    """A third party's scheme, whose failures and wrong answers are told by its name."""

    scheme: FingerprintScheme

    @property
    def alg(self) -> str:
        """As the scheme says."""
        return self.scheme.alg

    @property
    def bits(self) -> int:
        """As the scheme says."""
        return self.scheme.bits

    @property
    def confident_distance_bits(self) -> int:
        """As the scheme says."""
        return self.scheme.confident_distance_bits

    def compute(self, picture: Picture) -> Fingerprint | Unhashable:
        """Ask the scheme, and check the answer."""
        with running(FINGERPRINTS.kind, self.alg):
            made = self.scheme.compute(picture)
        if not isinstance(made, Unhashable):
            self._verify(made)
        return made

    def compute_variants(self, picture: Picture) -> tuple[tuple[str, Fingerprint], ...]:
        """Ask the scheme, and check the answers."""
        with running(FINGERPRINTS.kind, self.alg):
            made = tuple((str(name), code) for name, code in self.scheme.compute_variants(picture))
        for _, code in made:
            self._verify(code)
        return made

    def _verify(self, code: object) -> None:
        if not isinstance(code, Fingerprint) or code.alg != self.alg or len(code.value) * 8 != self.bits:
            got = f"{len(code.value) * 8} of {code.alg}" if isinstance(code, Fingerprint) else type(code).__name__
            raise BrokenPluginError(
                f"fingerprints plugin {self.alg!r} is broken: expected a code of {self.bits} bits, got {got}; "
                "mend it, or take it out of the settings"
            )
