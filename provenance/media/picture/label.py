"""Explicit labels: what people see on the picture.

The standard bounds the height of the characters, so the ink of each letter, digit and Han character is
measured, never the font size: in every font the capitals are lower than the size that it is called by.

Source: GB 45438-2025 section 4.2 (text on an edge or corner, legible, at least 5 % of the shortest side high).
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from provenance.asset import Frame, Plane
from provenance.errors import LabelError
from provenance.media.picture.raster import Picture

if TYPE_CHECKING:
    from PIL import ImageFont

Corner = Literal["top_left", "top_right", "bottom_left", "bottom_right"]
CORNERS: Final[tuple[Corner, ...]] = ("top_left", "top_right", "bottom_left", "bottom_right")

# GB 45438-2025 section 4.2 b): characters at least 5 % of the shortest side.
MIN_HEIGHT_RATIO: Final = 0.05

# Below this, Han characters of ten strokes run together: looked at in this font, bold, from 6 to 16 pixels.
MIN_LEGIBLE_PX: Final = 10

_MAX_TEXT_CHARS: Final = 64
_FONT: Final = "label-sans-bold.otf"

# The label's own look, chosen by eye on bright, dark, busy and mid-grey pictures: white on a dark plate.
_PLATE_GREY: Final = 16
_PLATE_OPACITY: Final = 0.72
_INK_GREY: Final = 255
_PADDING: Final = 0.45
_MARGIN: Final = 0.45
_RADIUS: Final = 0.22

# A full-width character with less ink than this part of the font size is flat by design; the rest have 0.75 and more.
_FLAT_PART: Final = 0.7
_PLAINLY_INKED: Final = 192
_ORDINARY_HAN: Final = "国"

# GB 45438-2025 section 4.1: an AI element and a generation element.
_AI_ELEMENT: Final = re.compile(r"人工智能|(?<![A-Za-z])AI(?![A-Za-z])")
_GENERATION_ELEMENT: Final = re.compile(r"生成|合成")


def has_required_elements(text: str) -> bool:
    """Tell whether `text` names AI and generation, as GB 45438-2025 asks of an explicit label."""
    plain = unicodedata.normalize("NFKC", text)
    return bool(_AI_ELEMENT.search(plain) and _GENERATION_ELEMENT.search(plain))


def choose_options(parameters: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return what `draw_label` takes of a label's parameters: others are other media's. `text` is for where none is."""
    given = {name: parameters[name] for name in ("text", "min_height_ratio", "corner") if name in parameters}
    return {"text": text, **given}


def draw_label(
    picture: Picture,
    *,
    text: str = "AI生成",
    corner: Corner = "bottom_right",
    min_height_ratio: float = MIN_HEIGHT_RATIO,
) -> Picture:
    """Return a copy of `picture` with `text` drawn in a corner, light on a dark plate.

    Every letter, digit and Han character is at least ``min_height_ratio`` times the shortest side high. The picture is
    opaque where the label lies.

    Args:
        picture: not modified.
        text: one line, at most 64 characters.
        corner: where the label goes.
        min_height_ratio: 0 < ratio <= 0.25.

    Raises:
        LabelError: a character that the font lacks, no visible text, or no room for a legible label.

    Limits: a label can be cropped away or painted over; it is for people, the marks that last are others.
    """
    if corner not in CORNERS:
        raise LabelError(f"corner must be one of {', '.join(CORNERS)}, got {str(corner)[:40]!r}")
    if not 0 < min_height_ratio <= 0.25:
        raise LabelError(f"min_height_ratio must be above 0 and at most 0.25, got {min_height_ratio}")
    least_px = max(MIN_LEGIBLE_PX, int(np.ceil(min_height_ratio * min(picture.height, picture.width))))
    ink = _build_ink(_parse_text(text), least_px)
    padding, margin = (max(2, round(part * least_px)) for part in (_PADDING, _MARGIN))
    height, width = ink.shape[0] + 2 * padding, ink.shape[1] + 2 * padding
    margin = min(margin, picture.height - height, picture.width - width)
    if margin < 0:
        raise LabelError(
            f"the label {text!r} takes {width}x{height} pixels at the least legible size for this picture, "
            f"which has {picture.width}x{picture.height}"
        )
    top = margin if corner.startswith("top") else picture.height - margin - height
    left = margin if corner.endswith("left") else picture.width - margin - width
    return _composed(picture, np.pad(ink, padding), top, left)


def measure_ink_height(text: str, size_px: int) -> int:
    """Return the height of the lowest character of `text` in this font size, in pixels; 0 if it has no letters.

    Letters and digits count by their own ink, an ``o`` as well as an ``l``. Han, kana and Hangul do too, except those
    that are flat by design, such as the one stroke of U+4E00, which count as an ordinary one.
    """
    heights: list[int] = []
    for char in text:
        if unicodedata.category(char)[0] not in "LN":
            continue
        rows = _count_ink_rows(char, size_px)
        is_flat = unicodedata.east_asian_width(char) in "WF" and rows < _FLAT_PART * size_px
        heights.append(_count_ink_rows(_ORDINARY_HAN, size_px) if is_flat else rows)
    return min(heights, default=0)


@lru_cache(maxsize=4096)
def _count_ink_rows(char: str, size_px: int) -> int:
    """Count the rows in which a character alone is somewhere plainly inked, its soft edges left out."""
    return int(np.count_nonzero(_draw_ink(char, size_px).max(axis=1, initial=0) >= _PLAINLY_INKED))


def _build_ink(text: str, least_px: int) -> Plane:
    """Return `text` in the smallest size whose lowest character has `least_px` rows of ink."""
    size_px = least_px
    while (height := measure_ink_height(text, size_px)) < least_px:
        size_px += max(1, least_px - height)
    return _draw_ink(text, size_px)


@lru_cache(maxsize=256)
def _draw_ink(text: str, size_px: int) -> Plane:
    """Return the coverage of `text`, 0-255, with no margin."""
    from PIL import Image, ImageDraw

    font = _load_font(size_px)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    canvas = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(canvas).text((-left, -top), text, fill=255, font=font)
    ink: Plane = np.array(canvas, dtype=np.uint8)
    ink.flags.writeable = False
    return ink


def _draw_plate(height: int, width: int) -> Plane:
    """Return the coverage of a plate with rounded corners, 0-255."""
    from PIL import Image, ImageDraw

    radius = round(_RADIUS * height)
    canvas = Image.new("L", (4 * width, 4 * height))
    ImageDraw.Draw(canvas).rounded_rectangle((0, 0, 4 * width - 1, 4 * height - 1), 4 * radius, fill=255)
    return np.asarray(canvas.resize((width, height), Image.Resampling.BOX), dtype=np.uint8)


def _composed(picture: Picture, ink: Plane, top: int, left: int) -> Picture:
    """Blend the plate, then the ink, into a copy; make it opaque where the plate lies."""
    area = (slice(top, top + ink.shape[0]), slice(left, left + ink.shape[1]))
    plate = _draw_plate(*ink.shape)
    frame: Frame = picture.frame.copy()
    alpha = picture.alpha
    pixels = frame[area].astype(np.float32)
    opacity = plate[:, :, np.newaxis] * np.float32(_PLATE_OPACITY / 255)
    if alpha is not None:
        # What a transparent pixel hides must not show through: the plate is all there is on it.
        opacity = np.maximum(
            opacity, plate[:, :, np.newaxis] * (1 - alpha[area][:, :, np.newaxis] / np.float32(255)) / 255
        )
        alpha = alpha.copy()
        alpha[area] = np.maximum(alpha[area], plate)
        alpha.flags.writeable = False
    pixels += (_PLATE_GREY - pixels) * opacity
    pixels += (_INK_GREY - pixels) * (ink[:, :, np.newaxis] / np.float32(255))
    frame[area] = np.rint(pixels).astype(np.uint8)
    frame.flags.writeable = False
    return Picture.from_frame(frame, alpha=alpha, media_type=picture.media_type)


def _parse_text(text: str) -> str:
    """Return the text composed (NFC), or say what about it cannot be drawn."""
    composed = unicodedata.normalize("NFC", text)
    if not 0 < len(composed) <= _MAX_TEXT_CHARS:
        raise LabelError(f"a label has 1 to {_MAX_TEXT_CHARS} characters, got {len(composed)}")
    for char in composed:
        if unicodedata.category(char)[0] in "CM" or char in "\u2028\u2029" or not _is_covered(char):
            raise LabelError(f"the label font lacks the character {char!r} (U+{ord(char):04X})")
    if measure_ink_height(composed, 32) == 0:
        raise LabelError(f"the label {text!r} has no letters")
    return composed


@lru_cache(maxsize=4096)
def _is_covered(char: str) -> bool:
    """Tell whether the font has a glyph of its own for `char`: another than the one for a character that is none."""
    return char == " " or not np.array_equal(_draw_ink(char, 32), _draw_ink("\U0010ffff", 32))


@cache
def _load_font_file() -> bytes:
    return files("provenance.labels").joinpath("fonts", _FONT).read_bytes()


@lru_cache(maxsize=32)
def _load_font(size_px: int) -> "ImageFont.FreeTypeFont":
    from PIL import ImageFont

    return ImageFont.truetype(BytesIO(_load_font_file()), size_px, layout_engine=ImageFont.Layout.BASIC)
