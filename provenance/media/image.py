"""Unverified bytes to a picture: the one way in for images.

In this order, and nothing later runs if something earlier refuses: length, type by content, claims made about it, the
container's headers within bounds, a second type in the same file, and only then the decoder for that one type, which
gets the pixels without the metadata.
"""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError
from provenance.media.cache import PictureCache
from provenance.media.colour import convert_pixels, orient
from provenance.media.colour_key import build_alpha
from provenance.media.containers import bmff, gif, jpeg, png, tiff, webp
from provenance.media.containers.base import Layout, Tally, parse_orientation
from provenance.media.encode import encode_image, shipping_type
from provenance.media.limits import IntakeLimits
from provenance.media.picture import Picture
from provenance.media.sniff import check_claims, check_single, sniff_media_type

__all__ = [
    "IntakeLimits",
    "Picture",
    "PictureCache",
    "encode_image",
    "parse_image",
    "shipping_type",
    "sniff_media_type",
]

_WALKS: Final[Mapping[MediaType, Callable[[bytes, IntakeLimits], Layout]]] = {
    MediaType.JPEG: jpeg.parse_layout,
    MediaType.PNG: png.parse_layout,
    MediaType.GIF: gif.parse_layout,
    MediaType.WEBP: webp.parse_layout,
    MediaType.TIFF: tiff.parse_layout,
    MediaType.AVIF: partial(bmff.parse_layout, media_type=MediaType.AVIF),
    MediaType.HEIC: partial(bmff.parse_layout, media_type=MediaType.HEIC),
}

_SLOW: Final = frozenset({MediaType.AVIF, MediaType.HEIC})

# The plugin class itself, not Image.open: no other plugin is ever tried.
_PLUGINS: Final[Mapping[MediaType, type[ImageFile.ImageFile]]] = {
    MediaType.JPEG: JpegImagePlugin.JpegImageFile,
    MediaType.PNG: PngImagePlugin.PngImageFile,
    MediaType.GIF: GifImagePlugin.GifImageFile,
    MediaType.WEBP: WebPImagePlugin.WebPImageFile,
    MediaType.TIFF: TiffImagePlugin.TiffImageFile,
    MediaType.AVIF: AvifImagePlugin.AvifImageFile,
}

# What Pillow 13, littleCMS and pi-heif 1.4 raise on damaged files: OSError, SyntaxError, ValueError, RuntimeError,
# EOFError and zlib.error in a hundred thousand mutated files, the others by their sources. Nothing broader: an error
# of another kind is a mistake of ours and should look like one.
_FOREIGN_ERRORS: Final = (
    ImageCms.PyCMSError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
    zlib.error,
)


def parse_image(
    unverified_bytes: bytes,
    *,
    declared_name: str = "",
    declared_type: str = "",
    limits: IntakeLimits = IntakeLimits(),  # noqa: B008 - frozen
) -> Picture:
    """Verify and decode a file.

    Args:
        unverified_bytes: the whole file.
        declared_name: file name as handed in, if any; its extension must agree with the content.
        declared_type: media type as handed in, if any; must agree with the content.
        limits: bounds, all checked on headers before pixels are decoded.

    Returns:
        The picture upright, in 8-bit sRGB, its transparency apart.

    Raises:
        UnsupportedMediaError: of no type, or in no variant, that intake takes.
        MislabelledAssetError: claims and content disagree, or the file is two types at once.
        AssetTooLargeError: a bound is passed, or memory for it cannot be had.
        UndecodableAssetError: truncated or damaged.

    Limits:
        Damage inside compressed pixels that the decoder repairs is not seen: what it shows is what is screened and
        ships. HDR transfer curves (PQ, HLG), PNG gamma chunks and CICP are not applied.
    """
    if len(unverified_bytes) > limits.max_bytes:
        raise AssetTooLargeError(f"expected at most {limits.max_bytes} bytes, got {len(unverified_bytes)}")
    media_type = sniff_media_type(unverified_bytes)
    if media_type in _SLOW and len(unverified_bytes) > limits.max_slow_bytes:
        raise AssetTooLargeError(
            f"{media_type.value}: expected at most {limits.max_slow_bytes} bytes, got {len(unverified_bytes)}"
        )
    check_claims(media_type, declared_name=declared_name, declared_type=declared_type)
    layout = _WALKS[media_type](unverified_bytes, limits)
    check_single(unverified_bytes, media_type, end=layout.end, max_tail_bytes=limits.max_tail_bytes)
    try:
        return _decode(layout, limits)
    except MemoryError as exc:
        raise AssetTooLargeError(
            f"{media_type.value}: expected to fit in memory, got {layout.width}x{layout.height}"
        ) from exc
    except _FOREIGN_ERRORS as exc:
        raise UndecodableAssetError(
            f"{media_type.value}: expected {layout.width}x{layout.height} pixels, got damaged or truncated data "
            f"({type(exc).__name__})"
        ) from exc


def _decode(layout: Layout, limits: IntakeLimits) -> Picture:
    """Decode once, convert, turn upright."""
    # Other libraries in the process set this to True; half a picture must never pass for one.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    if layout.media_type is MediaType.HEIC:
        image, icc, orientation = _decode_heic(layout, limits)
    else:
        image, icc, orientation = _decode_pillow(layout)
    keyed = build_alpha(image, layout) if layout.colour_key else None
    frame, alpha = convert_pixels(image, icc, is_inverted=layout.is_inverted)
    del image
    alpha = alpha if keyed is None else keyed
    if orientation != 1:
        frame, alpha = orient(frame, orientation), None if alpha is None else orient(alpha, orientation)
    frame.flags.writeable = False
    if alpha is not None:
        alpha.flags.writeable = False
    return Picture.from_frame(
        frame, alpha, layout.media_type, is_turned=orientation != 1, left_out=_list_left_out(layout)
    )


def _list_left_out(layout: Layout) -> tuple[str, ...]:
    further = layout.frames - 1
    return (*layout.left_out, *((f"{further} further frame{'' if further == 1 else 's'}",) if further else ()))


def _decode_pillow(layout: Layout) -> tuple[Image.Image, bytes, int]:
    """Return the decoded image, its profile and its orientation."""
    image = _open_pillow(layout)
    _check_decoder(layout, image.size)
    image.load()
    # The plugins of WebP and AVIF keep their decoder and its buffers: two more copies of the picture.
    vars(image).pop("_decoder", None)
    image.fp = None
    if layout.media_type is not MediaType.AVIF:
        return image, layout.icc, layout.orientation
    # libavif reports its own transformation properties, which overrule EXIF, as if they were EXIF.
    icc, exif = image.info.get("icc_profile") or b"", image.info.get("exif") or b""
    return image, icc, parse_orientation(exif)


def _open_pillow(layout: Layout) -> ImageFile.ImageFile:
    """Open the file with the one plugin for its type, which decodes no pixels yet.

    Raises:
        UnsupportedMediaError: the headers are sound and the plugin takes no such pixels.
    """
    try:
        return _PLUGINS[layout.media_type](io.BytesIO(layout.essence))
    except SyntaxError as exc:
        if not layout.kind:
            raise
        raise UnsupportedMediaError(f"not taken: {layout.kind}") from exc


def _decode_heic(layout: Layout, limits: IntakeLimits) -> tuple[Image.Image, bytes, int]:
    """Return the decoded image and its profile; libheif turns pictures upright by itself."""
    import pi_heif

    # Other images inside the file are not shown, so nothing should parse them.
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    container = pi_heif.open_heif(layout.essence, convert_hdr_to_8bit=True)
    # Which items count as pictures of their own follows from references that libheif has resolved by now.
    Tally(MediaType.HEIC, limits).check_frames(len(container))
    primary = container[container.primary_index]
    _check_decoder(layout, primary.size)
    icc = primary.info.get("icc_profile") or b""
    image = Image.frombytes(primary.mode, primary.size, primary.data, "raw", primary.mode, primary.stride)
    return image, icc, 1


def _check_decoder(layout: Layout, size: tuple[int, int]) -> None:
    """Refuse a picture whose decoder sees more pixels than its headers were checked for."""
    if size[0] * size[1] > layout.width * layout.height:
        raise UndecodableAssetError(
            f"{layout.media_type.value}: expected {layout.width}x{layout.height} pixels by its headers, "
            f"got {size[0]}x{size[1]}"
        )
