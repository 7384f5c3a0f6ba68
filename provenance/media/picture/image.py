"""Unverified bytes to a picture: the one way in for images.

In this order, and nothing later runs if something earlier refuses: length, type by content, claims made about it, the
container's headers within bounds, a second type in the same file, and only then the decoder for that one type, which
gets the pixels without the metadata and, for most types, runs in a process of its own
(`provenance.media.picture.decoders`).
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from provenance.asset import Frame, MediaType
from provenance.errors import AssetTooLargeError
from provenance.media.containers import bmff, gif, jpeg, png, tiff, webp
from provenance.media.containers.base import Layout
from provenance.media.limits import IntakeLimits
from provenance.media.picture.decode import decode
from provenance.media.picture.decoders import APART, decode_apart
from provenance.media.picture.encode import encode_image, shipping_type
from provenance.media.picture.raster import Picture
from provenance.media.sniff import check_claims, check_single, sniff_media_type
from provenance.storage.octets import Octets

__all__ = [
    "IntakeLimits",
    "Picture",
    "encode_frame",
    "encode_image",
    "find_end",
    "measure_image",
    "measure_upright",
    "parse_image",
    "shipping_type",
    "sniff_media_type",
]

_WALKS: Final[Mapping[MediaType, Callable[[Octets, IntakeLimits], Layout]]] = {
    MediaType.JPEG: jpeg.parse_layout,
    MediaType.PNG: png.parse_layout,
    MediaType.GIF: gif.parse_layout,
    MediaType.WEBP: webp.parse_layout,
    MediaType.TIFF: tiff.parse_layout,
    MediaType.AVIF: partial(bmff.parse_layout, media_type=MediaType.AVIF),
    MediaType.HEIC: partial(bmff.parse_layout, media_type=MediaType.HEIC),
}

# EXIF 3.0 s4.6.5: orientations 5 to 8 swap width and height.
_SIDEWAYS: Final = 5

_SLOW: Final = frozenset({MediaType.AVIF, MediaType.HEIC})


def parse_image(
    unverified_bytes: Octets,
    *,
    declared_name: str = "",
    declared_type: str = "",
    limits: IntakeLimits = IntakeLimits(),  # noqa: B008 - frozen
) -> Picture:
    """Verify and decode a file.

    Args:
        unverified_bytes: the whole file, in memory or where it lies (`Blob.octets`).
        declared_name: file name as handed in, if any; its extension must agree with the content.
        declared_type: media type as handed in, if any; must agree with the content.
        limits: bounds, all checked on headers before pixels are decoded.

    Returns:
        The picture upright, in 8-bit sRGB, its transparency apart.

    Raises:
        UnsupportedMediaError: of no type, or in no variant, that intake takes.
        MislabelledAssetError: claims and content disagree, or the file is two types at once.
        AssetTooLargeError: a bound is passed, or memory for it cannot be had.
        UndecodableAssetError: truncated or damaged, or it crashed its decoder.
        ProcessDiedError: no decoder could be started, or none was free in time; try again.

    Limits:
        Damage inside compressed pixels that the decoder repairs is not seen: what it shows is what is screened and
        ships. HDR transfer curves (PQ, HLG), PNG gamma chunks and CICP are not applied.
    """
    layout = _read_layout(unverified_bytes, declared_name, declared_type, limits)
    media_type = layout.media_type
    decoded = decode_apart(layout, limits) if media_type in APART else decode(layout, limits)
    return Picture.from_frame(
        decoded.frame, decoded.alpha, media_type, is_turned=decoded.is_turned, left_out=_list_left_out(layout)
    )


def measure_image(unverified_bytes: Octets, *, limits: IntakeLimits) -> tuple[int, int]:
    """Return (width, height) of the picture as its headers state them; nothing is decoded.

    Raises:
        AssetError: as `parse_image`, of what can be known by then.
    """
    layout = _read_layout(unverified_bytes, "", "", limits)
    return layout.width, layout.height


def measure_upright(
    unverified_bytes: Octets, *, declared_name: str, declared_type: str, limits: IntakeLimits
) -> tuple[MediaType, int, int] | None:
    """Return type, width and height of the picture as it will be shown, by its headers; nothing is decoded.

    None for the types whose headers alone do not say how it is turned; their files are short (`max_slow_bytes`).

    Raises:
        AssetError: as `parse_image`, of what can be known by then.
    """
    if _check_size(unverified_bytes, limits) in _SLOW:
        return None
    layout = _read_layout(unverified_bytes, declared_name, declared_type, limits)
    width, height = layout.width, layout.height
    return (layout.media_type, height, width) if layout.orientation >= _SIDEWAYS else (layout.media_type, width, height)


def _read_layout(unverified_bytes: Octets, declared_name: str, declared_type: str, limits: IntakeLimits) -> Layout:
    """Check everything that can be checked before a decoder is asked."""
    media_type = _check_size(unverified_bytes, limits)
    check_claims(media_type, declared_name=declared_name, declared_type=declared_type)
    layout = _WALKS[media_type](unverified_bytes, limits)
    check_single(unverified_bytes, media_type, end=layout.end, max_tail_bytes=limits.max_tail_bytes)
    return layout


def _check_size(unverified_bytes: Octets, limits: IntakeLimits) -> MediaType:
    """Return the type of a file that is not too long for it."""
    size = len(unverified_bytes)
    if size > limits.max_bytes:
        raise AssetTooLargeError(f"expected at most {limits.max_bytes} bytes, got {size}")
    media_type = sniff_media_type(unverified_bytes)
    if media_type in _SLOW and size > limits.max_slow_bytes:
        raise AssetTooLargeError(f"{media_type.value}: expected at most {limits.max_slow_bytes} bytes, got {size}")
    return media_type


def encode_frame(frame: Frame) -> bytes:
    """Return drawn pixels, (H, W, 3) uint8 sRGB, as a PNG that intake takes."""
    return encode_image(Picture.from_frame(frame), MediaType.PNG)


def find_end(unverified_bytes: Octets, *, limits: IntakeLimits) -> int:
    """Return where the picture ends by its container's own rules; what follows belongs to no picture.

    Raises:
        AssetError: it is no picture, or its structure is damaged or out of bounds.
    """
    return _WALKS[_check_size(unverified_bytes, limits)](unverified_bytes, limits).end


def _list_left_out(layout: Layout) -> tuple[str, ...]:
    further = layout.frames - 1
    return (*layout.left_out, *((f"{further} further frame{'' if further == 1 else 's'}",) if further else ()))
