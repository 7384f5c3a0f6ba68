"""What a detector looks at: a part of an asset, or what came with it, of one kind.

A medium shows its assets as views. Which kinds it shows is fixed for the medium (`provenance.media.medium`), which
kinds a detector reads stands on its card; so whoever reads pictures reads those of a clip, too, and never knows.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

PICTURE: Final = "picture"
"""Kind of view whose carrier is a `provenance.media.picture.raster.Picture`."""

TEXT: Final = "text"
"""Kind of view whose carrier is a `str` that is the asset, or a part of it."""

SOUND: Final = "sound"
"""Kind of view whose carrier is a `provenance.media.sound.sound.Sound`."""

TRACK: Final = "track"
"""Kind of view whose carrier is a tuple of `provenance.fingerprints.base.Fingerprint` with times: all of a clip's."""

LANDMARKS: Final = "landmarks"
"""Kind of view whose carrier is a `provenance.fingerprints.landmark.Landmarks`: of a sound, or a clip's soundtrack."""

PROMPT: Final = "prompt"
"""Kind of view whose carrier is the `str` that an asset was made from; no medium shows it, since it comes beside."""


class Span(NamedTuple):
    """From when to when, in seconds from the asset's start; the end is left out."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class View:
    """One thing to look at.

    Attributes:
        kind: of the carrier, such as `PICTURE`; what cards call what they read.
        carrier: pixels, samples or text, as the kind says; never logged.
        span: when it is seen or heard; None for what has no time or is the whole asset.
        goes_on: whether it shows the scene of the view before it, a moment later.
        is_page: whether it is a page of a document, written from edge to edge: all of it is to be read.
    """

    kind: str
    carrier: Any
    span: Span | None = None
    goes_on: bool = False
    is_page: bool = False
