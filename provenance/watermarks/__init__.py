"""Invisible marks that carry a payload: one file a scheme, all behind `base.Watermark`.

For use alone: ``from provenance.watermarks import Tile2, WatermarkKey``; docs/watermark.md says more. Each name is
imported when it is asked for, so importing this package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from provenance.errors import PayloadTooLargeError, UnmarkableError, WatermarkError
    from provenance.watermarks.base import WATERMARKS, Reading, Watermark, WatermarkKey
    from provenance.watermarks.chord.scheme import Chord
    from provenance.watermarks.thread.scheme import Thread
    from provenance.watermarks.tile.detection import Detection
    from provenance.watermarks.tile.pose import Pose, build_pose
    from provenance.watermarks.tile.scheme import Tile
    from provenance.watermarks.tile2.scheme import Tile2

__all__ = [
    "WATERMARKS",
    "Chord",
    "Detection",
    "PayloadTooLargeError",
    "Pose",
    "Reading",
    "Thread",
    "Tile",
    "Tile2",
    "UnmarkableError",
    "Watermark",
    "WatermarkError",
    "WatermarkKey",
    "build_pose",
]

_MODULES: Final = {
    "provenance.errors": ("PayloadTooLargeError", "UnmarkableError", "WatermarkError"),
    "provenance.watermarks.base": ("WATERMARKS", "Reading", "Watermark", "WatermarkKey"),
    "provenance.watermarks.chord.scheme": ("Chord",),
    "provenance.watermarks.thread.scheme": ("Thread",),
    "provenance.watermarks.tile.detection": ("Detection",),
    "provenance.watermarks.tile.pose": ("Pose", "build_pose"),
    "provenance.watermarks.tile.scheme": ("Tile",),
    "provenance.watermarks.tile2.scheme": ("Tile2",),
}
_PLACES: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what PEP 562 asks for
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
