"""The site that kills are tried on: small pictures, no classifier that loads weights, a worker that is missed soon."""

from argparse import ArgumentParser
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


def build_places(store: str) -> dict[str, str]:
    """Return the settings of where blobs lie: below a URL of obstore's, or in folders of the site where it is ""."""
    return {"quarantine_url": f"{store}/quarantine", "public_url": f"{store}/public"} if store else {}


def add_options(parser: ArgumentParser, *, workers: int) -> None:
    """Add what either benchmark is told."""
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=workers)
    parser.add_argument(
        "--database", default="", help="a URL, or postgres for a server of its own; SQLite unless named"
    )
    parser.add_argument(
        "--store", default="", help="a URL that blobs lie below, such as s3://bucket/kills; folders unless named"
    )
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--quick", action="store_true", help="kill sooner")
    parser.add_argument("--json", action="store_true")
