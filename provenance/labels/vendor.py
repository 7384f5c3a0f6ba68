"""What generators leave in a file beside the standards: EXIF tags, XMP credits and PNG text chunks of known tools.

Only names are taken, never contents: several tools write the whole prompt there. Hostile bytes yield nothing, they
never raise. Anyone can write or remove these marks, so one is a claim, and its absence says nothing.

Source: provenance.md sections 4.4 and 3; AUTOMATIC1111, ComfyUI, InvokeAI and NovelAI write the PNG keys named here.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final

from provenance.asset import MediaType
from provenance.errors import AssetError, LabelError
from provenance.labels.exif import read_first
from provenance.labels.implicit import CONTAINERS
from provenance.media.containers.ifd import Directory
from provenance.media.containers.png import read_chunks
from provenance.storage.octets import Octets

_DESCRIPTION, _MAKE, _MODEL, _SOFTWARE, _ARTIST = 0x010E, 0x010F, 0x0110, 0x0131, 0x013B
_MOST_TEXT_BYTES: Final = 4096

# Grok writes EXIF ImageDescription "Signature: <base64>" and a UUID as Artist; both together, neither alone.
_XAI_SIGNATURE: Final = re.compile(rb"^Signature: [A-Za-z0-9+/=]{64,}")
# Tencent's interface writes who served and who asked as JSON into the description.
_TENCENT: Final = re.compile(rb'^\s*\{.{0,4000}"ServiceProvider".{0,4000}"ServiceUser"', re.DOTALL)
# Google writes it as the credit of IPTC, beside the source type.
_GOOGLE: Final = (b"Made with Google AI", b"Edited with Google AI")
_UUID: Final = re.compile(rb"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\0?$")
# Names that generators put into EXIF Make, Model, Software or Artist, in lower case.
_GENERATORS: Final = (
    b"ideogram", b"midjourney", b"dall-e", b"openai", b"stable diffusion", b"stability ai", b"novelai", b"comfyui",
    b"automatic1111", b"invokeai", b"leonardo.ai", b"adobe firefly", b"playground ai", b"black forest labs", b"imagen",
    b"nano banana", b"recraft", b"kling", b"jimeng", b"doubao", b"tongyi wanxiang", b"wenxin yige", b"swarmui",
    b"fooocus",
)  # fmt: skip
# PNG text keywords by which a tool can be told; "prompt" alone would be too common a word.
_PNG_KEYWORDS: Final = {
    b"parameters": "stable diffusion webui",
    b"workflow": "comfyui",
    b"invokeai_metadata": "invokeai",
    b"invokeai_graph": "invokeai",
    b"sd-metadata": "invokeai",
    b"Dream": "invokeai",
    b"sui_image_params": "swarmui",
    b"fooocus_scheme": "fooocus",
    b"generation_data": "stable diffusion",
    b"hf-job-id": "hugging face",
}
_PNG_TEXT_CHUNKS: Final = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_MOST_CHUNKS: Final = 10_000


@dataclass(frozen=True, slots=True)
class VendorMark:
    """A generator's own mark: who left it, and where."""

    vendor: str
    place: str


def read_vendor_marks(unverified_bytes: Octets, media_type: MediaType) -> tuple[VendorMark, ...]:
    """Return the marks of known generators in the file's metadata, each once."""
    marks: list[VendorMark] = []
    if media_type not in CONTAINERS:
        return ()
    try:
        carried = CONTAINERS[media_type].find(unverified_bytes)
        blocks, packets = carried.exif, carried.xmp
    except LabelError:
        blocks, packets = (), ()
    marks += (VendorMark("google", "xmp credit") for packet in packets if any(words in packet for words in _GOOGLE))
    if media_type is MediaType.TIFF:
        blocks = (*blocks, unverified_bytes)
    for block in blocks:
        marks += _exif_marks(block)
    if media_type is MediaType.PNG:
        marks += (
            VendorMark(_PNG_KEYWORDS[key], f"png text {key.decode()}")
            for key in _png_keywords(unverified_bytes)
            if key in _PNG_KEYWORDS
        )
    return tuple(dict.fromkeys(marks))


def _exif_marks(block: Octets) -> Iterator[VendorMark]:
    found = read_first(block)
    if found is None:
        return
    directory = found[1]
    description, artist = _value(block, directory, _DESCRIPTION), _value(block, directory, _ARTIST)
    if _XAI_SIGNATURE.match(description) and _UUID.match(artist):
        yield VendorMark("xai", "exif signature")
    if _TENCENT.match(description):
        yield VendorMark("tencent", "exif description")
    for tag, name in ((_MAKE, "make"), (_MODEL, "model"), (_SOFTWARE, "software"), (_ARTIST, "artist")):
        text = _value(block, directory, tag).lower()
        yield from (VendorMark(vendor.decode(), f"exif {name}") for vendor in _GENERATORS if vendor in text)


def _value(block: Octets, directory: Directory, tag: int) -> bytes:
    entry = directory.find(tag)
    return b"" if entry is None else block[entry.start : entry.start + min(entry.size, _MOST_TEXT_BYTES)]


def _png_keywords(unverified_bytes: Octets) -> Iterator[bytes]:
    """Yield the keyword of each text chunk; stops where the chunks stop making sense."""
    with suppress(AssetError):
        for chunk in islice(read_chunks(unverified_bytes), _MOST_CHUNKS):
            if chunk.kind in _PNG_TEXT_CHUNKS:
                # PNG section 11.3.3.1: a keyword has 1 to 79 bytes and ends with a zero.
                yield chunk.body(unverified_bytes, 80).split(b"\0", 1)[0]
