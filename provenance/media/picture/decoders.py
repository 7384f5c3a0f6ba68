"""Decoders of pictures in processes of their own, where a crash is an answer (`provenance.media.workers`).

Libraries of C and C++ stand behind HEIC, AVIF, WebP, TIFF and GIF; a file that finds a mistake in one of them ends a
process. The file goes to it, and its pixels come back, through memory that both can see.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final

import numpy as np

from provenance.asset import MediaType
from provenance.errors import UndecodableAssetError
from provenance.media.apart import Bounds, serve_files
from provenance.media.containers.base import Layout
from provenance.media.limits import MEBI, IntakeLimits
from provenance.media.picture.decode import Decoded, decode
from provenance.media.workers import Order, Workers, fill, keep_for_process, pour

APART: Final = frozenset({MediaType.HEIC, MediaType.AVIF, MediaType.WEBP, MediaType.TIFF, MediaType.GIF})
"""Types that are decoded in a process of their own; JPEG and PNG, the two of which most pictures are, are not."""

DEADLINE_S: Final = 30.0
"""Wall time for one picture; at the default limits none known to us takes 5 s of processor time."""
MOST_PROCESSES: Final = max(2, min(os.cpu_count() or 1, 4))
MOST_PICTURES: Final = 1000
"""After so many a process ends."""

MODULE: Final = "provenance.media.picture.decoders"

# What a decoder may take beyond what it holds when it starts; measured 19 bytes a pixel at most (docs/intake.md).
_BASE_BYTES: Final = 512 * MEBI
_BYTES_A_PIXEL: Final = 32
_SAMPLES: Final = 4
_MOST_OPEN: Final = 16
# Memory that is given back after each picture is asked for again, page by page, which costs as much as the decoding.
_ENVIRONMENT: Final = {"MALLOC_MMAP_THRESHOLD_": str(32 * MEBI), "MALLOC_TRIM_THRESHOLD_": str(64 * MEBI)}


class Decoders(Workers):
    """A few processes that decode. Safe to share between threads; starts none before it is asked."""

    def __init__(
        self,
        most: int = MOST_PROCESSES,
        *,
        deadline_s: float = DEADLINE_S,
        most_pictures: int = MOST_PICTURES,
        module: str = MODULE,
    ) -> None:
        """Hold at most `most` processes of `module`, each with `deadline_s` for a picture, and as long to be free."""
        super().__init__(
            "picture", module, most, patience_s=deadline_s, most_files=most_pictures, environment=_ENVIRONMENT
        )
        self._deadline_s = deadline_s

    def decode(self, layout: Layout, limits: IntakeLimits) -> Decoded:
        """Decode in another process, as `provenance.media.picture.decode.decode` does here.

        Raises:
            AssetTooLargeError, UndecodableAssetError: as there; or the process died, or was late.
            ProcessDiedError: no process could be started, or none was free in time.
        """
        return self.run(_build_order(layout, limits, self._deadline_s))


def _build_order(layout: Layout, limits: IntakeLimits, deadline_s: float) -> Order[Decoded]:
    """Return a picture as an order: the file lies in the memory, what else of the layout is bytes goes beside."""
    facts = {field.name: getattr(layout, field.name) for field in fields(layout)}
    facts["content"] = len(layout.essence)
    names = sorted(name for name, value in facts.items() if isinstance(value, bytes))
    parts = [facts.pop(name) for name in names]
    size, room_bytes = (
        f"{layout.width}x{layout.height}",
        max(len(layout.essence), layout.width * layout.height * _SAMPLES),
    )
    header = {
        "media_type": layout.media_type.value,
        "size": size,
        "layout": facts,
        "parts": names,
        "limits": asdict(limits),
        "room_bytes": room_bytes,
    }
    return Order(
        layout.media_type,
        f"{size} pixels",
        deadline_s,
        header,
        lambda reply, memory: _read(reply, memory, layout),
        parts,
        layout.essence,
        room_bytes,
    )


def _read(reply: Mapping[str, Any], memory: int, layout: Layout) -> Decoded:
    """Return the pixels that the process has written.

    Raises:
        UndecodableAssetError: it wrote other ones than it said, or said more than its picture can have.
    """
    try:
        height, width = _check_shape(reply["shape"], layout)
        frame = np.empty((height, width, 3), np.uint8)
        alpha = np.empty((height, width), np.uint8) if reply["has_alpha"] else None
        fill(memory, frame.data.cast("B"), 0)
        if alpha is not None:
            fill(memory, alpha.data.cast("B"), frame.nbytes)
            alpha.flags.writeable = False
    except (KeyError, TypeError, ValueError) as exc:
        raise UndecodableAssetError(f"{layout.media_type.value}: expected pixels, got another answer") from exc
    frame.flags.writeable = False
    return Decoded(frame, alpha, is_turned=bool(reply.get("is_turned")))


def _check_shape(shape: Sequence[int], layout: Layout) -> tuple[int, int]:
    height, width = map(int, shape)
    if min(height, width) < 1 or height * width > layout.width * layout.height:
        raise ValueError(f"{width}x{height}")
    return height, width


DECODERS: Final = keep_for_process(Decoders())
"""Those of this process."""


def decode_apart(layout: Layout, limits: IntakeLimits) -> Decoded:
    """Decode in one of the decoders of this process, which are started when they are first needed.

    Raises:
        AssetTooLargeError, UndecodableAssetError, ProcessDiedError: as `Decoders.decode`.
    """
    return DECODERS.decode(layout, limits)


# The other side of the socket.


def serve() -> None:
    """Be the process: decode one picture after another until the parent goes."""
    import pi_heif  # noqa: F401 - loaded before the bounds are set

    serve_files(_take, _find_bounds, most_open=_MOST_OPEN)


def _find_bounds(header: Mapping[str, Any]) -> Bounds:
    layout = header["layout"]
    pixels = layout["width"] * layout["height"]
    return Bounds(layout["content"] + _BASE_BYTES + pixels * _BYTES_A_PIXEL, header["room_bytes"])


def _take(header: Mapping[str, Any], parts: tuple[bytes, ...], memory: int) -> dict[str, Any]:
    layout, limits = _parse_request(header, parts, memory)
    decoded = decode(layout, limits)
    pour(memory, decoded.frame.data.cast("B"), 0)
    if decoded.alpha is not None:
        pour(memory, decoded.alpha.data.cast("B"), decoded.frame.nbytes)
    return {
        "shape": decoded.frame.shape[:2],
        "has_alpha": decoded.alpha is not None,
        "is_turned": decoded.is_turned,
    }


def _parse_request(header: Mapping[str, Any], parts: tuple[bytes, ...], memory: int) -> tuple[Layout, IntakeLimits]:
    facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in header["layout"].items()
    }
    facts |= dict(zip(header["parts"], parts, strict=True))
    facts |= {"content": os.pread(memory, facts["content"], 0), "media_type": MediaType(facts["media_type"])}
    return Layout(**facts), IntakeLimits(**header["limits"])


if __name__ == "__main__":
    serve()
