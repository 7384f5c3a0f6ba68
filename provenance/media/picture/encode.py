"""Pixels to files: one encoder per type that ships, without metadata, tuned by measurement.

Labels, manifest and everything else that a released file says about itself is written afterwards by those whose word it
is. Figures behind each choice: docs/intake.md. Every encoder is deterministic: same picture, same settings, same bytes.
"""

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from provenance.asset import MediaType
from provenance.errors import AssetError, AssetTooLargeError, UnsupportedMediaError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from provenance.media.picture.raster import Picture

# docs/intake.md, "Encoding": at these settings watermarks read back from every test photograph.
DEFAULT_QUALITY: Final[Mapping[MediaType, int]] = {MediaType.JPEG: 92, MediaType.WEBP: 92, MediaType.AVIF: 90}

# Largest width or height that each format can hold.
_MAX_SIDE: Final[Mapping[MediaType, int]] = {MediaType.JPEG: 65_500, MediaType.WEBP: 16_383, MediaType.AVIF: 32_768}

LOSSLESS: Final = frozenset({MediaType.PNG, MediaType.TIFF})
"""Types that ship every bit of a picture."""

# TIFF 6.0 s4 (XResolution, YResolution, ResolutionUnit) demands one; 72 an inch says nothing, as other encoders do.
_TIFF_DPI: Final = 72

_SHIPS_AS: Final[Mapping[MediaType, MediaType]] = {MediaType.GIF: MediaType.PNG, MediaType.HEIC: MediaType.JPEG}


def shipping_type(media_type: MediaType) -> MediaType:
    """Return the type in which a picture of `media_type` ships.

    GIF ships as PNG, since 256 colours cannot carry a watermark; HEIC as JPEG, since its encoders are under the GPL;
    every other type as itself.
    """
    return _SHIPS_AS.get(media_type, media_type)


def encode_image(picture: "Picture", media_type: MediaType, *, quality: int | None = None) -> bytes:
    """Encode `picture` without any metadata.

    Args:
        picture: what to write. JPEG has no transparency: it gets the picture as it looks on white.
        media_type: JPEG, PNG, WebP, AVIF or TIFF; PNG and TIFF are lossless.
        quality: 1-100 for JPEG, WebP and AVIF, by default 92, 92 and 90; ignored by lossless types.

    Raises:
        UnsupportedMediaError: GIF or HEIC, which do not ship; see `shipping_type`.
        AssetTooLargeError: a side is longer than the format can hold.
        AssetError: quality out of range, or the encoder failed.
    """
    encoder = _ENCODERS.get(media_type)
    if encoder is None:
        ships = ", ".join(kind.value for kind in _ENCODERS)
        raise UnsupportedMediaError(f"expected a type that ships ({ships}), got {media_type.value}")
    if quality is not None and not 1 <= quality <= 100:
        raise AssetError(f"expected a quality of 1 to 100, got {quality}")
    longest = max(picture.height, picture.width)
    if longest > _MAX_SIDE.get(media_type, longest):
        raise AssetTooLargeError(
            f"{media_type.value}: expected sides of at most {_MAX_SIDE[media_type]}, got {longest}"
        )
    return encoder(picture, quality or DEFAULT_QUALITY.get(media_type, 0))


def _encode_jpeg(picture: "Picture", quality: int) -> bytes:
    """Baseline, 4:4:4: half-resolution colour would blur what watermarks lay into it."""
    import cv2

    settings = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    return _encode_cv2(".jpg", cv2.cvtColor(picture.flattened().frame, cv2.COLOR_RGB2BGR), settings)


def _encode_png(picture: "Picture", _quality: int) -> bytes:
    """Take the better of two fast settings, found on one row in sixteen.

    Run lengths of Paeth differences match zlib level 6 on photographs in a sixth of its time; patterns and text want
    real matching, which at level 2 is as fast there.
    """
    import cv2

    level, strategy, kind = cv2.IMWRITE_PNG_COMPRESSION, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_FILTER
    photograph = [level, 1, strategy, cv2.IMWRITE_PNG_STRATEGY_RLE, kind, cv2.IMWRITE_PNG_FILTER_PAETH]
    graphic = [level, 2, strategy, cv2.IMWRITE_PNG_STRATEGY_DEFAULT, kind, cv2.IMWRITE_PNG_FILTER_SUB]
    pixels = _bgr(picture)
    # Bands of 16 rows keep what a row owes to the one above it.
    bands = [pixels[top : top + 16] for top in range(0, picture.height, 256)]
    sample = np.concatenate(bands) if len(bands) > 1 else bands[0]
    sizes = [len(_encode_cv2(".png", sample, settings)) for settings in (photograph, graphic)]
    return _encode_cv2(".png", pixels, photograph if sizes[0] <= sizes[1] else graphic)


def _encode_webp(picture: "Picture", quality: int) -> bytes:
    """Lossy; method 2 takes 40 % of the time of the default method 4 for 3 % more bytes."""
    return _encode_pillow(picture, "WEBP", quality=quality, method=2, alpha_quality=100, exact=True)


def _encode_avif(picture: "Picture", quality: int) -> bytes:
    """4:4:4 as in JPEG; speed 9 takes a fourteenth of the time of the default 6 for 9 % more bytes."""
    return _encode_pillow(picture, "AVIF", quality=quality, speed=9, subsampling="4:4:4")


def _encode_tiff(picture: "Picture", _quality: int) -> bytes:
    """LZW over horizontal differences: read everywhere, a third smaller than raw."""
    # TIFF 6.0 s14: tag 317 Predictor, 2 is horizontal differencing; s4: baseline files state a resolution.
    return _encode_pillow(picture, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}, dpi=(_TIFF_DPI, _TIFF_DPI))


def _bgr(picture: "Picture") -> "NDArray[np.uint8]":
    """Return the pixels in OpenCV's channel order, with alpha as a fourth channel if there is any."""
    import cv2

    if picture.alpha is None:
        pixels: NDArray[np.uint8] = cv2.cvtColor(picture.frame, cv2.COLOR_RGB2BGR)
        return pixels
    return np.dstack((picture.frame[..., ::-1], picture.alpha))


def _encode_cv2(extension: str, pixels: "NDArray[np.uint8]", settings: list[int]) -> bytes:
    import cv2

    try:
        is_done, encoded = cv2.imencode(extension, pixels, settings)
    except cv2.error as exc:
        raise AssetError(f"the {extension} encoder failed on {pixels.shape}: {exc.code}") from exc
    if not is_done:
        raise AssetError(f"the {extension} encoder failed on {pixels.shape}")
    return bytes(encoded.tobytes())


def _encode_pillow(picture: "Picture", kind: str, **settings: Any) -> bytes:  # noqa: ANN401 - Pillow's own keywords
    pixels = picture.frame if picture.alpha is None else np.dstack((picture.frame, picture.alpha))
    out = io.BytesIO()
    try:
        Image.fromarray(pixels).save(out, kind, **settings)
    except (OSError, ValueError, RuntimeError, MemoryError) as exc:
        raise AssetError(f"the {kind} encoder failed on {pixels.shape}: {type(exc).__name__}") from exc
    return out.getvalue()


_ENCODERS: Final[Mapping[MediaType, Callable[["Picture", int], bytes]]] = {
    MediaType.JPEG: _encode_jpeg,
    MediaType.PNG: _encode_png,
    MediaType.WEBP: _encode_webp,
    MediaType.AVIF: _encode_avif,
    MediaType.TIFF: _encode_tiff,
}
