"""Sound as a medium: samples are marked in a stream, from one file into another.

`provenance.media.medium.Medium` says what each method promises.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, cast

import numpy as np

from provenance.asset import MediaType
from provenance.errors import AssetError, AssetTooLargeError, UnmarkableError
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.landmark import find_part
from provenance.grant import MarkKind
from provenance.labels.aigc import build_aigc
from provenance.labels.implicit import FoundLabels, ImplicitLabels
from provenance.manifests.claim import Marks
from provenance.manifests.softbinding import SoftBinding, build_alg
from provenance.media.limits import OWN_LIMITS, IntakeLimits
from provenance.media.medium import Claims, Comparison, Content, Kit, Look, Made, MarkReading, Orders, ReadBack, Shown
from provenance.media.packets import digest_packets
from provenance.media.sound.decoding import DEMUXERS, Samples
from provenance.media.sound.encoding import copy_sound, write_sound
from provenance.media.sound.kind import EMBEDDING, TYPES, check_claims, sniff_sound
from provenance.media.sound.metadata import KEY, read_sound_labels
from provenance.media.sound.notice import LONG_S, SEARCH_S, TEXT, hears_notice, make_notice
from provenance.media.sound.shape import ALG, RADIUS_BITS, distance_bits
from provenance.media.sound.sound import Sound, parse_sound
from provenance.media.sound.structure import find_type
from provenance.media.view import LANDMARKS, SOUND
from provenance.storage.blob import Blob
from provenance.watermarks.base import Reading
from provenance.watermarks.chord.scheme import Chord

PAYLOAD_BYTES: Final = 8
# What `weigh` counts a file of a type as: samples that a byte may decode to.
_SAMPLES_A_BYTE: Final = 16


@dataclass(frozen=True, slots=True)
class Marking:
    """What was done to a sound, for the read-back to hold the finished bytes against.

    Attributes:
        payload: of the watermark.
        problem: why there is no watermark, or "".
        labels: what the metadata says.
        ends: how often the notice is to be heard: at the start, and at the end.
        seen: what was heard of it before it was signed.
    """

    payload: int
    problem: str
    labels: ImplicitLabels
    ends: int
    seen: "Heard"


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a file of ours.

    Attributes:
        packets: digest of what decoders were given of it (`provenance.media.packets`).
        is_marked: whether the id that it should carry was read.
        hears_notice: whether the notice was heard wherever it should be; False where there is none.
        code: of the whole sound.
    """

    packets: str
    is_marked: bool
    hears_notice: bool
    code: Fingerprint | None


@dataclass(frozen=True)
class SoundMedium:
    """Sound in files.

    Attributes:
        watermark: the scheme, with the site's keys; None where there is no key.
    """

    watermark: Chord | None

    name = "sound"
    types = TYPES
    carriers = frozenset({SOUND, LANDMARKS})
    marks = frozenset({MarkKind.WATERMARK, MarkKind.EXPLICIT_LABEL, MarkKind.AIGC_METADATA})
    mark_algs = (Chord.alg,)
    code_alg = ALG
    code_radius_bits = RADIUS_BITS

    def embeds_manifests(self, media_type: MediaType) -> bool:
        """Say whether c2pa writes into files of a type; into OGG it does not."""
        return media_type in EMBEDDING

    def sniff(self, head: bytes) -> MediaType | None:
        """Return the type of a sound by its first bytes."""
        return sniff_sound(head)

    def shipping_type(self, media_type: MediaType) -> MediaType:
        """Return the type in which a sound ships: its own."""
        return media_type

    def take(self, file: Blob, claims: Claims, limits: IntakeLimits) -> Sound:
        """Verify a file by decoding it to its end."""
        if file.size_bytes > limits.max_bytes:
            raise AssetTooLargeError(f"expected at most {limits.max_bytes} bytes, got {file.size_bytes}")
        check_claims(find_type(file.octets()), declared_name=claims.name, declared_type=claims.media_type)
        return parse_sound(file, limits)

    def look(self, file: Blob, limits: IntakeLimits) -> Look:
        """Decode a stranger's file, where that can be done."""
        media_type: MediaType | str = ""
        try:
            media_type = find_type(file.octets())
            return Look(media_type, self.take(file, Claims(), limits))
        except AssetError as exc:
            return Look(media_type, problem=exc)

    def weigh(self, file: Blob, limits: IntakeLimits) -> int:
        """Return about how many samples are held at a time: a few blocks, however long the sound."""
        return min(file.size_bytes * _SAMPLES_A_BYTE, 1 << 20) if file.size_bytes <= limits.max_bytes else 0

    def mark(self, content: Content, orders: Orders) -> Made:
        """Mark the samples: the notice, then the watermark over all of it; encode them with their metadata."""
        sound = cast("Sound", content)
        labels = _build_labels(sound, orders)
        tags = {KEY: build_aigc(labels.aigc)} if labels.aigc else {}
        ends = _count_ends(sound, orders)
        problem = self._find_obstacle(orders)
        file = self._write(sound, orders, tags, ends, is_marked=not problem)
        made = parse_sound(file, OWN_LIMITS)
        if not problem and not self._reads(made, orders.payload):
            problem = "the mark does not read back: too short, too quiet or too steady a sound"
            if orders.grant.obligation(MarkKind.WATERMARK).required:  # type: ignore[union-attr]  # no problem without one
                raise UnmarkableError(problem)
            file = self._write(sound, orders, tags, ends, is_marked=False)
            made = parse_sound(file, OWN_LIMITS)
        codes = self.fingerprint(made)
        marks = Marks(
            watermark=None if problem else SoftBinding(Chord.alg, orders.payload.to_bytes(PAYLOAD_BYTES, "big")),
            fingerprints=tuple(SoftBinding(build_alg(code.alg), code.value) for code in codes[:1]),
            explicit_label=TEXT if ends else "",
            metadata=(KEY,) if tags else (),
        )
        heard = Heard(
            digest_packets(file, DEMUXERS[made.media_type]),
            not problem,
            bool(ends) and _hears_ends(made, ends),
            made.code,
        )
        return Made(file, sound.media_type, marks, codes, kept=Marking(orders.payload, problem, labels, ends, heard))

    def show(self, file: Blob, made: Made) -> ReadBack:
        """Read every mark back from the finished bytes, and hold their code against what was sealed.

        They are decoded, but where their packets are those of the file that was listened to before it was signed.
        """
        marking = cast("Marking", made.kept)
        heard, packets = marking.seen, digest_packets(file, DEMUXERS[made.media_type])
        if packets != heard.packets:
            shipped = parse_sound(file, OWN_LIMITS)
            is_marked = not marking.problem and self._reads(shipped, marking.payload)
            hears = bool(marking.ends) and _hears_ends(shipped, marking.ends)
            heard = Heard(packets, is_marked, hears, shipped.code)
        payload = {"problem": marking.problem} if marking.problem else {"payload": f"{marking.payload:016x}"}
        found = read_sound_labels(file, made.media_type)
        is_aigc = marking.labels.aigc is not None and [one.item for one in found.aigc] == [marking.labels.aigc]
        marks = {
            MarkKind.WATERMARK: Shown(heard.is_marked, Chord.alg, payload),
            MarkKind.EXPLICIT_LABEL: Shown(heard.hears_notice, "heard label", {"text": TEXT}),
            MarkKind.AIGC_METADATA: Shown(is_aigc, "gb45438 aigc", {"items": len(found.aigc)}),
        }
        return ReadBack(marks, _compare_codes(heard.code, made.codes))

    def read_mark(self, content: Content) -> MarkReading:
        """Look for the mark under every key held."""
        return MarkReading(self._read(cast("Sound", content)))

    def read_labels(self, file: Blob) -> FoundLabels:
        """Return what the metadata says."""
        try:
            return read_sound_labels(file, find_type(file.octets()))
        except AssetError as exc:
            return FoundLabels(problems=(str(exc),))

    def fingerprint(self, content: Content) -> tuple[Fingerprint, ...]:
        """Return the code of the whole sound, then those of its landmarks that stand out most."""
        sound = cast("Sound", content)
        return () if sound.code is None else (sound.code, *sound.landmarks.strong)

    def compare(
        self,
        content: Content,
        recorded: bytes | None,
        load_released: Callable[[], Content | None],
    ) -> Comparison:
        """Compare by the code of the whole, and a part by its landmarks; what has neither in common is not judged."""
        sound = cast("Sound", content)
        distance = None
        if sound.code is not None and recorded is not None:
            distance = distance_bits(sound.code.value, recorded)
            if distance <= RADIUS_BITS:
                return Comparison(distance, agrees=True)
        released = cast("Sound | None", load_released())
        is_part = released is not None and find_part(sound.landmarks, released.landmarks) is not None
        return Comparison(distance, agrees=True if is_part else None)

    def _find_obstacle(self, orders: Orders) -> str:
        """Return why no watermark is laid, or ""."""
        if orders.grant.obligation(MarkKind.WATERMARK) is None:
            return "no pack demands it"
        return "" if self.watermark else "no watermark key is held"

    def _write(self, sound: Sound, orders: Orders, tags: dict[str, str], ends: int, *, is_marked: bool) -> Blob:
        if not is_marked and not ends:
            return copy_sound(sound.file, sound.media_type, tags)
        blocks = _add_notice(sound, ends)
        if is_marked and self.watermark:
            blocks = _mark(self.watermark, sound, blocks, orders.payload)
        return write_sound(blocks, sound.media_type, sound.track, tags)

    def _reads(self, sound: Sound, payload: int) -> bool:
        reading = self._read(sound, is_plain=True)
        return reading is not None and reading.payload == payload

    def _read(self, sound: Sound, *, is_plain: bool = False) -> Reading | None:
        if self.watermark is None:
            return None
        return self.watermark.read(sound.blocks(), sound.track.rate_hz, is_plain=is_plain)


def build_medium(kit: Kit) -> SoundMedium:
    """Build the medium with the deployment's keys."""
    return SoundMedium(Chord(kit.keys) if kit.keys else None)


def _mark(scheme: Chord, sound: Sound, blocks: Iterator[Samples], payload: int) -> Iterator[Samples]:
    marker = scheme.build_marker(sound.track.rate_hz, sound.track.channels, payload)
    for block in blocks:
        yield marker.push(block)
    yield marker.finish()


def _add_notice(sound: Sound, ends: int) -> Iterator[Samples]:
    notice = make_notice(sound.track.rate_hz, sound.track.channels)
    if ends:
        yield notice
    yield from sound.blocks()
    if ends > 1:
        yield notice


def _count_ends(sound: Sound, orders: Orders) -> int:
    if orders.grant.obligation(MarkKind.EXPLICIT_LABEL) is None:
        return 0
    return 2 if sound.duration_s >= LONG_S else 1


def _hears_ends(sound: Sound, ends: int) -> bool:
    """Listen at the start, and where there is one at the end."""
    rate, count = sound.track.rate_hz, int(SEARCH_S * sound.track.rate_hz)
    first: Samples | None = None
    last = np.zeros((sound.track.channels, 0), np.float32)
    for block in sound.blocks():
        first = block if first is None else first
        if first.shape[1] < count:
            first = block if first is block else np.concatenate([first, block], axis=1)
        last = np.concatenate([last, block], axis=1)[:, -count:]
        if ends == 1 and first.shape[1] >= count:
            break
    if first is None or not hears_notice(first[:, :count], rate):
        return False
    return ends == 1 or hears_notice(last, rate)


def _build_labels(sound: Sound, orders: Orders) -> ImplicitLabels:
    """Return what the metadata says of the making; an AIGC item that came in lives on and is the only one."""
    return ImplicitLabels(orders.build_aigc()).after(read_sound_labels(orders.original, sound.media_type))


def _compare_codes(shipped: Fingerprint | None, codes: tuple[Fingerprint, ...]) -> str:
    if not codes:
        return ""
    if shipped is None:
        return f"the finished file has no {ALG} fingerprint, the sound had one"
    distance = distance_bits(shipped.value, codes[0].value)
    return f"the finished file is {distance} bits of {ALG} from what was sealed" if distance > RADIUS_BITS else ""
