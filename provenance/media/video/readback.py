"""What was read of a clip that we made, held against what was to be made."""

from dataclasses import dataclass
from typing import Final

from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.pdq import CONFIDENT_DISTANCE_BITS, Pdq
from provenance.grant import MarkKind
from provenance.labels.implicit import FoundLabels, ImplicitLabels
from provenance.media.medium import Shown
from provenance.media.video.clip import Clip
from provenance.media.video.overlay import Overlay

# Of the codes that were sealed, the share that the finished file has to have, and how many seconds apart they may lie.
_ALIKE: Final = 0.75


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look through a file of ours found.

    Attributes:
        packets: digest of what decoders were given of it (`provenance.media.packets`).
        carriers: of the id that it should carry.
        shows_label: whether the label is seen as long as it should be; False where there is none.
        codes: PDQ with times.
    """

    packets: str
    carriers: frozenset[str]
    shows_label: bool
    codes: tuple[Fingerprint, ...]


def show_metadata(found: FoundLabels, labels: ImplicitLabels) -> dict[MarkKind, Shown]:
    """Say which metadata is in the finished file as it was to be written."""
    is_aigc = labels.aigc is not None and len(found.aigc) == 1 and found.item == labels.aigc
    is_iptc = labels.iptc is not None and labels.iptc.texts().items() <= found.iptc.items()
    return {
        MarkKind.AIGC_METADATA: Shown(is_aigc, "gb45438 aigc", {"items": len(found.aigc)}),
        MarkKind.IPTC_METADATA: Shown(is_iptc, "iptc 2025.1", {"digital_source_type": found.digital_source_type}),
    }


def is_label_seen(shipped: Clip, overlay: Overlay) -> bool:
    """Say whether every kept frame of the time in which the label is to be seen shows it, the first one among them."""
    frames = [one.picture.frame for one in shipped.glimpses if overlay.is_shown(one.span.start_s)]
    return bool(frames) and shipped.glimpses[0].span.start_s == 0 and all(map(overlay.is_seen, frames))


def compare_codes(shipped: tuple[Fingerprint, ...], codes: tuple[Fingerprint, ...]) -> str:
    """Say why the finished file does not look like what was sealed, or ""."""
    if not codes:
        return ""
    seen = [code for code in codes if code.alg == Pdq.alg]
    near = sum(
        any(
            abs((one.at_s or 0) - (code.at_s or 0)) < 0.1
            and (int.from_bytes(one.value) ^ int.from_bytes(code.value)).bit_count() <= CONFIDENT_DISTANCE_BITS
            for one in shipped
        )
        for code in seen
    )
    if near >= _ALIKE * len(seen):
        return ""
    return f"{len(seen) - near} of {len(seen)} frames of the finished file are other ones than were sealed"
