"""Look at a file's picture, as far as it can be looked at: what cannot is said, not refused.

Intake refuses whole files; verification answers about strangers' files as they are. Its limits are wider, bytes after
the picture are a remark, and a file whose pixels cannot be looked at may still carry a manifest that can.
"""

from dataclasses import dataclass
from typing import Final

from provenance.asset import MediaType
from provenance.errors import (
    AssetError,
    AssetTooLargeError,
    MislabelledAssetError,
    UnsupportedMediaError,
)
from provenance.media.picture.image import IntakeLimits, Picture, find_end, measure_image, parse_image, sniff_media_type
from provenance.media.sniff import PADDING, describe_content
from provenance.storage.octets import Octets, cut, strip

PARTLY_ANSWERED: Final = (AssetTooLargeError, MislabelledAssetError, UnsupportedMediaError)
"""Why a sound file may have a picture that cannot be looked at; one that is damaged is an error of its own."""

SVG: Final = "image/svg+xml"
"""The one type that c2pa-rs 0.91 reads but does not find by itself."""
_SVG_WINDOW: Final = 4096


@dataclass(frozen=True, slots=True)
class View:
    """What could be seen of a file.

    Attributes:
        media_type: of the picture by its content; "" where it is neither SVG nor of a type that intake takes.
        picture: decoded, or None.
        problem: why there is none.
        remarks: what else was noticed, a line each.
        kind: what a file of a type that intake does not take looks like, else "".
    """

    media_type: MediaType | str
    picture: Picture | None = None
    problem: AssetError | None = None
    remarks: tuple[str, ...] = ()
    kind: str = ""


def look(unverified_bytes: Octets, limits: IntakeLimits) -> View:
    """Decode the picture in a file where that can be done; raises nothing for a bad file."""
    try:
        picture = parse_image(unverified_bytes, limits=limits)
    except MislabelledAssetError as exc:
        return _look_past(unverified_bytes, limits, exc)
    except AssetError as exc:
        media_type = _sniff(unverified_bytes)
        kind = "" if isinstance(media_type, MediaType) else describe_content(unverified_bytes)
        return View(media_type, problem=exc, remarks=_remark_rest(unverified_bytes, limits), kind=kind)
    return View(picture.media_type, picture, remarks=_remark_rest(unverified_bytes, limits))


def measure(unverified_bytes: Octets, limits: IntakeLimits) -> int:
    """Return how many pixels `look` would decode, by the file's headers; 0 where it would decode none."""
    try:
        try:
            width, height = measure_image(unverified_bytes, limits=limits)
        except MislabelledAssetError:
            end = find_end(unverified_bytes, limits=limits)
            width, height = measure_image(cut(unverified_bytes, end), limits=limits)
    except AssetError:
        return 0
    return width * height


def _look_past(unverified_bytes: Octets, limits: IntakeLimits, problem: AssetError) -> View:
    """Decode the picture without the bytes that follow it."""
    media_type = _sniff(unverified_bytes)
    try:
        end = find_end(unverified_bytes, limits=limits)
        picture = parse_image(cut(unverified_bytes, end), limits=limits)
    except AssetError:
        return View(media_type, problem=problem)
    return View(media_type, picture, remarks=_remark_rest(unverified_bytes, limits))


def _remark_rest(unverified_bytes: Octets, limits: IntakeLimits) -> tuple[str, ...]:
    """Say what follows the picture: a signature over the whole file breaks by a single byte of padding."""
    try:
        end = find_end(unverified_bytes, limits=limits)
    except AssetError:
        return ()
    rest = len(unverified_bytes) - end
    if not rest:
        return ()
    first, last = strip(unverified_bytes, end, PADDING)
    kind = describe_content(unverified_bytes, end) if first < last else "padding"
    what = "1 byte follows" if rest == 1 else f"{rest} bytes follow"
    return (f"{what} the picture ({kind}); it shows none of that",)


def _sniff(unverified_bytes: Octets) -> MediaType | str:
    try:
        return sniff_media_type(unverified_bytes)
    except UnsupportedMediaError:
        return SVG if _is_drawing(unverified_bytes[:_SVG_WINDOW]) else ""


def _is_drawing(start: bytes) -> bool:
    """Say whether the first element of a document is an SVG's, whatever declarations and comments come before."""
    rest = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    while rest.startswith((b"<?", b"<!")):
        rest = rest.partition(b"-->" if rest.startswith(b"<!--") else b">")[2].lstrip()
    return rest.startswith((b"<svg>", b"<svg ", b"<svg\n", b"<svg\r", b"<svg\t"))
