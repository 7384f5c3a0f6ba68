"""Processes that look through clips, where a crash is an answer; the other side is `provenance.media.video.survey`.

A process that dies, or is late, refuses the clip. The pixels come back through memory that both can see and are copied
before anybody looks.
"""

import os
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import MediaType
from provenance.child import Child
from provenance.errors import (
    AssetError,
    AssetTooLargeError,
    ProcessDiedError,
    UndecodableAssetError,
    UnsupportedMediaError,
)
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.pdq import Pdq
from provenance.journal import Journal
from provenance.media.limits import MEBI
from provenance.media.picture.raster import Picture
from provenance.media.video.clip import VIEW_SIDE, Clip, Glimpse, MarkPlane
from provenance.media.video.stream import load_av
from provenance.media.view import Span
from provenance.storage.blob import Blob

START_S: Final = 60.0
"""Wall time for a process to start."""
BASE_S: Final = 60.0
A_MEBIBYTE_S: Final = 5.0
"""Wall time for a clip, and for each mebibyte of it."""
MOST_PROCESSES: Final = 2

_COMMAND: Final = ("-m", "provenance.media.video.survey")
_ENVIRONMENT: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
_MOST_CLIPS: Final = 200
_MOST_ITEMS: Final = 4096
_TEXT_LIMIT: Final = 400
_ERRORS: Final[Mapping[str, type[AssetError]]] = {
    kind.__name__: kind for kind in (AssetError, AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError)
}

_log = Journal(__name__)


class _Worker:
    """One process, and the memory that it writes pixels to."""

    def __init__(self) -> None:
        self.clips = 0
        self.file = os.memfd_create("clip")
        try:
            self._child = Child("clip decoder", _COMMAND, environment=_ENVIRONMENT, files=(self.file,))
        except ProcessDiedError:
            os.close(self.file)
            raise
        try:
            self._child.listen(ends_at=time.monotonic() + START_S)
        except ProcessDiedError:
            self.end()
            raise

    def ask(self, header: Mapping[str, Any], deadline_s: float) -> dict[str, Any]:
        """Return what the process says of a clip."""
        self.clips += 1
        os.ftruncate(self.file, 0)
        return self._child.ask(header, ends_at=time.monotonic() + deadline_s)

    def end(self) -> None:
        """End the process."""
        if self._child.end.alive:
            self._child.end()
            os.close(self.file)


class Surveyors:
    """A few processes that look through clips. Safe to share between threads; starts none before it is asked."""

    def __init__(self, most: int = MOST_PROCESSES) -> None:
        """Hold at most `most` processes."""
        self._most = most
        self.forget()

    def forget(self) -> None:
        """Leave the processes to whoever started them: for a process that was made by copying another one."""
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(self._most)
        self._idle: list[_Worker] = []

    def survey(self, file: Blob, media_type: MediaType, *, most_pixels: int, most_seconds: float) -> Clip:
        """Look through a clip whose structure was checked.

        Raises:
            AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError: it is nothing that can be taken; or its
                process died, or was late.
            ProcessDiedError: no process could be started.
            MissingExtraError: PyAV is not installed.
        """
        load_av()
        deadline_s = BASE_S + A_MEBIBYTE_S * file.size_bytes / MEBI
        header = {
            "media_type": media_type.value,
            "extension": media_type.extension,
            "most_pixels": most_pixels,
            "most_seconds": most_seconds,
            "deadline_s": deadline_s,
        }
        with self._free, file.path() as path:
            return self._ask({**header, "path": str(path)}, deadline_s, media_type)

    def _ask(self, header: Mapping[str, Any], deadline_s: float, media_type: MediaType) -> Clip:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        worker = worker or _Worker()
        try:
            reply = worker.ask(header, deadline_s)
            clip = None if "refused" in reply else _read(reply, worker.file, media_type)
        except ProcessDiedError as exc:
            worker.end()
            _log.error("a decoder died of a clip", media_type=media_type.value, cause=str(exc))
            raise UndecodableAssetError(
                f"{media_type}: expected a clip, got an end of the decoder ({exc}): it is damaged or made to do harm"
            ) from exc
        except BaseException:
            worker.end()
            raise
        if worker.clips >= _MOST_CLIPS:
            worker.end()
        else:
            with self._lock:
                self._idle.append(worker)
        if clip is None:
            raise _ERRORS.get(str(reply.get("refused")), UndecodableAssetError)(_clean(reply.get("text")))
        return clip

    def close(self) -> None:
        """End the processes that wait; a later call starts others."""
        with self._lock:
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.end()


def _read(reply: Mapping[str, Any], file: int, media_type: MediaType) -> Clip:
    """Return the clip that a process described.

    Raises:
        UndecodableAssetError: it is none that it could have seen.
    """
    try:
        width, height = map(int, reply["size"])
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
        facts: dict[str, int | float | str] = {
            "width": width,
            "height": height,
            "duration_s": round(duration_s, 3),
            "frames": int(reply["frames"]),
            "frames_per_s": round(float(reply["rate"]), 3),
            "shots": len(reply["cuts"]),
            "coding": _clean(reply["codec"]),
            "sound_tracks": len(reply["sounds"]),
        }
        left_out = tuple(_clean(words) for words in reply["left_out"])
    except (KeyError, TypeError, ValueError, IndexError) as exc:
        raise UndecodableAssetError(f"{media_type}: expected a clip, got another answer") from exc
    return Clip(media_type, facts, left_out, tuple(glimpses), tuple(kept), codes, is_turned=bool(reply["is_turned"]))


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
    if os.preadv(file, [pixels.data.cast("B")], position) != pixels.nbytes:
        raise ValueError("the file ends")
    pixels.flags.writeable = False
    return pixels


def _clean(text: object) -> str:
    """Return what a process said, fit for a message."""
    return "".join(letter for letter in str(text)[:_TEXT_LIMIT] if letter.isprintable())


SURVEYORS: Final = Surveyors()
"""Those of this process."""

os.register_at_fork(after_in_child=SURVEYORS.forget)
