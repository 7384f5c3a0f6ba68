"""What happens to pictures in the world, one function for each kind of edit.

Each takes a frame, a seeded generator and parameters by keyword, and returns a new frame; none changes its input. The
table of attacks in `attacks.py` names them with their parameters. Sources: the study's prototype; WAVES
(arXiv:2401.08573) for rotation, resized crops, erasing, tone, blur, noise and JPEG; WIBE for its wider list.
"""

import io
import math
from collections.abc import Mapping
from typing import Any, Literal

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps
from skimage import exposure

from provenance.asset import Frame

Rng = np.random.Generator
Step = tuple[str, Mapping[str, Any]]

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def _rounded(values: np.ndarray) -> Frame:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def nothing(frame: Frame, _: Rng) -> Frame:
    """Return a copy."""
    return frame.copy()


def encoded(frame: Frame, _: Rng, *, form: str, quality: int = 75, **options: Any) -> Frame:
    """Save as JPEG, WebP or AVIF and read it back."""
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, form, quality=quality, **options)
    return np.array(Image.open(buffer).convert("RGB"))


def jpeg2000(frame: Frame, _: Rng, *, ratio: float) -> Frame:
    """Save as JPEG 2000 at a compression ratio and read it back."""
    buffer = io.BytesIO()
    Image.fromarray(frame).save(
        buffer, "JPEG2000", quality_mode="rates", quality_layers=[ratio], irreversible=True, mct=1
    )
    return np.array(Image.open(buffer).convert("RGB"))


def resized(frame: Frame, _: Rng, *, across: float, down: float | None = None, how: str = "lanczos") -> Frame:
    """Scale the width and the height."""
    size = round(frame.shape[1] * across), round(frame.shape[0] * (across if down is None else down))
    return np.array(Image.fromarray(frame).resize(size, FILTERS[how]))


def resized_and_back(frame: Frame, rng: Rng, *, across: float, how: str = "bicubic") -> Frame:
    """Scale down and up again."""
    small = resized(frame, rng, across=across, how=how)
    return np.array(Image.fromarray(small).resize(frame.shape[1::-1], FILTERS[how]))


def fitted(frame: Frame, rng: Rng, *, longest: int, how: str = "lanczos") -> Frame:
    """Shrink to a longest side; smaller pictures stay as they are."""
    scale = longest / max(frame.shape[:2])
    return resized(frame, rng, across=scale, how=how) if scale < 1 else frame.copy()


def cropped(
    frame: Frame, rng: Rng, *, area: float, at: Literal["middle", "corner", "random"] = "random", stretch: float = 1
) -> Frame:
    """Keep a share of the area: in the middle, at the lower right, or anywhere; `stretch` varies its shape."""
    height, width = frame.shape[:2]
    shape = math.exp(rng.uniform(-1, 1) * math.log(stretch)) if stretch > 1 else 1
    kept_height = min(round(height * math.sqrt(area) * shape), height)
    kept_width = min(round(width * math.sqrt(area) / shape), width)
    top, left = height - kept_height, width - kept_width
    if at == "middle":
        top, left = top // 2, left // 2
    elif at == "random":
        top, left = int(rng.integers(top + 1)), int(rng.integers(left + 1))
    return frame[top : top + kept_height, left : left + kept_width].copy()


def inscribed(height: int, width: int, degrees: float) -> tuple[int, int]:
    """Return height and width of the largest upright rectangle in a turned one, less a margin of one pixel a side."""
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    longest, shortest = max(width, height), min(width, height)
    if shortest <= 2 * sine * cosine * longest or abs(sine - cosine) < 1e-10:
        half = shortest / 2
        across, down = (half / sine, half / cosine) if width >= height else (half / cosine, half / sine)
    else:
        doubled = cosine * cosine - sine * sine
        across, down = (width * cosine - height * sine) / doubled, (height * cosine - width * sine) / doubled
    return int(down) - 2, int(across) - 2


def rotated(
    frame: Frame, rng: Rng, *, degrees: float | tuple[float, float], padded: bool = False, how: str = "bicubic"
) -> Frame:
    """Turn by an angle, or by one from a range: cropped to the inscribed rectangle, or padded with black corners."""
    angle = float(rng.uniform(*degrees)) if isinstance(degrees, tuple) else degrees
    if padded:
        return np.array(Image.fromarray(frame).rotate(angle, FILTERS[how], expand=True))
    height, width = inscribed(*frame.shape[:2], angle)
    expand = height > frame.shape[0] or width > frame.shape[1]
    whole = np.asarray(Image.fromarray(frame).rotate(angle, FILTERS[how], expand=expand))
    top, left = (whole.shape[0] - height) // 2, (whole.shape[1] - width) // 2
    return whole[top : top + height, left : left + width].copy()


def turned(frame: Frame, _: Rng, *, quarters: int = 0, mirrored: bool = False) -> Frame:
    """Turn by quarters, then mirror left to right."""
    moved = np.rot90(frame, quarters)
    return np.ascontiguousarray(moved[:, ::-1] if mirrored else moved).copy()


def warped(frame: Frame, matrix: np.ndarray, border: int = cv2.BORDER_REFLECT_101) -> Frame:
    """Apply a 3x3 matrix about the centre of the picture, at the picture's size."""
    height, width = frame.shape[:2]
    middle = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]], dtype=np.float64)
    whole = middle @ matrix @ np.linalg.inv(middle)
    return cv2.warpPerspective(frame, whole, (width, height), flags=cv2.INTER_CUBIC, borderMode=border)


def sheared(frame: Frame, _: Rng, *, across: float = 0, down: float = 0) -> Frame:
    """Shear about the centre, then cut the borders that were made up."""
    height, width = frame.shape[:2]
    made = warped(frame, np.array([[1, across, 0], [down, 1, 0], [0, 0, 1]], dtype=np.float64))
    top, left = math.ceil(abs(down) * width / 2), math.ceil(abs(across) * height / 2)
    return made[top : height - top, left : width - left].copy()


def perspective(frame: Frame, rng: Rng, *, share: float) -> Frame:
    """Move each corner inwards by up to a share of the sides: what a camera does that is not held square."""
    height, width = frame.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], dtype=np.float32)
    moved = corners + inwards * rng.uniform(0, share, (4, 2)).astype(np.float32) * np.float32([width, height])
    matrix = cv2.getPerspectiveTransform(moved, corners)
    return cv2.warpPerspective(frame, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def bent(frame: Frame, rng: Rng, *, pixels: float) -> Frame:
    """Bend smoothly at random, by so many pixels at most: StirMark's attack on whatever needs one geometry."""
    height, width = frame.shape[:2]
    across, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    shifts = rng.uniform(-pixels, pixels, (2, 5, 5)).astype(np.float32)
    shift_across, shift_down = (cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) for grid in shifts)
    moved_across, moved_down = across + shift_across, down + shift_down
    return cv2.remap(frame, moved_across, moved_down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def thinned(frame: Frame, rng: Rng, *, every: int) -> Frame:
    """Leave out one row and one column of so many, each at a random place: StirMark's jitter."""
    kept = []
    for side in frame.shape[:2]:
        dropped = np.arange(0, side - every + 1, every) + rng.integers(0, every, max(0, side // every))
        kept.append(np.setdiff1d(np.arange(side), dropped))
    return np.ascontiguousarray(frame[np.ix_(*kept)])


def inverted(frame: Frame, _: Rng) -> Frame:
    """Turn into a negative."""
    return 255 - frame


def curve(frame: Frame, _: Rng, *, add: float = 0, times: float = 1, about: float = 0, power: float = 1) -> Frame:
    """Change tones with one curve for all channels: 255 (x / 255)^power, then (x - about) times + about + add."""
    values = 255 * (np.arange(256) / 255) ** power
    return _rounded((values - about) * times + about + add)[frame]


def coloured(frame: Frame, _: Rng, *, saturation: float = 1, hue_degrees: float = 0) -> Frame:
    """Scale saturation about grey, and turn hues, in YCbCr, so that the luma stays what it was."""
    planes = cv2.cvtColor(frame, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    angle = math.radians(hue_degrees)
    red, blue = planes[..., 1] - 128, planes[..., 2] - 128
    planes[..., 1] = 128 + saturation * (red * math.cos(angle) - blue * math.sin(angle))
    planes[..., 2] = 128 + saturation * (red * math.sin(angle) + blue * math.cos(angle))
    return cv2.cvtColor(_rounded(planes), cv2.COLOR_YCrCb2RGB)


def grey(frame: Frame, _: Rng) -> Frame:
    """Turn to grey."""
    return np.array(Image.fromarray(frame).convert("L").convert("RGB"))


def warmed(frame: Frame, _: Rng, *, red: float, blue: float) -> Frame:
    """Shift the white balance."""
    return _rounded(frame * np.array([red, 1, blue]))


def posterised(frame: Frame, _: Rng, *, bits: int) -> Frame:
    """Keep the upper bits of each channel."""
    return np.array(ImageOps.posterize(Image.fromarray(frame), bits))


def equalised(frame: Frame, _: Rng, *, local: bool = False) -> Frame:
    """Equalise the histogram of the luma, of the whole picture or in tiles (CLAHE)."""
    planes = cv2.cvtColor(frame, cv2.COLOR_RGB2YCrCb)
    luma = planes[..., 0]
    if local:
        planes[..., 0] = cv2.createCLAHE(2.0, (8, 8)).apply(luma)
    else:
        planes[..., 0] = _rounded(255 * exposure.equalize_hist(luma))
    return cv2.cvtColor(planes, cv2.COLOR_YCrCb2RGB)


def blurred(frame: Frame, _: Rng, *, sigma: float) -> Frame:
    """Blur with a Gaussian."""
    return cv2.GaussianBlur(frame, (0, 0), sigma)


def moved(frame: Frame, rng: Rng, *, pixels: int) -> Frame:
    """Blur along a line of some direction: motion."""
    kernel = np.zeros((pixels, pixels), np.float32)
    kernel[pixels // 2] = 1
    turn = cv2.getRotationMatrix2D(((pixels - 1) / 2, (pixels - 1) / 2), float(rng.uniform(0, 180)), 1)
    kernel = cv2.warpAffine(kernel, turn, (pixels, pixels))
    return cv2.filter2D(frame, -1, kernel / kernel.sum())


def median(frame: Frame, _: Rng, *, pixels: int) -> Frame:
    """Take the median of a square, for each channel."""
    return cv2.medianBlur(frame, pixels)


def denoised(frame: Frame, _: Rng, *, strength: float) -> Frame:
    """Remove noise by non-local means."""
    return cv2.fastNlMeansDenoisingColored(frame, None, strength, strength, 5, 15)


def smoothed(frame: Frame, _: Rng, *, pixels: int, tones: float) -> Frame:
    """Smooth what has no edges: a bilateral filter."""
    return cv2.bilateralFilter(frame, pixels, tones, pixels)


def sharpened(frame: Frame, _: Rng, *, amount: float, sigma: float = 1.0) -> Frame:
    """Sharpen with an unsharp mask."""
    values = frame.astype(np.float32)
    return _rounded(values + amount * (values - cv2.GaussianBlur(values, (0, 0), sigma)))


def noisy(frame: Frame, rng: Rng, *, deviation: float = 0, speckle: float = 0) -> Frame:
    """Add Gaussian noise, and noise in proportion to the tone."""
    values = frame * (1 + rng.normal(0, speckle, frame.shape)) if speckle else frame
    return _rounded(values + rng.normal(0, deviation, frame.shape))


def salted(frame: Frame, rng: Rng, *, share: float) -> Frame:
    """Set a share of the pixels to black or white."""
    made = frame.copy()
    chance = rng.random(frame.shape[:2])
    made[chance < share / 2] = 0
    made[chance > 1 - share / 2] = 255
    return made


def lettered(frame: Frame, rng: Rng, *, lines: int, share: float = 0.08) -> Frame:
    """Write lines of text over the picture, white with a black edge."""
    image = Image.fromarray(frame)
    size = max(10, round(share * min(image.size)))
    font = ImageFont.load_default(size)
    draw = ImageDraw.Draw(image)
    for _ in range(lines):
        text = "".join(rng.choice(list("abcdefghij klmnopqrs tuvwxyz"), 24))
        at = int(rng.integers(image.width // 4 + 1)), int(rng.integers(max(1, image.height - size)))
        draw.text(at, text.upper(), font=font, fill="white", stroke_width=max(1, size // 12), stroke_fill="black")
    return np.array(image)


def stickered(frame: Frame, rng: Rng, *, count: int, share: float = 0.2) -> Frame:
    """Put round and square stickers of plain colour on the picture."""
    image = Image.fromarray(frame)
    draw = ImageDraw.Draw(image)
    for number in range(count):
        side = round(share * min(image.size) * rng.uniform(0.6, 1.2))
        left, top = (int(rng.integers(max(1, free - side))) for free in image.size)
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        shape = draw.ellipse if number % 2 else draw.rectangle
        shape((left, top, left + side, top + side), fill=colour, outline="white", width=max(2, side // 20))
    return np.array(image)


def erased(frame: Frame, rng: Rng, *, area: float) -> Frame:
    """Fill a rectangle of a share of the area with grey."""
    made = frame.copy()
    height, width = (round(side * math.sqrt(area)) for side in frame.shape[:2])
    top, left = (int(rng.integers(side - part + 1)) for side, part in zip(frame.shape, (height, width), strict=False))
    made[top : top + height, left : left + width] = 127
    return made


def bordered(
    frame: Frame, rng: Rng, *, top: float = 0, bottom: float = 0, sides: float = 0, tone: int = 255, text: bool = False
) -> Frame:
    """Add borders, as shares of the height; with text it is a meme."""
    height, width = frame.shape[:2]
    above, below, beside = (round(height * share) for share in (top, bottom, sides))
    made = np.full((height + above + below, width + 2 * beside, 3), tone, np.uint8)
    made[above : above + height, beside : beside + width] = frame
    if not text:
        return made
    image = Image.fromarray(made)
    font = ImageFont.load_default(max(10, round(0.5 * max(above, below))))
    words = "".join(rng.choice(list("when you mark it"), 18)).upper()
    ImageDraw.Draw(image).text((beside + 8, max(2, above // 4)), words, font=font, fill=(255 - tone,) * 3)
    return np.array(image)
