"""Look at a file's picture, as far as it can be looked at: what cannot is said, not refused.

Intake refuses whole files; verification answers about strangers' files as they are. Its limits are wider, bytes after
the picture are a remark, and a file whose pixels cannot be looked at may still carry a manifest that can.
"""

from provenance.errors import AssetError, MislabelledAssetError
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Look
from provenance.media.picture.image import find_end, measure_image, parse_image, sniff_media_type
from provenance.media.sniff import PADDING, describe_content
from provenance.storage.octets import Octets, cut, strip


def look(unverified_bytes: Octets, limits: IntakeLimits) -> Look:
    """Decode the picture in a file of a picture's type where that can be done; raises nothing for a bad file."""
    try:
        picture = parse_image(unverified_bytes, limits=limits)
    except MislabelledAssetError as exc:
        return _look_past(unverified_bytes, limits, exc)
    except AssetError as exc:
        media_type = sniff_media_type(unverified_bytes)
        return Look(media_type, problem=exc, remarks=_remark_rest(unverified_bytes, limits))
    return Look(picture.media_type, picture, remarks=_remark_rest(unverified_bytes, limits))


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


def _look_past(unverified_bytes: Octets, limits: IntakeLimits, problem: AssetError) -> Look:
    """Decode the picture without the bytes that follow it."""
    media_type = sniff_media_type(unverified_bytes)
    try:
        end = find_end(unverified_bytes, limits=limits)
        picture = parse_image(cut(unverified_bytes, end), limits=limits)
    except AssetError:
        return Look(media_type, problem=problem)
    return Look(media_type, picture, remarks=_remark_rest(unverified_bytes, limits))


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
