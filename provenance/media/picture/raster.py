"""A decoded picture: one array convention, made once, shared by every stage.

Whatever the file said, a picture is sRGB with its orientation applied and its transparency apart. It cannot change, so
threads share it, and everything derived from it (smaller copies, luma) is computed once and kept.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Final, Self, TypeVar, cast

import numpy as np

from provenance.asset import Frame, MediaType, Plane
from provenance.errors import UndecodableAssetError
from provenance.media.view import PICTURE, View

D = TypeVar("D")

OPAQUE: Final = 255


def _as_frozen(
    array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return `array` read-only and C-contiguous; a writable one is copied, since its owner could still write."""
    frozen = np.array(array, order="C", copy=True) if array.flags.writeable else np.ascontiguousarray(array)
    frozen.flags.writeable = False
    return frozen


class Picture:
    """Decoded pixels, immutable and safe to share between threads.

    Attributes:
        frame: (H, W, 3) uint8 sRGB, read-only, C-contiguous.
        alpha: (H, W) uint8, 255 is opaque, read-only; None when every pixel is opaque.
        media_type: what the file was, found by content.
        is_turned: the pixels were turned as the file's orientation tag asked.
        left_out: what else the file held that this picture is without, in words: a gain map, further pictures.
    """

    __slots__ = (
        "_derived",
        "_lock",
        "_luma",
        "_making",
        "_reduced",
        "alpha",
        "frame",
        "is_turned",
        "left_out",
        "media_type",
    )

    frame: Frame
    alpha: Plane | None
    media_type: MediaType
    is_turned: bool
    left_out: tuple[str, ...]

    def __init__(
        self,
        frame: Frame,
        alpha: Plane | None,
        media_type: MediaType,
        *,
        is_turned: bool = False,
        left_out: tuple[str, ...] = (),
    ) -> None:
        """Use `from_frame`; this takes what is already checked and read-only."""
        self.frame = frame
        self.alpha = alpha
        self.media_type = media_type
        self.is_turned = is_turned
        self.left_out = left_out
        self._lock = threading.Lock()
        self._luma: Plane | None = None
        self._reduced: dict[int, Frame] = {}
        self._derived: dict[str, object] = {}
        self._making: dict[str, threading.Lock] = {}

    @classmethod
    def from_frame(
        cls,
        frame: Frame,
        alpha: Plane | None = None,
        media_type: MediaType = MediaType.PNG,
        *,
        is_turned: bool = False,
        left_out: tuple[str, ...] = (),
    ) -> Self:
        """Build a picture from pixels.

        Args:
            frame: (H, W, 3) uint8 sRGB with H and W >= 1; copied if writable.
            alpha: (H, W) uint8, or None; a plane that is 255 everywhere becomes None.
            media_type: what the picture counts as.
            is_turned: the pixels were turned as the file's orientation tag asked.
            left_out: what else the file held, in words.

        Raises:
            UndecodableAssetError: wrong dtype or shape.
        """
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
            raise UndecodableAssetError(
                f"expected a frame of shape (H, W, 3) and dtype uint8, got {frame.shape} {frame.dtype}"
            )
        if alpha is not None and (alpha.dtype != np.uint8 or alpha.shape != frame.shape[:2]):
            raise UndecodableAssetError(
                f"expected an alpha plane of shape {frame.shape[:2]} and dtype uint8, got {alpha.shape} {alpha.dtype}"
            )
        if alpha is not None and int(alpha.min()) == OPAQUE:
            alpha = None
        plane = None if alpha is None else _as_frozen(alpha)
        return cls(_as_frozen(frame), plane, media_type, is_turned=is_turned, left_out=left_out)

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.frame.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.frame.shape[1])

    @property
    def facts(self) -> dict[str, int | float | str]:
        """Width and height, in pixels, after orientation is applied."""
        return {"width": self.width, "height": self.height}

    def views(self) -> Iterator[View]:
        """Show it: a still picture is one view of itself."""
        yield View(PICTURE, self)

    @property
    def size_bytes(self) -> int:
        """Memory held now, smaller copies included."""
        with self._lock:
            derived = sum(frame.nbytes for frame in self._reduced.values())
            derived += 0 if self._luma is None else self._luma.nbytes
        return self.frame.nbytes + (0 if self.alpha is None else self.alpha.nbytes) + derived

    def __repr__(self) -> str:
        """Say what it is without showing pixels."""
        return (
            f"Picture({self.width}x{self.height} {self.media_type.value}{'' if self.alpha is None else ' with alpha'})"
        )

    def reduced(self, longest_side: int) -> Frame:
        """Return the frame scaled down so that its longest side is `longest_side`.

        An area filter, which neither rings nor aliases. Never enlarges: a picture that already fits comes back as it
        is. Computed once per size and kept.

        Args:
            longest_side: pixels, >= 1.

        Returns:
            (h, w, 3) uint8 sRGB, read-only; the other side is rounded to the nearest pixel, at least 1.
        """
        if longest_side < 1:
            raise ValueError(f"expected a longest side of at least 1, got {longest_side}")
        if max(self.height, self.width) <= longest_side:
            return self.frame
        with self._lock:
            found = self._reduced.get(longest_side)
            if found is None:
                found = self._reduced[longest_side] = _shrink(self.frame, longest_side)
        return found

    def luma(self) -> Plane:
        """Return (H, W) uint8 luma, ITU-R BT.601 weights on the sRGB values; computed once, read-only."""
        import cv2

        with self._lock:
            if self._luma is None:
                plane: Plane = cv2.cvtColor(self.frame, cv2.COLOR_RGB2GRAY)
                plane.flags.writeable = False
                self._luma = plane
            return self._luma

    def derive(self, name: str, make: Callable[[], D]) -> D:
        """Return what `make` makes of these pixels, made once for each name; small things that never change.

        Whoever asks while another makes it waits: detectors look at one picture at the same time.
        """
        with self._lock:
            making = self._making.setdefault(name, threading.Lock())
        with making:
            if name not in self._derived:
                self._derived[name] = make()
            return cast("D", self._derived[name])

    def flattened(self, background: int = OPAQUE) -> "Picture":
        """Return the picture as it looks on an even grey `background` (0-255), without alpha.

        A viewer never shows `frame` alone where alpha is below 255, so a screen that looks only at `frame` can be
        shown a harmless one.
        """
        if self.alpha is None:
            return self
        frame = np.empty_like(self.frame)
        # By rows of strips: the 16-bit products of a whole 40-megapixel picture would cost 240 MB.
        for top in range(0, self.height, STRIP_ROWS):
            strip = slice(top, top + STRIP_ROWS)
            alpha = self.alpha[strip, :, None].astype(np.uint16)
            blended = self.frame[strip] * alpha + np.uint16(background) * (OPAQUE - alpha)
            # Exact rounding of x / 255 for x <= 255 * 255.
            blended += 128
            frame[strip] = (blended + (blended >> 8)) >> 8
        frame.flags.writeable = False
        return Picture(frame, None, self.media_type)


STRIP_ROWS: Final = 256


def _shrink(frame: Frame, longest_side: int) -> Frame:
    """Scale down by area: an exact integer reduction first (measured 2-5x faster), then the rest."""
    import cv2

    height, width = frame.shape[:2]
    scale = longest_side / max(height, width)
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    factor = max(height, width) // longest_side
    small = frame
    if factor > 1 and min(height, width) >= factor:
        # Repeat at most factor - 1 edge rows and columns so that whole boxes cover the picture.
        down, right = -height % factor, -width % factor
        if down or right:
            small = cv2.copyMakeBorder(small, 0, down, 0, right, cv2.BORDER_REPLICATE)
        boxes = (small.shape[1] // factor, small.shape[0] // factor)
        small = cv2.resize(small, boxes, interpolation=cv2.INTER_AREA)
    if (small.shape[1], small.shape[0]) != target:
        small = cv2.resize(small, target, interpolation=cv2.INTER_AREA)
    reduced: Frame = np.ascontiguousarray(small)
    reduced.flags.writeable = False
    return reduced
