"""A sound taken apart: what is known of it, and its samples as often as somebody asks for them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from provenance.asset import MediaType, Plane
from provenance.errors import UndecodableAssetError
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.landmark import Landmarks, parse_landmarks
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Facts
from provenance.media.picture.raster import Picture
from provenance.media.sound.decoding import Samples, Track, import_av, read_blocks
from provenance.media.sound.shape import ALG
from provenance.media.sound.structure import check_structure, find_type
from provenance.media.view import LANDMARKS, SOUND, Span, View
from provenance.media.workers import Workers, clean, keep_for_process
from provenance.storage.blob import Blob

# What containers say of themselves, and the label that is read and lives on.
_NO_TAGS: Final = frozenset(
    ("aigc", "encoder", "major_brand", "minor_version", "compatible_brands", "language", "handler_name", "vendor_id")
)

_MOST_TAGS: Final = 256
# Five codes of 32 bytes, ten landmarks a second, four hours.
_MOST_LANDMARK_BYTES: Final = 32 << 20
_DRAWN: Final = (64, 64)
# How large a drawing is shown: wide, as time is.
_SHOWN: Final = (768, 256)


@dataclass(frozen=True, slots=True)
class Sound:
    """A file that was decoded to its end once; immutable.

    Attributes:
        file: as it came in.
        media_type: by its content.
        track: what its headers say.
        duration_s: as decoded.
        peak: largest sample, 1 for full scale.
        loudness: root mean square of all samples.
        silent: share of its tenths of a second that are softer than 60 dB under full scale.
        clipped: share of its samples that stand at full scale.
        code: of the whole sound, None where it has too little structure.
        landmarks: by which parts of it are found.
        drawing: (64, 64) loudness by pitch and time, for people.
    """

    file: Blob
    media_type: MediaType
    track: Track
    duration_s: float
    peak: float
    loudness: float
    silent: float
    clipped: float
    code: Fingerprint | None
    landmarks: Landmarks
    drawing: Plane = field(repr=False)

    @property
    def facts(self) -> Facts:
        """What the database and policies may know of it."""
        return {
            "duration_s": round(self.duration_s, 3),
            "sample_rate_hz": self.track.rate_hz,
            "channels": self.track.channels,
            "codec": self.track.codec,
        }

    @property
    def left_out(self) -> tuple[str, ...]:
        """What else the file held; nobody looks at it, so none of it ships."""
        parts = []
        if self.track.covers:
            parts.append("a cover picture")
        if self.track.others:
            parts.append("further tracks")
        if any(name.lower() not in _NO_TAGS for name in self.track.tags):
            parts.append("its tags")
        return tuple(parts)

    @property
    def size_bytes(self) -> int:
        """Memory held: the file's, where it lies in memory."""
        return self.file.size_bytes if self.file.is_small else 1 << 16

    def views(self) -> Iterator[View]:
        """Show it whole, whoever looks reads `blocks`; then its landmarks."""
        yield View(SOUND, self, Span(0.0, self.duration_s))
        yield View(LANDMARKS, self.landmarks)

    def draw(self) -> Picture:
        """Return a picture of it for people: when it is how loud, low pitches at the bottom."""
        grey = np.kron(self.drawing, np.ones((_SHOWN[1] // _DRAWN[0], _SHOWN[0] // _DRAWN[1]), np.uint8))
        return Picture.from_frame(np.repeat(grey[:, :, None], 3, axis=2))

    def blocks(self) -> Iterator[Samples]:
        """Decode it again, about a second at a time."""
        return read_blocks(self.file, self.media_type)


def parse_sound(file: Blob, limits: IntakeLimits, *, surveyors: Workers | None = None) -> Sound:
    """Have a process decode a file to its end, and keep what is known of it.

    Raises:
        AssetError: it is no sound that can be taken; or the process died of it, or was late.
        MissingExtraError: PyAV is not installed.
        ProcessDiedError: no process could be started.
    """
    import_av()
    media_type = find_type(file.octets())
    check_structure(file.octets(), media_type, limits)
    return (surveyors or SURVEYORS).ask(
        file, media_type, {}, lambda reply, memory: read_sound(reply, memory, file, media_type)
    )


def read_sound(reply: Mapping[str, Any], memory: int, file: Blob, media_type: MediaType) -> Sound:
    """Return the sound that a process described.

    Args:
        reply: what it said.
        memory: a file, with its landmarks.
        file: that it listened to, or a clip's whose soundtrack it was.
        media_type: of `file`.

    Raises:
        UndecodableAssetError: it is none that it could have heard.
    """
    try:
        given = reply["track"]
        track = Track(
            codec=clean(given["codec"]),
            layout=clean(given["layout"]),
            stated_s=float(given["stated_s"]),
            tags={clean(name): str(text) for name, text in list(given["tags"].items())[:_MOST_TAGS]},
            **{name: int(given[name]) for name in ("rate_hz", "channels", "bits", "bit_rate", "covers", "others")},
        )
        shape = reply["shape"]
        code = None if shape is None else Fingerprint(ALG, bytes.fromhex(shape[0]), int(shape[1]))
        levels = {name: float(reply[name]) for name in ("duration_s", "peak", "loudness", "silent", "clipped")}
        start, size, speeds = map(int, reply["landmarks"])
        landmarks = parse_landmarks(os.pread(memory, min(size, _MOST_LANDMARK_BYTES), start), speeds)
        drawing = np.frombuffer(bytes.fromhex(reply["drawing"]), np.uint8).reshape(_DRAWN)
        return Sound(file, media_type, track, **levels, code=code, landmarks=landmarks, drawing=drawing)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as exc:
        raise UndecodableAssetError(f"{media_type}: expected a sound, got another answer") from exc


SURVEYORS: Final = keep_for_process(Workers("sound", "provenance.media.sound.survey"))
"""Processes that listen to sound; the other side is `provenance.media.sound.survey`."""
