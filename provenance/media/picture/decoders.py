"""Decoders in processes of their own, where a crash is an answer.

Libraries of C and C++ stand behind HEIC, AVIF, WebP, TIFF and GIF; a file that finds a mistake in one of them ends a
process. So a few warm processes wait with nothing but the decoders in them, each with bounds on memory, processor time
and files. The file goes to one of them, and its pixels come back, through memory that both can see; the parent copies
them before it looks, so nothing changes after it was screened.

A process that dies is a refusal of the picture, counted and logged, and another one is started. If it had decoded
others before, the picture is tried once more in a new one: what an earlier file left behind is not this one's fault. A
process that cannot be started says nothing about the picture: that error can be tried again.

Limits: bounds, not a sandbox. Who can run code of their own in a decoder is another process of the same user, and sees
the pictures that this process decodes later; each process ends after a number of them.
"""

import math
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import MediaType
from provenance.child import Child, Parent, bound, held_bytes
from provenance.errors import (
    AssetError,
    AssetTooLargeError,
    ProcessDiedError,
    UndecodableAssetError,
    UnsupportedMediaError,
)
from provenance.journal import Journal
from provenance.media.containers.base import Layout
from provenance.media.limits import MEBI, IntakeLimits
from provenance.media.picture.decode import Decoded, decode

APART: Final = frozenset({MediaType.HEIC, MediaType.AVIF, MediaType.WEBP, MediaType.TIFF, MediaType.GIF})
"""Types that are decoded in a process of their own; JPEG and PNG, the two of which most pictures are, are not."""

DEADLINE_S: Final = 30.0
"""Wall time for one picture; at the default limits none known to us takes 5 s of processor time."""
START_S: Final = 60.0
"""Wall time for a process to start."""
MOST_PROCESSES: Final = max(2, min(os.cpu_count() or 1, 4))

# What a decoder may take beyond what it holds when it starts; measured 19 bytes a pixel at most (docs/intake.md).
_BASE_BYTES: Final = 512 * MEBI
_BYTES_A_PIXEL: Final = 32
_SAMPLES: Final = 4
# Memory that is kept for the next picture; what a larger one took is given back.
_KEPT_BYTES: Final = 32 * MEBI
_MOST_PICTURES: Final = 1000
# Standard streams, the socket, the memory, and what libraries open while they load.
_MOST_FILES: Final = 16
# A write of more than 2 GiB is cut short: write(2).
_MOST_WRITTEN: Final = 1 << 30
_COMMAND: Final = ("-m", "provenance.media.picture.decoders")
# Arenas for threads that will never be would be counted as memory; and memory that is given back after each picture is
# asked for again, page by page, which costs as much as the decoding.
_ENVIRONMENT: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(32 * MEBI),
    "MALLOC_TRIM_THRESHOLD_": str(64 * MEBI),
}
_TEXT_LIMIT: Final = 400
_ERRORS: Final[Mapping[str, type[AssetError]]] = {
    kind.__name__: kind for kind in (AssetError, AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError)
}

_log = Journal(__name__)


class _Worker:
    """One process, and the memory that it shares with this one."""

    def __init__(self) -> None:
        self.pictures = 0
        self._file = _open_memory()
        self._size = 0
        try:
            self._child = Child("decoder", _COMMAND, environment=_ENVIRONMENT, files=(self._file,))
        except ProcessDiedError:
            os.close(self._file)
            raise
        try:
            self._child.listen(ends_at=time.monotonic() + START_S)
        except ProcessDiedError:
            self.end()
            raise

    def ask(self, layout: Layout, limits: IntakeLimits, deadline_s: float) -> dict[str, Any]:
        """Return what the process says of its work.

        Raises:
            ProcessDiedError: it died, or was late.
        """
        self.pictures += 1
        self._resize(max(len(layout.essence), layout.width * layout.height * _SAMPLES))
        _pour(self._file, memoryview(layout.essence), 0)
        header, parts = _build_request(layout, limits, deadline_s, self._size)
        return self._child.ask(header, parts, ends_at=time.monotonic() + deadline_s)

    def read(self, reply: Mapping[str, Any], layout: Layout) -> Decoded:
        """Return the pixels that the process has written.

        Raises:
            UndecodableAssetError: it wrote other ones than it said, or said more than its picture can have.
        """
        try:
            height, width = _check_shape(reply["shape"], layout)
            frame = np.empty((height, width, 3), np.uint8)
            alpha = np.empty((height, width), np.uint8) if reply["has_alpha"] else None
            _fill(self._file, frame, 0)
            if alpha is not None:
                _fill(self._file, alpha, frame.nbytes)
        except (KeyError, TypeError, ValueError) as exc:
            raise UndecodableAssetError(f"{layout.media_type.value}: expected pixels, got another answer") from exc
        if self._size > _KEPT_BYTES:
            self._resize(0)
        return Decoded(frame, alpha, is_turned=bool(reply.get("is_turned")))

    def end(self) -> None:
        """End the process."""
        if self._child.end.alive:
            self._child.end()
            os.close(self._file)

    def _resize(self, size: int) -> None:
        if size > self._size or not size:
            os.ftruncate(self._file, size)
            self._size = size


class Decoders:
    """A few processes that decode. Safe to share between threads; starts none before it is asked.

    Attributes:
        deaths: how many processes died of a picture, or were late and killed.
    """

    def __init__(self, most: int = MOST_PROCESSES, *, deadline_s: float = DEADLINE_S) -> None:
        """Hold at most `most` processes, each with `deadline_s` for a picture."""
        self._most, self._deadline_s = most, deadline_s
        self.forget()

    def forget(self) -> None:
        """Leave the processes to whoever started them: for a process that was made by copying another one."""
        self.deaths = 0
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(self._most)
        self._idle: list[_Worker] = []

    def decode(self, layout: Layout, limits: IntakeLimits) -> Decoded:
        """Decode in another process, as `provenance.media.picture.decode.decode` does here.

        Raises:
            AssetTooLargeError, UndecodableAssetError: as there; or the process died, or was late.
            ProcessDiedError: no process could be started, or none was free in time.
        """
        if not self._free.acquire(timeout=self._deadline_s):
            raise ProcessDiedError(f"{layout.media_type.value}: every decoder was busy for {self._deadline_s:g} s")
        try:
            return self._decode(layout, limits)
        finally:
            self._free.release()

    def _decode(self, layout: Layout, limits: IntakeLimits, *, is_again: bool = False) -> Decoded:
        with self._lock:
            worker = self._idle.pop() if self._idle and not is_again else None
        is_new = worker is None
        worker = worker or _Worker()
        try:
            reply = worker.ask(layout, limits, self._deadline_s)
            decoded = worker.read(reply, layout) if "shape" in reply else None
        except ProcessDiedError as exc:
            worker.end()
            refusal = self._count_death(layout, str(exc))
            if is_new:
                raise refusal from exc
            return self._decode(layout, limits, is_again=True)
        except BaseException:
            # Whatever it was, what this process says next might answer another question.
            worker.end()
            raise
        self._put_back(worker)
        if decoded is None:
            raise _ERRORS.get(str(reply.get("refused")), UndecodableAssetError)(_clean(reply.get("text")))
        return decoded

    def _put_back(self, worker: _Worker) -> None:
        if worker.pictures >= _MOST_PICTURES:
            worker.end()
            return
        with self._lock:
            self._idle.append(worker)

    def _count_death(self, layout: Layout, cause: str) -> UndecodableAssetError:
        with self._lock:
            self.deaths += 1
        _log.error("a decoder died of a picture", media_type=layout.media_type.value, cause=cause, deaths=self.deaths)
        return UndecodableAssetError(
            f"{layout.media_type.value}: expected {layout.width}x{layout.height} pixels, got an end of the decoder "
            f"({cause}): the file is damaged or made to do harm"
        )

    def close(self) -> None:
        """End the processes that wait; a later call starts others."""
        with self._lock:
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.end()


def _open_memory() -> int:
    """Return a file that lies in memory, or where there is no such thing, one without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("picture")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _build_request(
    layout: Layout, limits: IntakeLimits, deadline_s: float, size: int
) -> tuple[dict[str, Any], list[bytes]]:
    """Return a request: the file lies in the shared memory, what else of the layout is bytes goes beside the header."""
    facts = {field.name: getattr(layout, field.name) for field in fields(layout)}
    facts["content"] = len(layout.essence)
    names = sorted(name for name, value in facts.items() if isinstance(value, bytes))
    parts = [facts.pop(name) for name in names]
    return {"layout": facts, "parts": names, "limits": asdict(limits), "deadline_s": deadline_s, "size": size}, parts


def _clean(text: object) -> str:
    """Return what a process said, fit for a message."""
    return "".join(letter for letter in str(text)[:_TEXT_LIMIT] if letter.isprintable())


def _check_shape(shape: Sequence[int], layout: Layout) -> tuple[int, int]:
    height, width = map(int, shape)
    if min(height, width) < 1 or height * width > layout.width * layout.height:
        raise ValueError(f"{width}x{height}")
    return height, width


def _fill(file: int, plane: NDArray[np.uint8], start: int) -> None:
    view = plane.data.cast("B")
    done = 0
    while done < len(view):
        got = os.preadv(file, [view[done:]], start + done)
        if not got:
            raise ValueError("the file ends")
        done += got
    plane.flags.writeable = False


def _pour(file: int, view: memoryview, start: int) -> None:
    for done in range(0, len(view), _MOST_WRITTEN):
        os.pwrite(file, view[done : done + _MOST_WRITTEN], start + done)


# The other side of the socket.


def serve(parent: Parent, file: int) -> None:
    """Be the process: decode one picture after another until the parent goes."""
    import pi_heif  # noqa: F401 - loaded before the bounds are set

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MOST_FILES, _MOST_FILES))
    held = held_bytes()
    parent.reply({"ready": True})
    while (request := parent.receive()) is not None:
        header, parts = request
        seconds = math.ceil(header["deadline_s"])
        # Should the parent be killed meanwhile, nobody else is there to end what hangs.
        signal.alarm(seconds + 1)
        layout, limits = _parse_request(header, parts, file)
        pixels = layout.width * layout.height
        if held:
            bound(resource.RLIMIT_AS, held + len(layout.essence) + _BASE_BYTES + pixels * _BYTES_A_PIXEL)
        bound(resource.RLIMIT_CPU, math.ceil(time.process_time()) + seconds)
        bound(resource.RLIMIT_FSIZE, header["size"])
        reply = _answer(layout, limits, file)
        signal.alarm(0)
        parent.reply(reply)


def _parse_request(header: Mapping[str, Any], parts: tuple[bytes, ...], file: int) -> tuple[Layout, IntakeLimits]:
    facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in header["layout"].items()
    }
    facts |= dict(zip(header["parts"], parts, strict=True))
    facts |= {"content": os.pread(file, facts["content"], 0), "media_type": MediaType(facts["media_type"])}
    return Layout(**facts), IntakeLimits(**header["limits"])


def _answer(layout: Layout, limits: IntakeLimits, file: int) -> dict[str, Any]:
    try:
        decoded = decode(layout, limits)
        _pour(file, decoded.frame.data.cast("B"), 0)
        if decoded.alpha is not None:
            _pour(file, decoded.alpha.data.cast("B"), decoded.frame.nbytes)
    except AssetError as exc:
        return {"refused": type(exc).__name__, "text": str(exc)}
    except MemoryError:
        size = f"{layout.width}x{layout.height}"
        return {
            "refused": AssetTooLargeError.__name__,
            "text": f"{layout.media_type.value}: expected to fit in memory, got {size}",
        }
    return {
        "shape": decoded.frame.shape[:2],
        "has_alpha": decoded.alpha is not None,
        "is_turned": decoded.is_turned,
    }


DECODERS: Final = Decoders()
"""Those of this process."""

os.register_at_fork(after_in_child=DECODERS.forget)


def decode_apart(layout: Layout, limits: IntakeLimits) -> Decoded:
    """Decode in one of the decoders of this process, which are started when they are first needed.

    Raises:
        AssetTooLargeError, UndecodableAssetError, ProcessDiedError: as `Decoders.decode`.
    """
    return DECODERS.decode(layout, limits)


if __name__ == "__main__":
    serve(Parent(int(sys.argv[1])), int(sys.argv[2]))
