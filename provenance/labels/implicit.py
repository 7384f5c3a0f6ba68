"""Implicit labels: what a file's metadata says of its making.

Written before signing, as the signature covers them. Two vocabularies: the one `AIGC` item of GB 45438-2025, and the
fields on generation of IPTC Photo Metadata 2025.1. What is read from a file is what the file claims, never a proof.

Source: Measures for Labelling AI-Generated Content (CAC, 2025); TC260 PG-20259A; IPTC Photo Metadata Standard 2025.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from provenance.asset import DIGEST_HEX_LENGTH, Digest, MediaType
from provenance.errors import LabelError
from provenance.labels.aigc import AigcItem, build_aigc, merge_aigc, parse_aigc
from provenance.labels.containers import bmff, clip, gif, jpeg, png, tiff, webp
from provenance.labels.containers.base import Carried, Container, extract_aigc
from provenance.labels.exif import find_user_comment
from provenance.labels.xmp import build_packet, parse_xmp
from provenance.media.containers.matroska import MKV, WEBM
from provenance.media.containers.movie import MOV, MP4
from provenance.storage.octets import Octets

if TYPE_CHECKING:
    from provenance.labels.vendor import VendorMark

NEWSCODES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_NEWSCODES_SECURE: Final = NEWSCODES.replace("http:", "https:")
# IPTC NewsCodes digitalsourcetype, without the retired minorHumanEdits.
DIGITAL_SOURCE_TYPES: Final = frozenset(
    (
        "algorithmicMedia",
        "algorithmicallyEnhanced",
        "composite",
        "compositeCapture",
        "compositeSynthetic",
        "compositeWithTrainedAlgorithmicMedia",
        "computationalCapture",
        "dataDrivenMedia",
        "digitalCapture",
        "digitalCreation",
        "humanEdits",
        "negativeFilm",
        "positiveFilm",
        "print",
        "screenCapture",
        "trainedAlgorithmicMedia",
        "virtualRecording",
    ),
)
AI_SOURCE_TYPES: Final = frozenset(
    ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"),
)
"""Those which say that a trained model took part."""

_SOURCE_TYPE, _PROMPT, _WRITER, _SYSTEM, _VERSION = (
    "DigitalSourceType",
    "AIPromptInformation",
    "AIPromptWriterName",
    "AISystemUsed",
    "AISystemVersionUsed",
)
IPTC_NAMES: Final = frozenset((_SOURCE_TYPE, _PROMPT, _WRITER, _SYSTEM, _VERSION))
_MAX_TEXT_CHARS: Final = 2048

CONTAINERS: Final[Mapping[MediaType, Container]] = MappingProxyType(
    {
        MediaType.JPEG: Container(jpeg.find, jpeg.write),
        MediaType.PNG: Container(png.find, png.write),
        MediaType.WEBP: Container(webp.find, webp.write),
        MediaType.AVIF: Container(bmff.find, bmff.write),
        MediaType.TIFF: Container(tiff.find, tiff.write),
        MediaType.GIF: Container(gif.find, None),
        MediaType.HEIC: Container(bmff.find, None),
        MP4: Container(clip.find_in_movie, None),
        MOV: Container(clip.find_in_movie, None),
        WEBM: Container(clip.find_in_matroska, None),
        MKV: Container(clip.find_in_matroska, None),
    }
)


@dataclass(frozen=True, slots=True)
class IptcFields:
    """How a picture came to be, in IPTC's words; a field left empty is not written.

    Attributes:
        digital_source_type: last segment of the NewsCode, such as ``trainedAlgorithmicMedia``.
        system: name of the system that generated it.
        system_version: its version.
        prompt_sha256: digest of the UTF-8 prompt; the file gets a note with it, never the prompt.
        prompt_writer: name of who wrote the prompt.

    Raises:
        LabelError: an unknown source type, no digest, or a text too long.
    """

    digital_source_type: str = ""
    system: str = ""
    system_version: str = ""
    prompt_sha256: Digest | str = ""
    prompt_writer: str = ""

    def __post_init__(self) -> None:
        if self.digital_source_type and self.digital_source_type not in DIGITAL_SOURCE_TYPES:
            raise LabelError(f"no IPTC digital source type is called {self.digital_source_type[:80]!r}")
        if self.prompt_sha256 and len(self.prompt_sha256) != DIGEST_HEX_LENGTH:
            raise LabelError(f"the prompt's digest must have {DIGEST_HEX_LENGTH} hexadecimal digits")
        for text in (self.system, self.system_version, self.prompt_writer):
            if len(text) > _MAX_TEXT_CHARS:
                raise LabelError(f"an IPTC field of {len(text)} characters exceeds {_MAX_TEXT_CHARS}")

    @classmethod
    def from_recipe(cls, recipe: Mapping[str, Any]) -> "IptcFields":
        """Return what the JSON form of a recipe says; without one a trained model made it."""
        return cls(
            digital_source_type=recipe.get("digital_source_type", "trainedAlgorithmicMedia"),
            system=recipe.get("model_name", ""),
            system_version=recipe.get("backend", ""),
            prompt_sha256=recipe.get("prompt_sha256", ""),
        )

    def texts(self) -> Mapping[str, str]:
        """Return the text of each field to be written, by its `Iptc4xmpExt` name."""
        note = f"Prompt withheld; SHA-256 of its UTF-8 text: {self.prompt_sha256}" if self.prompt_sha256 else ""
        source = NEWSCODES + self.digital_source_type if self.digital_source_type else ""
        named = {
            _SOURCE_TYPE: source,
            _PROMPT: note,
            _WRITER: self.prompt_writer,
            _SYSTEM: self.system,
            _VERSION: self.system_version,
        }
        return {name: text for name, text in named.items() if text}


@dataclass(frozen=True, slots=True)
class FoundAigc:
    """One AIGC item in a file.

    Attributes:
        place: ``xmp``, ``xmp attribute``, ``exif user comment``, or where else the container keeps texts.
        text: as found, its first 2048 characters.
        item: None where the text is no valid item.
        problem: what is wrong with it, or "".
    """

    place: str
    text: str
    item: AigcItem | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FoundLabels:
    """What a file's metadata claims.

    Attributes:
        aigc: every AIGC item, in the order XMP, text chunks, EXIF; the standard allows one.
        iptc: texts by `Iptc4xmpExt` name.
        digital_source_type: last segment of the NewsCode where it is one, else the text as found; "" for none.
        places: where something was found, such as ``xmp``.
        problems: one line each; a file whose metadata cannot be read has at least one.
        others: what enabled labels of third parties say, by their names.
        vendors: what generators leave beside the standards, where somebody looked for it.
    """

    aigc: tuple[FoundAigc, ...] = ()
    iptc: Mapping[str, str] = field(default_factory=dict)
    digital_source_type: str = ""
    places: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)
    vendors: "tuple[VendorMark, ...]" = ()

    @property
    def item(self) -> AigcItem | None:
        """The first valid AIGC item."""
        return next((found.item for found in self.aigc if found.item is not None), None)

    @property
    def says_ai(self) -> bool:
        """Whether anything here, valid or not, claims that AI took part."""
        return (
            bool(self.aigc or self.others or self.vendors)
            or self.digital_source_type in AI_SOURCE_TYPES
            or _SYSTEM in self.iptc
        )


@dataclass(frozen=True, slots=True)
class ImplicitLabels:
    """What to write into a file's metadata."""

    aigc: AigcItem | None = None
    iptc: IptcFields | None = None

    def after(self, found: FoundLabels) -> "ImplicitLabels":
        """Return the labels for a file made from one that carried `found`: its AIGC item lives on, we join it."""
        return ImplicitLabels(merge_aigc(found.item, self.aigc), self.iptc)


def build_xmp(labels: ImplicitLabels, *, existing: bytes | None = None) -> bytes:
    """Return an XMP packet with `labels`, and with whatever else `existing` holds.

    Raises:
        LabelError: `existing` cannot be parsed, or a text cannot be held by XML.
    """
    aigc = build_aigc(labels.aigc) if labels.aigc else None
    return build_packet(aigc=aigc, iptc=labels.iptc.texts() if labels.iptc else {}, existing=existing)


def write_labels(encoded: bytes, media_type: MediaType, labels: ImplicitLabels) -> bytes:
    """Return the file with `labels` in its metadata; pixels and all other metadata stay as they are.

    An AIGC item that the file has already is updated, wherever it lies, and is the only one afterwards. The result has
    been read back.

    Raises:
        LabelError: the gate does not ship this type, the file or its XMP is damaged, or the read-back differs.
    """
    write = CONTAINERS[media_type].write
    if write is None:
        raise LabelError(f"{media_type} is not a type that the gate ships")
    carried = CONTAINERS[media_type].find(encoded)
    found = read_carried(carried)
    merged = labels.after(found)
    if merged.aigc is None and merged.iptc is None:
        return encoded
    if merged.aigc is None and found.aigc:
        raise LabelError(
            f"the file has an AIGC item that is not valid ({found.aigc[0].problem}); give one to replace it"
        )
    existing = next((packet for packet in carried.xmp if packet.strip(b"\x00 \t\r\n")), None)
    written = write(encoded, build_xmp(merged, existing=existing))
    _check(read_labels(written, media_type), merged)
    return written


def read_labels(unverified_bytes: Octets, media_type: MediaType) -> FoundLabels:
    """Return what the file's metadata claims; damage and hostile content become `problems`, never an error."""
    if media_type not in CONTAINERS:
        return FoundLabels(problems=(f"{media_type}: its metadata is not read here",))
    try:
        carried = CONTAINERS[media_type].find(unverified_bytes)
    except LabelError as exc:
        return FoundLabels(problems=(f"{media_type}: {str(exc).removeprefix(f'{media_type}: ')}",))
    return read_carried(carried)


def read_carried(carried: Carried) -> FoundLabels:
    """Return what raw metadata claims; what is damaged in it becomes `problems`."""
    items: list[FoundAigc] = []
    iptc: dict[str, str] = {}
    problems: list[str] = []
    for packet in carried.xmp:
        try:
            fields = parse_xmp(packet, IPTC_NAMES)
        except LabelError as exc:
            problems.append(f"xmp: {exc}")
            continue
        items += [_found(form, text) for text, form in fields.aigc]
        iptc.update({name: text[:_MAX_TEXT_CHARS] for name, text in fields.iptc.items() if name not in iptc})
        problems += fields.problems
    items += [_found(carried.text_place, text) for text in carried.texts]
    comments = [comment.text for block in carried.exif if (comment := find_user_comment(block))]
    items += [_found("exif user comment", text) for comment in comments if (text := extract_aigc(comment))]
    problems += [f"{found.place}: {found.problem}" for found in items if found.problem]
    if len(carried.xmp) > 1:
        problems.append(f"{len(carried.xmp)} XMP packets where one is allowed")
    if len(items) > 1:
        problems.append(f"{len(items)} AIGC items where one is allowed")
    places = dict.fromkeys((*(["xmp"] if iptc else []), *(found.place for found in items)))
    source = iptc.get(_SOURCE_TYPE, "").strip()
    source = source.removeprefix(NEWSCODES).removeprefix(_NEWSCODES_SECURE)
    return FoundLabels(tuple(items), MappingProxyType(iptc), source, tuple(places), tuple(problems))


def _found(place: str, text: str) -> FoundAigc:
    try:
        return FoundAigc(place, text[:_MAX_TEXT_CHARS], parse_aigc(text))
    except LabelError as exc:
        return FoundAigc(place, text[:_MAX_TEXT_CHARS], None, str(exc))


def _check(found: FoundLabels, labels: ImplicitLabels) -> None:
    """Raise unless `found`, read back from the file, is what was to be written."""
    if labels.aigc is not None and tuple(one.item for one in found.aigc) != (labels.aigc,):
        raise LabelError(f"read back {len(found.aigc)} AIGC items, not the one written: {'; '.join(found.problems)}")
    for name, text in (labels.iptc.texts() if labels.iptc else {}).items():
        if found.iptc.get(name) != text:
            raise LabelError(f"IPTC field {name} did not read back as written")
