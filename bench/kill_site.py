"""The site that kills are tried on: small pictures, no classifier that loads weights, a worker that is missed soon."""

from pathlib import Path
from typing import Any, Final

from PIL import Image

from bench.pictures import encode, photographs

PACKS: Final = Path(__file__).parent.parent / "tests" / "packs"
SIDE: Final = 256


def build_files() -> list[bytes]:
    """Return the pictures that are handed in."""
    return [encode(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS), "jpg") for _, picture in photographs()]


def build_overrides(**line: Any) -> dict[str, Any]:
    """Return the settings beside home and database."""
    return {
        "detectors": ("prompt", "incoming_marks", "copyright"),
        "packs": ("light",),
        "pack_folders": (PACKS,),
        "backend": "sketch",
        "screen_deadline_s": 120,
        "line": {"silent_s": 3.0, "poll_s": 0.05, "grace_s": 2.0, **line},
    }
