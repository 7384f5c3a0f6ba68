"""Run one detector in a process of its own, where its bounds are enforced.

The child warms the detector, then lowers its own address-space limit to what it holds plus the bound, so a hostile
picture cannot make it take more; the parent kills it at the deadline. A killed or crashed child is an error for this
asset, and the next one gets a fresh child. Only pixels, bytes and JSON cross the border: nothing that the child says is
unpickled.

Limits: needs POSIX; costs about 3 ms for a 1024 px picture; for detectors that need neither registry nor watermarks.
"""

import json
import os
import select
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

import numpy as np

from detectors.base import DETECTORS, Detector, Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from provenance.asset import Asset, AssetId, Digest, MediaType, Origin
from provenance.errors import DetectorError, DetectorUnavailableError, GateError
from provenance.media.image import Picture

if TYPE_CHECKING:
    from provenance.works.registry import Works

_LENGTHS: Final = struct.Struct(">QQQQ")
"""Bytes of the JSON header, the frame, the alpha plane and the file."""
# A Signal is a few kilobytes; a child that sends more has been taken over.
_MOST_REPLY_BYTES: Final = 8 << 20
_STATM: Final = Path("/proc/self/statm")
_COMMAND: Final = ("-m", "detectors.isolation")


class _NoWorks:
    """Stands where the registry would be; any use is an error."""

    def __getattr__(self, name: str) -> NoReturn:
        raise DetectorError(f"an isolated detector has no works registry (asked for {name!r})")


class IsolatedDetector:
    """A detector behind a process border; itself a detector."""

    def __init__(
        self, name: str, toolbox: Toolbox, *, memory_limit_bytes: int = 1 << 30, deadline_s: float = 10.0
    ) -> None:
        """Wrap the plugin `name`; of `toolbox` only the models folder, the options and the names reach it.

        Args:
            name: a name in `detectors.base.DETECTORS`.
            toolbox: as for the detector itself.
            memory_limit_bytes: what one call may take beyond what the warm detector holds.
            deadline_s: wall time after which a call's process is killed.
        """
        self.card: Card = load_card(name)
        self._name, self._toolbox = name, toolbox
        self._memory_limit_bytes, self._deadline_s = memory_limit_bytes, deadline_s
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def warm(self) -> None:
        """Start the process and warm the detector in it.

        Raises:
            DetectorUnavailableError: as the detector said, or the process died.
        """
        with self._lock:
            self._ensure_child()

    def detect(self, subject: Subject) -> Signal:
        """Answer as the wrapped detector does.

        Raises:
            DetectorUnavailableError: deadline or memory bound exceeded, or the process died.
            DetectorError: as the wrapped detector said.
        """
        ends_at = time.monotonic() + self._deadline_s
        if not self._lock.acquire(timeout=self._deadline_s):
            raise DetectorUnavailableError(f"{self._name}: its process was busy for {self._deadline_s:g} s")
        try:
            child = self._ensure_child()
            try:
                reply = child.ask(_build_request(subject), _parts(subject), ends_at)
            except DetectorUnavailableError:
                self._end()
                raise
        finally:
            self._lock.release()
        return self._parse_signal(reply)

    def close(self) -> None:
        """End the process; a later call starts another."""
        with self._lock:
            self._end()

    def _ensure_child(self) -> "_Child":
        if self._child is None:
            child = _Child(self._name)
            setup = {
                "name": self._name,
                "models_dir": str(self._toolbox.models_dir),
                "options": dict(self._toolbox.options),
                "enabled": sorted(self._toolbox.enabled),
                "memory_limit_bytes": self._memory_limit_bytes,
            }
            try:
                # Loading weights has a bound of its own: it is no hostile input.
                reply = child.ask(setup, (b"", b"", b""), time.monotonic() + max(60.0, self._deadline_s))
            except DetectorUnavailableError:
                child.end()
                raise
            if "error" in reply:
                child.end()
                raise DetectorUnavailableError(str(reply["error"]))
            self.card = replace(
                self.card, version=str(reply["version"]), categories=tuple(map(str, reply["categories"]))
            )
            self._child = child
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None

    def _parse_signal(self, reply: Mapping[str, Any]) -> Signal:
        if "error" in reply:
            raise DetectorError(str(reply["error"]))
        try:
            return Signal(
                self._name,
                str(reply["version"]),
                Status(reply["status"]),
                {str(category): float(score) for category, score in reply["scores"].items()},
                tuple(reply["evidence"]),
                str(reply["reason"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise DetectorError(f"{self._name}: its process answered in another form: {exc!r}") from exc


class _Child:
    """The process, and the two pipes to it."""

    def __init__(self, name: str) -> None:
        self._name = name
        from_parent, self._to_child = os.pipe()
        self._from_child, to_parent = os.pipe()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, *_COMMAND, str(from_parent), str(to_parent)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(from_parent, to_parent),
                env=environment,
            )
        finally:
            os.close(from_parent)
            os.close(to_parent)
        os.set_blocking(self._to_child, False)
        self.end = weakref.finalize(self, _end_process, self._process, self._to_child, self._from_child)

    def ask(self, header: Mapping[str, Any], parts: tuple[bytes, ...], ends_at: float) -> dict[str, Any]:
        """Send a request and return the reply.

        Raises:
            DetectorUnavailableError: no reply by `ends_at`, or the process died.
        """
        text = json.dumps(header).encode()
        try:
            for part in (_LENGTHS.pack(len(text), *(len(part) for part in parts)), text, *parts):
                self._write(part, ends_at)
            (length,) = struct.unpack(">Q", self._read(8, ends_at))
            if length > _MOST_REPLY_BYTES:
                raise DetectorUnavailableError(f"{self._name}: its process sent {length} bytes")
            reply = json.loads(self._read(length, ends_at))
        except (OSError, ValueError) as exc:
            raise DetectorUnavailableError(f"{self._name}: its process died{self._cause()}") from exc
        return cast("dict[str, Any]", reply if isinstance(reply, dict) else {"error": "no mapping"})

    def _write(self, data: bytes, ends_at: float) -> None:
        view = memoryview(data)
        while view:
            if self._is_ready(self._to_child, select.POLLOUT, ends_at):
                view = view[os.write(self._to_child, view) :]

    def _read(self, size: int, ends_at: float) -> bytes:
        pieces: list[bytes] = []
        while size > 0:
            if self._is_ready(self._from_child, select.POLLIN, ends_at):
                piece = os.read(self._from_child, min(size, 1 << 20))
                if not piece:
                    raise OSError("end of pipe")
                pieces.append(piece)
                size -= len(piece)
        return b"".join(pieces)

    def _is_ready(self, pipe: int, event: int, ends_at: float) -> bool:
        left_s = ends_at - time.monotonic()
        if left_s <= 0:
            raise DetectorUnavailableError(f"{self._name}: no answer in time; its process was killed")
        # poll, not select: a server may hold more than the 1,024 descriptors that select can look at.
        poll = select.poll()
        poll.register(pipe, event)
        return bool(poll.poll(left_s * 1000))

    def _cause(self) -> str:
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return ""
        return f" (signal {-code})" if code < 0 else f" (exit {code})"


def _end_process(process: subprocess.Popen[bytes], *pipes: int) -> None:
    process.kill()
    process.wait()
    for pipe in pipes:
        os.close(pipe)


def _build_request(subject: Subject) -> dict[str, Any]:
    picture = subject.picture
    return {
        "asset": asdict(subject.asset),
        "media_type": str(picture.media_type),
        "shape": list(picture.frame.shape),
        "has_alpha": picture.alpha is not None,
        "prompt": subject.prompt,
    }


def _parts(subject: Subject) -> tuple[bytes, bytes, bytes]:
    alpha = subject.picture.alpha
    return subject.picture.frame.tobytes(), b"" if alpha is None else alpha.tobytes(), subject.unverified_bytes


def _parse_subject(header: Mapping[str, Any], parts: tuple[bytes, bytes, bytes]) -> Subject:
    height, width, channels = header["shape"]
    frame = np.frombuffer(parts[0], np.uint8).reshape(height, width, channels)
    alpha = np.frombuffer(parts[1], np.uint8).reshape(height, width) if header["has_alpha"] else None
    facts = header["asset"]
    asset = Asset(
        AssetId(facts["id"]),
        Digest(facts["sha256"]),
        MediaType(facts["media_type"]),
        facts["size_bytes"],
        facts["width"],
        facts["height"],
        Origin(facts["origin"]),
    )
    picture = Picture.from_frame(frame, alpha, MediaType(header["media_type"]))
    return Subject(asset, picture, parts[2], header["prompt"])


def _serve(from_parent: int, to_parent: int) -> None:
    """Be the child: warm once, then answer until the parent goes."""
    with os.fdopen(from_parent, "rb") as source, os.fdopen(to_parent, "wb") as sink:
        detector: Detector | None = None
        while (request := _receive(source)) is not None:
            header, parts = request
            try:
                if detector is None:
                    detector, reply = _set_up(header)
                else:
                    reply = asdict(detector.detect(_parse_subject(header, parts)))
            except GateError as exc:
                reply = {"error": str(exc)}
            except MemoryError:
                reply = {"error": "memory bound exceeded"}
            text = json.dumps(reply).encode()
            sink.write(struct.pack(">Q", len(text)) + text)
            sink.flush()


def _receive(source: Any) -> tuple[dict[str, Any], tuple[bytes, bytes, bytes]] | None:  # noqa: ANN401 - a file
    head = source.read(_LENGTHS.size)
    if len(head) < _LENGTHS.size:
        return None
    header, frame, alpha, file = (source.read(length) for length in _LENGTHS.unpack(head))
    return json.loads(header), (frame, alpha, file)


def _set_up(setup: Mapping[str, Any]) -> tuple[Detector, dict[str, Any]]:
    import resource

    factory = DETECTORS.load(setup["name"])
    toolbox = Toolbox(
        works=cast("Works", _NoWorks()),
        models_dir=Path(setup["models_dir"]),
        options=setup["options"],
        enabled=frozenset(setup["enabled"]),
    )
    detector = factory(toolbox)
    detector.warm()
    if _STATM.exists():
        held = int(_STATM.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        limit = held + int(setup["memory_limit_bytes"])
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return detector, {"version": detector.card.version, "categories": list(detector.card.categories)}


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
