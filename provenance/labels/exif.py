"""The two things label code needs from a TIFF structure: its first directory, and the EXIF user comment.

Bounded reading of hostile bytes: an offset or count outside the data yields nothing, it never raises.
Source: CIPA DC-008 (EXIF) section 4.6.5; the structure is read by `provenance.media.containers.ifd`.
"""

from dataclasses import dataclass
from typing import Final

from provenance.errors import AssetError
from provenance.media.containers.ifd import Directory, Form, find_first, read_directory, read_form
from provenance.storage.octets import Octets

EXIF_POINTER: Final = 0x8769
USER_COMMENT: Final = 0x9286
MAX_ENTRIES: Final = 4096
_NAME: Final = "EXIF"


@dataclass(frozen=True, slots=True)
class UserComment:
    """An EXIF user comment and the span of its value, charset code included."""

    start: int
    length: int
    text: str


def read_first(data: Octets) -> tuple[Form, Directory] | None:
    """Return how the numbers of a TIFF structure are laid out, and its first directory; None where there is none."""
    try:
        form = read_form(data, _NAME)
        return form, read_directory(data, form, find_first(data, form), most=MAX_ENTRIES)
    except AssetError:
        return None


def find_user_comment(data: Octets) -> UserComment | None:
    """Return the user comment of an EXIF block (or of a TIFF file), or None."""
    found = read_first(data)
    pointer = found[1].find(EXIF_POINTER) if found else None
    if found is None or pointer is None:
        return None
    form = found[0]
    try:
        start = form.read(data, pointer.start, min(pointer.size, 8))
        entry = read_directory(data, form, start, most=MAX_ENTRIES).find(USER_COMMENT)
    except AssetError:
        return None
    if entry is None or entry.size < 8 or entry.start + entry.size > len(data):
        return None
    value = data[entry.start : entry.start + entry.size]
    return UserComment(entry.start, entry.size, _decode(value[:8], value[8:], form))


def _decode(charset: bytes, text: bytes, form: Form) -> str:
    """Decode by the charset code.

    UTF-16 is in the order its mark says, else in the file's; where that makes the first letter none of Latin-1, as some
    writers ignore the file's order, in the other.
    """
    if not charset.startswith(b"UNICODE"):
        codec = "utf-8"
    elif text[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        codec = "utf-16"
    else:
        high = text[:1] if form.order == "big" else text[1:2]
        is_big = (form.order == "big") == (high == b"\x00")
        codec = "utf-16-be" if is_big else "utf-16-le"
    return text.decode(codec, "replace").strip("\x00 ")
