"""Processes that look through clips; the other side is `provenance.media.video.survey`."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import MediaType
from provenance.errors import UndecodableAssetError
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.pdq import Pdq
from provenance.media.picture.raster import Picture
from provenance.media.sound.sound import read_sound
from provenance.media.video.clip import VIEW_SIDE, Clip, Glimpse, MarkPlane
from provenance.media.video.stream import load_av
from provenance.media.view import Span
from provenance.media.workers import MOST_PROCESSES, Workers, clean, fill, keep_for_process
from provenance.storage.blob import Blob

_MOST_ITEMS: Final = 4096


class Surveyors(Workers):
    """A few processes that look through clips. Safe to share between threads; starts none before it is asked."""

    def __init__(self, most: int = MOST_PROCESSES) -> None:
        """Hold at most `most` processes."""
        super().__init__("clip", "provenance.media.video.survey", most)

    def survey(
        self,
        file: Blob,
        media_type: MediaType,
        *,
        most_pixels: int,
        most_seconds: float,
        listens: bool = True,
        is_quick: bool = False,
    ) -> Clip:
        """Look through a clip whose structure was checked, and listen to its soundtrack where one `listens`.

        With `is_quick`, at those frames alone that are coded by themselves, where there are enough of them.

        Raises:
            AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError: it is nothing that can be taken; or its
                process died, or was late.
            ProcessDiedError: no process could be started.
            MissingExtraError: PyAV is not installed.
        """
        load_av()
        bounds = {"most_pixels": most_pixels, "most_seconds": most_seconds, "listens": listens}
        bounds["is_quick"] = is_quick
        return self.ask(file, media_type, bounds, lambda reply, memory: _read(reply, memory, media_type, file))


def _read(reply: Mapping[str, Any], file: int, media_type: MediaType, unverified_file: Blob | None = None) -> Clip:
    """Return the clip that a process described.

    Raises:
        UndecodableAssetError: it is none that it could have seen.
    """
    try:
        duration_s = float(reply["duration_s"])
        views, planes = list(reply["views"])[:_MOST_ITEMS], list(reply["planes"])[:_MOST_ITEMS]
        starts = [float(view["at"]) for view in views]
        ends = [*starts[1:], max(duration_s, starts[-1])]
        position, glimpses, kept = 0, [], []
        for view, start_s, end_s in zip(views, starts, ends, strict=True):
            pixels = _take(file, view["shape"], position, 3)
            position += pixels.nbytes
            picture = Picture.from_frame(pixels, media_type=media_type)
            glimpses.append(Glimpse(picture, Span(start_s, end_s), bool(view["is_cut"])))
        for plane in planes:
            luma = _take(file, plane["shape"], position, 1)
            position += luma.nbytes
            kept.append(MarkPlane(luma, float(plane["at"]), int(plane["shot"]), bool(plane["is_key"])))
        codes = tuple(
            Fingerprint(Pdq.alg, bytes.fromhex(code), int(quality), float(at_s))
            for at_s, code, quality in reply["codes"]
        )
        heard = reply["soundtrack"]
        soundtrack = None
        if heard is not None and unverified_file is not None:
            soundtrack = read_sound(heard, file, unverified_file, media_type)
        left_out = tuple(clean(words) for words in reply["left_out"])
        facts, is_turned, is_quick = _read_facts(reply), bool(reply["is_turned"]), bool(reply["is_quick"])
    except (KeyError, TypeError, ValueError, IndexError) as exc:
        raise UndecodableAssetError(f"{media_type}: expected a clip, got another answer") from exc
    return Clip(
        media_type,
        facts,
        left_out,
        tuple(glimpses),
        tuple(kept),
        codes,
        is_turned=is_turned,
        soundtrack=soundtrack,
        is_quick=is_quick,
    )


def _read_facts(reply: Mapping[str, Any]) -> dict[str, int | float | str]:
    width, height = map(int, reply["size"])
    return {
        "width": width,
        "height": height,
        "duration_s": round(float(reply["duration_s"]), 3),
        "frames": int(reply["frames"]),
        "frames_per_s": round(float(reply["rate"]), 3),
        "shots": len(reply["cuts"]),
        "coding": clean(reply["codec"]),
        "sound_tracks": len(reply["sounds"]),
    }


def _take(file: int, shape: list[int], position: int, channels: int) -> NDArray[np.uint8]:
    """Return pixels of a shape, copied and read-only.

    Raises:
        ValueError: nobody keeps such, or the file ends before.
    """
    sides = tuple(map(int, shape))
    expected = 3 if channels == 3 else 2
    if len(sides) != expected or min(sides) < 1 or max(sides[:2]) > VIEW_SIDE or sides[2:] not in {(), (channels,)}:
        raise ValueError("shape")
    pixels = np.empty(sides, np.uint8)
    fill(file, pixels.data.cast("B"), position)
    pixels.flags.writeable = False
    return pixels


SURVEYORS: Final = keep_for_process(Surveyors())
"""Those of this process."""
