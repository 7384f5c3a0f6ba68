"""Run one detector in a process of its own, where its bounds are enforced.

The child warms the detector, then lowers its own address-space limit to what it holds plus the bound, so a hostile
picture cannot make it take more; the parent kills it at the deadline. A killed or crashed child is an error for this
asset, and the next one gets a fresh child. Only pixels, bytes and JSON cross the border: nothing that the child says is
unpickled.

Limits: needs POSIX; costs about 3 ms for a 1024 px picture; for detectors that need neither registry nor watermarks.
"""

import resource
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

import numpy as np

from detectors.base import DETECTORS, Detector, Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from provenance.asset import Asset, AssetId, Digest, MediaType, Origin
from provenance.child import Child, Parent, bound, held_bytes
from provenance.errors import DetectorError, DetectorUnavailableError, GateError, ProcessDiedError
from provenance.media.picture.image import Picture
from provenance.media.view import PICTURE, View
from provenance.storage.blob import as_blob

if TYPE_CHECKING:
    from provenance.works.registry import Works

_COMMAND: Final = ("-m", "detectors.isolation")


class _NoWorks:
    """Stands where the registry would be; any use is an error."""

    def __getattr__(self, name: str) -> NoReturn:
        raise DetectorError(f"an isolated detector has no works registry (asked for {name!r})")


class IsolatedDetector:
    """A detector behind a process border; itself a detector.

    Attributes:
        one_at_a_time: its process answers about one view at a time, and who waits for it has a deadline.
    """

    one_at_a_time: Final = True

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
        self._child: Child | None = None

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
                reply = child.ask(_build_request(subject), _parts(subject), ends_at=ends_at)
            except ProcessDiedError as exc:
                self._end()
                raise DetectorUnavailableError(str(exc)) from exc
        finally:
            self._lock.release()
        return self._parse_signal(reply)

    def close(self) -> None:
        """End the process; a later call starts another."""
        with self._lock:
            self._end()

    def _ensure_child(self) -> Child:
        if self._child is None:
            child = Child(self._name, _COMMAND)
            setup = {
                "name": self._name,
                "models_dir": str(self._toolbox.models_dir),
                "options": dict(self._toolbox.options),
                "enabled": sorted(self._toolbox.enabled),
                "memory_limit_bytes": self._memory_limit_bytes,
            }
            try:
                # Loading weights has a bound of its own: it is no hostile input.
                reply = child.ask(setup, ends_at=time.monotonic() + max(60.0, self._deadline_s))
            except ProcessDiedError as exc:
                child.end()
                raise DetectorUnavailableError(str(exc)) from exc
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


def _build_request(subject: Subject) -> dict[str, Any]:
    view = subject.view
    request = {"asset": asdict(subject.asset), "prompt": subject.prompt, "kind": view.kind}
    if view.kind != PICTURE:
        return {**request, "text": view.carrier}
    picture = subject.picture
    return {
        **request,
        "media_type": str(picture.media_type),
        "shape": list(picture.frame.shape),
        "has_alpha": picture.alpha is not None,
    }


def _parts(subject: Subject) -> tuple[bytes, bytes, bytes]:
    file = subject.unverified_file.read(subject.unverified_file.size_bytes)
    if subject.view.kind != PICTURE:
        return b"", b"", file
    alpha = subject.picture.alpha
    return subject.picture.frame.tobytes(), b"" if alpha is None else alpha.tobytes(), file


def _parse_subject(header: Mapping[str, Any], parts: tuple[bytes, ...]) -> Subject:
    facts = header["asset"]
    asset = Asset(
        AssetId(facts["id"]),
        Digest(facts["sha256"]),
        MediaType.add(facts["media_type"], extension=""),  # of a medium that need not be here
        facts["size_bytes"],
        facts["facts"],
        Origin(facts["origin"]),
    )
    return Subject(asset, _parse_view(header, parts), as_blob(parts[2]), header["prompt"])


def _parse_view(header: Mapping[str, Any], parts: tuple[bytes, ...]) -> View:
    if header["kind"] != PICTURE:
        return View(header["kind"], header["text"])
    height, width, channels = header["shape"]
    frame = np.frombuffer(parts[0], np.uint8).reshape(height, width, channels)
    alpha = np.frombuffer(parts[1], np.uint8).reshape(height, width) if header["has_alpha"] else None
    return View(PICTURE, Picture.from_frame(frame, alpha, MediaType(header["media_type"])))


def serve(parent: Parent) -> None:
    """Be the child: warm once, then answer until the parent goes."""
    detector: Detector | None = None
    while (request := parent.receive()) is not None:
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
        parent.reply(reply)


def _set_up(setup: Mapping[str, Any]) -> tuple[Detector, dict[str, Any]]:
    factory = DETECTORS.load(setup["name"])
    toolbox = Toolbox(
        works=cast("Works", _NoWorks()),
        models_dir=Path(setup["models_dir"]),
        options=setup["options"],
        enabled=frozenset(setup["enabled"]),
    )
    detector = factory(toolbox)
    detector.warm()
    if held := held_bytes():
        bound(resource.RLIMIT_AS, held + int(setup["memory_limit_bytes"]))
    return detector, {"version": detector.card.version, "categories": list(detector.card.categories)}


if __name__ == "__main__":
    serve(Parent(int(sys.argv[1])))
