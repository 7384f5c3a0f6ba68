"""Processes that take files apart, where a crash is an answer: of clips, and of sound.

A process that dies, or is late, refuses the file. What it holds beside JSON comes back through memory that both can
see and is copied before anybody looks.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from provenance.asset import MediaType
from provenance.child import Child
from provenance.errors import (
    AssetError,
    AssetTooLargeError,
    ProcessDiedError,
    UndecodableAssetError,
    UnsupportedMediaError,
)
from provenance.journal import Journal
from provenance.media.limits import MEBI
from provenance.storage.blob import Blob

START_S: Final = 60.0
"""Wall time for a process to start."""
BASE_S: Final = 60.0
A_MEBIBYTE_S: Final = 5.0
"""Wall time for a file, and for each mebibyte of it."""
MOST_PROCESSES: Final = 2

_ENVIRONMENT: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
_MOST_FILES: Final = 200
_TEXT_LIMIT: Final = 400
_ERRORS: Final[Mapping[str, type[AssetError]]] = {
    kind.__name__: kind for kind in (AssetError, AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError)
}

T = TypeVar("T")

_log = Journal(__name__)


class _Worker:
    """One process, and the memory that it writes to."""

    def __init__(self, name: str, module: str) -> None:
        self.files = 0
        self.memory = os.memfd_create(name)
        try:
            self._child = Child(f"{name} decoder", ("-m", module), environment=_ENVIRONMENT, files=(self.memory,))
        except ProcessDiedError:
            os.close(self.memory)
            raise
        try:
            self._child.listen(ends_at=time.monotonic() + START_S)
        except ProcessDiedError:
            self.end()
            raise

    def ask(self, header: Mapping[str, Any], deadline_s: float) -> dict[str, Any]:
        """Return what the process says of a file."""
        self.files += 1
        os.ftruncate(self.memory, 0)
        return self._child.ask(header, ends_at=time.monotonic() + deadline_s)

    def end(self) -> None:
        """End the process."""
        if self._child.end.alive:
            self._child.end()
            os.close(self.memory)


class Workers:
    """A few processes of one kind. Safe to share between threads; starts none before it is asked."""

    def __init__(self, name: str, module: str, most: int = MOST_PROCESSES, *, base_s: float = BASE_S) -> None:
        """Run `module` in them.

        Args:
            name: of what they take apart, for people.
            module: answers `provenance.child.Parent`; gets the number of the memory after that of its socket.
            most: processes at a time.
            base_s: wall time for a file, beside that for its size.
        """
        self._name, self._module, self._most, self._base_s = name, module, most, base_s
        self.forget()

    def forget(self) -> None:
        """Leave the processes to whoever started them: for a process that was made by copying another one."""
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(self._most)
        self._idle: list[_Worker] = []

    def ask(
        self,
        file: Blob,
        media_type: MediaType,
        header: Mapping[str, Any],
        read: Callable[[Mapping[str, Any], int], T],
    ) -> T:
        """Have a process take a file apart whose structure was checked.

        Args:
            file: what is to be taken apart.
            media_type: of it.
            header: what the process has to know beside the file's path, its type and its deadline.
            read: makes of the answer, and of the memory's descriptor, what it stands for.

        Raises:
            AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError: it is nothing that can be taken; or its
                process died, or was late.
            ProcessDiedError: no process could be started.
        """
        deadline_s = self._base_s + A_MEBIBYTE_S * file.size_bytes / MEBI
        about = {"media_type": media_type.value, "extension": media_type.extension, "deadline_s": deadline_s}
        with self._free, file.path() as path:
            return self._ask({**header, **about, "path": str(path)}, deadline_s, media_type, read)

    def _ask(
        self,
        header: Mapping[str, Any],
        deadline_s: float,
        media_type: MediaType,
        read: Callable[[Mapping[str, Any], int], T],
    ) -> T:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        worker = worker or _Worker(self._name, self._module)
        made: T | None = None
        try:
            reply = worker.ask(header, deadline_s)
            if "refused" not in reply:
                made = read(reply, worker.memory)
        except ProcessDiedError as exc:
            worker.end()
            _log.error(f"a decoder died of a {self._name}", media_type=media_type.value, cause=str(exc))
            raise UndecodableAssetError(
                f"{media_type}: expected a {self._name}, got an end of the decoder ({exc}): it is damaged or made to "
                "do harm"
            ) from exc
        except BaseException:
            worker.end()
            raise
        if worker.files >= _MOST_FILES:
            worker.end()
        else:
            with self._lock:
                self._idle.append(worker)
        if made is None:
            raise _ERRORS.get(str(reply.get("refused")), UndecodableAssetError)(clean(reply.get("text")))
        return made

    def close(self) -> None:
        """End the processes that wait; a later call starts others."""
        with self._lock:
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.end()


def clean(text: object) -> str:
    """Return what a process said, fit for a message."""
    return "".join(letter for letter in str(text)[:_TEXT_LIMIT] if letter.isprintable())
