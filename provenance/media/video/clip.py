"""A clip taken apart: what was seen of it, and nothing of its size. Immutable, shared by every stage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from provenance.asset import MediaType, Plane
from provenance.fingerprints.base import Fingerprint
from provenance.media.picture.raster import Picture
from provenance.media.sound.sound import Sound
from provenance.media.view import PICTURE, TRACK, Span, View

VIEW_SIDE: Final = 1024
"""Longest side of the pictures that detectors look at."""
MARK_SIDE: Final = 640
"""Longest side of the planes that a watermark is read from."""
MOST_VIEWS: Final = 32
"""Pictures that detectors look at, but for one of each shot, however many shots there are up to `MOST_SHOTS`."""
MOST_SHOTS: Final = 64
MOST_PLANES: Final = 48
CODES_A_SECOND: Final = 2


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A frame that was kept to be looked at.

    Attributes:
        picture: longest side `VIEW_SIDE` at most.
        span: from when on it stands for the clip, and until when.
        begins_shot: whether a shot begins with it.
    """

    picture: Picture
    span: Span
    begins_shot: bool


@dataclass(frozen=True, slots=True)
class MarkPlane:
    """A frame's brightness, as watermarks are read from it.

    Attributes:
        luma: (h, w) uint8, longest side `MARK_SIDE` at most.
        at_s: when it is shown.
        shot: number of its shot.
        is_key: whether it was coded by itself.
    """

    luma: Plane
    at_s: float
    shot: int
    is_key: bool


@dataclass(frozen=True)
class Clip:
    """What is in a clip's file, as far as it was kept.

    Attributes:
        media_type: by its content.
        facts: width, height, duration_s, frames, shots, sound_tracks.
        left_out: what else the file holds that will not ship.
        glimpses: in order of time.
        planes: in order of time.
        codes: PDQ with times, in their order; frames without structure have none.
        is_turned: whether its pictures had to be turned upright.
        soundtrack: what is heard with it, None where nothing is, or nobody listened.
        is_quick: whether only frames coded by themselves were looked at.
    """

    media_type: MediaType
    facts: Mapping[str, int | float | str]
    left_out: tuple[str, ...]
    glimpses: tuple[Glimpse, ...]
    planes: tuple[MarkPlane, ...]
    codes: tuple[Fingerprint, ...]
    is_turned: bool = False
    soundtrack: Sound | None = None
    is_quick: bool = False
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        """Count the memory held."""
        held = sum(one.picture.frame.nbytes for one in self.glimpses) + sum(one.luma.nbytes for one in self.planes)
        if self.soundtrack is not None:
            held += self.soundtrack.size_bytes + 2000 * len(self.soundtrack.landmarks.codes)
        object.__setattr__(self, "size_bytes", held + 200 * len(self.codes))

    @property
    def codes_a_second(self) -> float:
        """How many codes a clip like this has, where all of its frames have structure."""
        return len(self.planes) / max(float(self.facts["duration_s"]), 0.1) if self.is_quick else CODES_A_SECOND

    def views(self) -> Iterator[View]:
        """Show each kept frame, the first of every shot among them, with its time; then all codes and the sound."""
        yield from (View(PICTURE, one.picture, one.span, goes_on=not one.begins_shot) for one in self.glimpses)
        yield View(TRACK, self.codes)
        if self.soundtrack is not None:
            yield from self.soundtrack.views()
