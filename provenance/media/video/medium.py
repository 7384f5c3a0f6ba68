"""Clips as a medium: frames are marked, then labelled, then encoded; soundtracks are copied; labels go into the file.

MP4 and QuickTime hold their manifest. c2pa cannot write into WebM and Matroska: theirs lies beside them. Nothing counts
as made until it was read from the finished bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any, Final, cast

from provenance.asset import MediaType
from provenance.errors import AssetError, ConfigurationError, MissingExtraError, UnmarkableError
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.pdq import CONFIDENT_DISTANCE_BITS, Pdq
from provenance.fingerprints.track import TRACK_ALG, pack_codes
from provenance.grant import MarkKind
from provenance.heap import give_back
from provenance.labels.containers.clip import XMP_TAG, build_tags
from provenance.labels.implicit import FoundLabels, ImplicitLabels, build_xmp, read_labels
from provenance.manifests.claim import Marks
from provenance.manifests.softbinding import SoftBinding
from provenance.media.containers.matroska import MKV, WEBM
from provenance.media.containers.movie import MOV, MP4
from provenance.media.limits import OWN_LIMITS, IntakeLimits
from provenance.media.medium import Claims, Comparison, Content, Kit, Look, Made, MarkReading, Orders, ReadBack, Shown
from provenance.media.packets import digest_packets
from provenance.media.sound.sound import Sound
from provenance.media.video.clip import Clip
from provenance.media.video.comparison import compare
from provenance.media.video.encode import AUTO, ENCODERS, choose_encoder
from provenance.media.video.kind import TYPES, check_file, sniff
from provenance.media.video.marked_sound import MOST_CHANNELS
from provenance.media.video.marking import Wish, make_file, restore_sound
from provenance.media.video.overlay import Overlay, build_overlay
from provenance.media.video.readback import Seen, compare_codes, is_label_seen, show_metadata
from provenance.media.video.stream import DEMUXERS, NEEDS_AV
from provenance.media.video.surveyors import SURVEYORS
from provenance.media.video.unmarking import Unmarker
from provenance.media.view import PICTURE, TRACK
from provenance.storage.blob import Blob
from provenance.watermarks.base import Reading, WatermarkKey
from provenance.watermarks.chord.scheme import Chord
from provenance.watermarks.clip import STRONG, USUAL, ClipMark, FrameOfShot

PAYLOAD_BYTES: Final = 8
MOST_SECONDS: Final = 600.0

# The parts of a clip that carry a mark.
_SEEN, _HEARD = "picture", "sound"
# Of so large a share silent: nothing can be hidden in it.
_SILENT: Final = 0.98
# Frames of fewer pixels hold few periods of the tile: they start where others end up.
_SMALL: Final = 200_000


@dataclass(frozen=True, slots=True)
class Options:
    """What settings say of clips (`media_options.video`).

    Attributes:
        encoder: auto, or one of `ENCODERS`: auto keeps the coding that came in where that can be written.
        soundtrack: keep, or drop.
        most_seconds: longest clip that is taken.
    """

    encoder: str = AUTO
    soundtrack: str = "keep"
    most_seconds: float = MOST_SECONDS

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.encoder not in {AUTO, *ENCODERS}:
            raise ConfigurationError(f"media_options.video.encoder: expected {AUTO} or one of {', '.join(ENCODERS)}")
        if self.soundtrack not in {"keep", "drop"}:
            raise ConfigurationError("media_options.video.soundtrack: expected keep or drop")
        if not 0 < self.most_seconds <= 7200:
            raise ConfigurationError("media_options.video.most_seconds: expected more than 0 and at most 7200")


@dataclass(frozen=True, slots=True)
class Marking:
    """What was done to a clip, for the read-back to hold the finished bytes against."""

    payload: int
    problem: str
    labels: ImplicitLabels
    overlay: Overlay | None
    sound_problem: str
    seen: Seen


@dataclass(frozen=True)
class VideoMedium:
    """Clips; see `provenance.media.medium.Medium` for what each method promises."""

    keys: tuple[WatermarkKey, ...]
    options: Options = field(default_factory=Options)

    name = "video"
    types = TYPES
    carriers = frozenset({PICTURE, TRACK})
    marks = frozenset({MarkKind.WATERMARK, MarkKind.EXPLICIT_LABEL, MarkKind.AIGC_METADATA, MarkKind.IPTC_METADATA})
    mark_algs = (*ClipMark.algs, Chord.alg)
    code_alg = Pdq.alg
    sealed_alg = TRACK_ALG
    code_radius_bits = CONFIDENT_DISTANCE_BITS

    @property
    def _mark(self) -> ClipMark | None:
        return ClipMark(self.keys) if self.keys else None

    def sniff(self, head: bytes) -> MediaType | None:
        """Return the type of a clip by its first bytes."""
        return sniff(head)

    def shipping_type(self, media_type: MediaType) -> MediaType:
        """Return the type itself: clips ship in the container that they came in."""
        return media_type

    def embeds_manifests(self, media_type: MediaType) -> bool:
        """Say yes of MP4 and QuickTime, no of WebM and Matroska."""
        return media_type in {MP4, MOV}

    def take(self, file: Blob, claims: Claims, limits: IntakeLimits) -> Clip:
        """Check a file's structure, then decode all of it in another process."""
        media_type = check_file(file, claims, limits)
        return self._survey(file, media_type, limits.max_pixels, self.options.most_seconds)

    def look(self, file: Blob, limits: IntakeLimits) -> Look:
        """Look through a stranger's clip as far as it can be taken.

        Where the frames that are coded by themselves carry our mark where it was laid, they say which clip it is, and
        no others are decoded.
        """
        media_type = sniff(file.read_at(0, 4096))
        assert media_type is not None, "only files that were sniffed are looked at"
        try:
            clip = self._look_quickly(check_file(file, Claims(), limits), file, limits)
            clip = clip or self.take(file, Claims(), limits)
        except AssetError as exc:
            return Look(media_type, problem=exc)
        beside = tuple(f"not looked at: {words}" for words in clip.left_out)
        is_unheard = clip.facts["sound_tracks"] and clip.soundtrack is None
        unheard = ("the sound was not listened to",) if is_unheard else ()
        return Look(media_type, clip, remarks=(*beside, *unheard))

    def weigh(self, file: Blob, limits: IntakeLimits) -> int:
        """Return about how many pixels `look` keeps: as much of every clip, whatever its length."""
        return min(limits.max_pixels, 30_000_000) if sniff(file.read_at(0, 4096)) else 0

    def mark(self, content: Content, orders: Orders) -> Made:
        """Mark the frames, label them, encode them, and write the metadata; once more and stronger where need be."""
        give_back()  # what screening left
        clip = _as_clip(content)
        media_type = self.shipping_type(clip.media_type)
        hidden, mark = orders.grant.obligation(MarkKind.WATERMARK), self._mark
        problem = _explain_no_mark(clip, mark, is_asked=hidden is not None)
        if problem and hidden is not None and hidden.required:
            raise UnmarkableError(problem)
        overlay, labels = _build_overlay(clip, orders), _build_labels(clip.media_type, orders)
        wish = Wish(
            media_type,
            choose_encoder(self.options.encoder, media_type, str(clip.facts["coding"])),
            **_build_metadata(media_type, labels),
            mark=None if problem else mark,
            payload=orders.payload,
            overlay=overlay,
            keeps_sound=self.options.soundtrack == "keep",
        )
        sound_problem = problem or explain_no_sound_mark(clip.soundtrack)
        file, made, reading, sound_problem = self._make(clip, orders, wish, sound_problem)
        payload = orders.payload.to_bytes(PAYLOAD_BYTES, "big")
        packed = pack_codes(made.codes)
        seen = _observe(made, digest_packets(file, DEMUXERS[media_type]), reading, orders.payload, overlay)
        kept = Marking(orders.payload, problem, labels, overlay, sound_problem, seen)
        marks = Marks(
            watermark=None if wish.mark is None else SoftBinding(wish.mark.alg, payload),
            fingerprints=(SoftBinding(TRACK_ALG, packed),) if packed else (),
            beside=() if sound_problem else (SoftBinding(Chord.alg, payload),),
            explicit_label="" if overlay is None else overlay.text,
            metadata=(*(("AIGC",) if labels.aigc else ()), *(("IPTC",) if labels.iptc else ())),
            orientation_applied=clip.is_turned,
        )
        cleaned = clip.left_out if wish.keeps_sound else (*clip.left_out, "its sound")
        return Made(file, media_type, marks, self.fingerprint(made), cleaned, kept)

    def show(self, file: Blob, made: Made) -> ReadBack:
        """Read every mark from the finished file, and hold its codes against those sealed.

        It is looked through, but where its packets are those of the file that was looked through before it was signed.
        """
        marking = cast("Marking", made.kept)
        seen, packets = marking.seen, digest_packets(file, DEMUXERS[made.media_type])
        if packets != seen.packets:
            shipped = self._retake(file)
            seen = _observe(shipped, packets, self.read_mark(shipped).reading, marking.payload, marking.overlay)
        carriers = seen.carriers
        is_marked = not marking.problem and carriers >= ({_SEEN} if marking.sound_problem else {_SEEN, _HEARD})
        payload: dict[str, Any] = {"problem": marking.problem}
        if not marking.problem:
            payload = {"payload": f"{marking.payload:016x}", "carriers": sorted(carriers)}
            payload |= {"not_in_sound": marking.sound_problem} if marking.sound_problem else {}
        text = made.marks.explicit_label
        shown = {
            MarkKind.WATERMARK: Shown(is_marked, ClipMark.alg, payload),
            MarkKind.EXPLICIT_LABEL: Shown(bool(text) and seen.shows_label, "visible label", {"text": text}),
            **show_metadata(read_labels(file.octets(), made.media_type), marking.labels),
        }
        return ReadBack(shown, compare_codes(seen.codes, made.codes))

    def read_mark(self, content: Content) -> MarkReading:
        """Read each shot's frames, alone and together, and the soundtrack; say which of both carry the mark."""
        mark = self._mark
        if mark is None:
            return MarkReading(problems=("no key to look for marks with",))
        seen, heard = mark.read(_list_frames(_as_clip(content))), None
        sound = _as_clip(content).soundtrack
        if sound is not None:
            # The search at other speeds takes a second or two: it is made where pictures do not settle it.
            heard = Chord(self.keys).read(sound.blocks(), sound.track.rate_hz, is_plain=seen is not None)
        if seen is None:
            return MarkReading(None if heard is None else replace(heard, carriers=(_HEARD,)))
        is_in_both = heard is not None and heard.payload == seen.payload
        return MarkReading(replace(seen, carriers=(_SEEN, _HEARD) if is_in_both else (_SEEN,)))

    def unmark(self, content: Content) -> Unmarker | None:
        """Return what takes this site's mark out of the frames of a clip, or None where it carries none."""
        clip, mark = _as_clip(content), self._mark
        reading = None if mark is None else self.read_mark(content).reading
        if mark is None or reading is None:
            return None
        return Unmarker(mark, is_strong=int(clip.facts["height"]) * int(clip.facts["width"]) < _SMALL)

    def read_labels(self, file: Blob) -> FoundLabels:
        """Return what the file's metadata says of its making."""
        media_type = sniff(file.read_at(0, 4096))
        return FoundLabels() if media_type is None else read_labels(file.octets(), media_type)

    def fingerprint(self, content: Content) -> tuple[Fingerprint, ...]:
        """Return PDQ of two frames a second and after cuts, then landmarks of the soundtrack, all with their times."""
        clip = _as_clip(content)
        return clip.codes if clip.soundtrack is None else (*clip.codes, *clip.soundtrack.landmarks.strong)

    def compare(
        self, content: Content, recorded: bytes | None, load_released: Callable[[], Content | None]
    ) -> Comparison:
        """Compare codes by their times, and where that does not settle it by shared details."""
        released = cast("Callable[[], Clip | None]", load_released)
        return compare(_as_clip(content), recorded, released)

    def _make(
        self, clip: Clip, orders: Orders, wish: Wish, sound_problem: str
    ) -> tuple[Blob, Clip, Reading | None, str]:
        """Return the file, what is seen and read of it, and why its sound has no mark; anew where a mark is not read.

        A soundtrack that hides too little of it is copied as it came.

        Raises:
            UnmarkableError: it is not read from the second one either.
        """
        is_small = int(clip.facts["width"]) * int(clip.facts["height"]) < _SMALL
        for quality in (STRONG,) if is_small else (USUAL, STRONG):
            wish = replace(wish, quality=quality, sound_mark=None if sound_problem else Chord(self.keys))
            file = make_file(clip, orders.original, wish)
            made = self._retake(file)
            reading = None if wish.mark is None else self.read_mark(made).reading
            carriers = () if reading is None or reading.payload != wish.payload else reading.carriers
            if _SEEN in carriers and not sound_problem and _HEARD not in carriers:
                sound_problem = "the mark does not read back from it: too short, too quiet or too steady"
                file = restore_sound(file, clip, orders.original, wish)
                made = self._retake(file)
                reading = None if wish.mark is None else self.read_mark(made).reading
            if wish.mark is None or _SEEN in carriers:
                return file, made, reading, sound_problem
        raise UnmarkableError("the mark does not read back: the clip hides too little of it")

    def _retake(self, file: Blob) -> Clip:
        """Look through a file of our own making."""
        media_type = check_file(file, Claims(), OWN_LIMITS)
        return self._survey(file, media_type, OWN_LIMITS.max_pixels, self.options.most_seconds + 1)

    def _look_quickly(self, media_type: MediaType, file: Blob, limits: IntakeLimits) -> Clip | None:
        """Return what a quick look shows, None where that is not enough."""
        mark = self._mark
        if mark is None:
            return None
        clip = self._survey(file, media_type, limits.max_pixels, self.options.most_seconds, is_quick=True)
        return clip if not clip.is_quick or mark.is_read_straight(_list_frames(clip)) else None

    def _survey(
        self, file: Blob, media_type: MediaType, most_pixels: int, most_seconds: float, *, is_quick: bool = False
    ) -> Clip:
        return SURVEYORS.survey(
            file,
            media_type,
            most_pixels=most_pixels,
            most_seconds=most_seconds,
            listens=self.options.soundtrack == "keep",
            is_quick=is_quick,
        )


def build_medium(kit: Kit) -> VideoMedium:
    """Build the medium with the site's keys.

    Raises:
        ConfigurationError: an option is unknown or cannot be meant.
        MissingExtraError: PyAV is not installed.
    """
    if find_spec("av") is None:
        raise MissingExtraError(NEEDS_AV)
    known = Options.__dataclass_fields__
    if unknown := sorted(set(kit.options) - set(known)):
        raise ConfigurationError(f"media_options.video: expected {', '.join(known)}; got {unknown[0]!r}")
    return VideoMedium(kit.keys, Options(**kit.options))


def _as_clip(content: Content) -> Clip:
    assert isinstance(content, Clip)
    return content


def _list_frames(clip: Clip) -> list[FrameOfShot]:
    shots: set[int] = set()
    frames = []
    for plane in clip.planes:
        frames.append(FrameOfShot(plane.luma, plane.shot, plane.is_key or plane.shot not in shots))
        shots.add(plane.shot)
    return frames


def _observe(clip: Clip, packets: str, reading: Reading | None, payload: int, overlay: Overlay | None) -> Seen:
    carriers = () if reading is None or reading.payload != payload else reading.carriers
    shows_label = overlay is not None and is_label_seen(clip, overlay)
    return Seen(packets, frozenset(carriers), shows_label, clip.codes)


def explain_no_sound_mark(sound: Sound | None) -> str:
    """Return why a soundtrack is copied as it is, or ""."""
    if sound is None:
        return "nothing is heard"
    if sound.track.channels > MOST_CHANNELS:
        return f"it has more than {MOST_CHANNELS} channels"
    return "it is silent" if sound.silent >= _SILENT else ""


def _explain_no_mark(clip: Clip, mark: ClipMark | None, *, is_asked: bool) -> str:
    if not is_asked:
        return "no pack demands it"
    if mark is None:
        return "no watermark key is held"
    try:
        mark.begin_shot(int(clip.facts["height"]), int(clip.facts["width"]), 0)
    except UnmarkableError as exc:
        return str(exc)
    return ""


def _build_overlay(clip: Clip, orders: Orders) -> Overlay | None:
    obligation = orders.grant.obligation(MarkKind.EXPLICIT_LABEL)
    if obligation is None:
        return None
    options = {"text": orders.provider.label_text, **obligation.parameters}
    return build_overlay(int(clip.facts["width"]), int(clip.facts["height"]), options)


def _build_labels(media_type: MediaType, orders: Orders) -> ImplicitLabels:
    """Return what the metadata says of the making; an AIGC item that came in lives on and is the only one."""
    made = ImplicitLabels(orders.build_aigc(), orders.build_iptc())
    return made.after(read_labels(orders.original.octets(), media_type))


def _build_metadata(media_type: MediaType, labels: ImplicitLabels) -> Mapping[str, Any]:
    """Return the tags and the packet that carry the labels: one AIGC item in all, and IPTC's fields as XMP."""
    tags = build_tags(labels.aigc)
    if labels.iptc is None:
        return {"tags": tags}
    packet = build_xmp(ImplicitLabels(None, labels.iptc))
    if media_type in {WEBM, MKV}:
        return {"tags": {**tags, XMP_TAG: packet.decode()}}
    return {"tags": tags, "packet": packet}
