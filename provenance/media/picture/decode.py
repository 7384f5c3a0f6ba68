"""Bytes whose headers were checked, to pixels: the only place that calls a decoder, here or in a process of its own.

What the libraries raise on damaged files becomes one typed error; what makes them crash is why most of them run apart
(`provenance.media.picture.decoders`).
"""

import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from PIL import Image, ImageCms, ImageFile

from provenance.asset import Frame, MediaType, Plane
from provenance.errors import AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError
from provenance.media.containers.base import Layout, Tally, parse_orientation
from provenance.media.limits import IntakeLimits
from provenance.media.picture.colour import convert_pixels, orient
from provenance.media.picture.colour_key import build_alpha

# The plugin itself, not Image.open: no other one is ever tried, and none is imported that is not asked for.
_PLUGINS: Final[Mapping[MediaType, str]] = {
    MediaType.JPEG: "Jpeg",
    MediaType.PNG: "Png",
    MediaType.GIF: "Gif",
    MediaType.WEBP: "WebP",
    MediaType.TIFF: "Tiff",
    MediaType.AVIF: "Avif",
}

# What Pillow 13, littleCMS and pi-heif 1.4 raise on damaged files: OSError, SyntaxError, ValueError, RuntimeError,
# EOFError and zlib.error in a hundred thousand mutated files, the others by their sources. Nothing broader: an error
# of another kind is a mistake of ours and should look like one.
_FOREIGN_ERRORS: Final = (
    Image.DecompressionBombError,
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


@dataclass(frozen=True, slots=True)
class Decoded:
    """Pixels, upright, in 8-bit sRGB.

    Attributes:
        frame: (H, W, 3) uint8, read-only.
        alpha: (H, W) uint8, read-only, or None.
        is_turned: they were turned as the file's orientation tag asked.
    """

    frame: Frame
    alpha: Plane | None
    is_turned: bool = False


def decode(layout: Layout, limits: IntakeLimits) -> Decoded:
    """Decode once, convert, turn upright.

    Raises:
        AssetTooLargeError: memory for it cannot be had, or it holds more pictures than `limits` allow.
        UndecodableAssetError: truncated or damaged.
        UnsupportedMediaError: sound, and of a kind that is not taken.
    """
    try:
        return _decode(layout, limits)
    except MemoryError as exc:
        raise AssetTooLargeError(
            f"{layout.media_type.value}: expected to fit in memory, got {layout.width}x{layout.height}"
        ) from exc
    except _FOREIGN_ERRORS as exc:
        raise UndecodableAssetError(
            f"{layout.media_type.value}: expected {layout.width}x{layout.height} pixels, got damaged or truncated data "
            f"({type(exc).__name__})"
        ) from exc


def _load_plugin(media_type: MediaType) -> type[ImageFile.ImageFile]:
    name = _PLUGINS[media_type]
    plugin: type[ImageFile.ImageFile] = getattr(import_module(f"PIL.{name}ImagePlugin"), f"{name}ImageFile")
    return plugin


def _decode(layout: Layout, limits: IntakeLimits) -> Decoded:
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
    return Decoded(frame, alpha, is_turned=orientation != 1)


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
        return _load_plugin(layout.media_type)(io.BytesIO(layout.essence))
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
