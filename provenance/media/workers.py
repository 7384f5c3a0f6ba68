"""Processes that take files apart, where a crash is an answer: of pictures, of clips, and of sound.

A few warm ones wait with nothing but the decoders in them, each with bounds (`provenance.media.apart`). The file goes
to one of them, and what it found comes back as JSON, and through memory that both can see and that is copied before
anybody looks, so nothing changes after it was screened.

A process that dies refuses the file, counted and logged, and another one is started. If it had taken others apart
before, the file is tried once more in a new one: what an earlier file left behind is not this one's fault, neither
damage nor memory that it did not give back. What was late is not tried again: it had its time. A process that cannot be
started says nothing about the file: that error can be tried again.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

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
"""Wall time for a file that goes by its name, and for each mebibyte of it."""
MOST_PROCESSES: Final = 2
MOST_FILES: Final = 200
"""After so many a process ends: whoever runs code of their own in one sees no more than these."""

# Arenas for threads that will never be would be counted as memory.
_ENVIRONMENT: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
# Memory that is kept for the next file; what a larger one took is given back.
_KEPT_BYTES: Final = 32 * MEBI
_TEXT_LIMIT: Final = 400
_ERRORS: Final[Mapping[str, type[AssetError]]] = {
    kind.__name__: kind for kind in (AssetError, AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError)
}

T = TypeVar("T")

_log = Journal(__name__)
_pools: Final[list["Workers"]] = []


@dataclass(frozen=True, slots=True)
class Order(Generic[T]):
    """One file that a process is to take apart.

    Attributes:
        media_type: of it.
        expected: what it should be, for messages.
        deadline_s: wall time for it.
        header: what the process has to know, JSON-able.
        read: makes of the answer, and of the memory's descriptor, what it stands for. It trusts neither: an answer that
            cannot be is an UndecodableAssetError.
        parts: bytes that go along.
        content: bytes that lie at the start of the memory when the process is asked.
        room_bytes: how large the memory is then.
    """

    media_type: MediaType
    expected: str
    deadline_s: float
    header: Mapping[str, Any]
    read: Callable[[Mapping[str, Any], int], T]
    parts: Sequence[bytes] = ()
    content: bytes = field(default=b"", repr=False)
    room_bytes: int = 0


class _Worker:
    """One process, and the memory that it shares with this one."""

    def __init__(self, name: str, module: str, environment: Mapping[str, str]) -> None:
        self.files = 0
        self.memory = _open_memory(name)
        try:
            self._child = Child(f"{name} decoder", ("-m", module), environment=environment, files=(self.memory,))
        except ProcessDiedError:
            os.close(self.memory)
            raise
        try:
            self._child.listen(ends_at=time.monotonic() + START_S)
        except ProcessDiedError:
            self.end()
            raise

    def ask(self, order: Order[Any]) -> dict[str, Any]:
        """Return what the process says of a file.

        Raises:
            ProcessDiedError: it died, or was late.
        """
        self.files += 1
        if os.fstat(self.memory).st_size < order.room_bytes:
            os.ftruncate(self.memory, order.room_bytes)
        pour(self.memory, memoryview(order.content), 0)
        header = {**order.header, "deadline_s": order.deadline_s}
        return self._child.ask(header, order.parts, ends_at=time.monotonic() + order.deadline_s)

    def let_go(self) -> None:
        """Give back the memory that a large file took."""
        if os.fstat(self.memory).st_size > _KEPT_BYTES:
            os.ftruncate(self.memory, 0)

    def end(self) -> None:
        """End the process."""
        if self._child.end.alive:
            self._child.end()
            os.close(self.memory)


class Workers:
    """A few processes of one kind. Safe to share between threads; starts none before it is asked.

    Attributes:
        deaths: how many processes died of a file, or were late and killed.
    """

    def __init__(
        self,
        name: str,
        module: str,
        most: int = MOST_PROCESSES,
        *,
        base_s: float = BASE_S,
        patience_s: float | None = None,
        most_files: int = MOST_FILES,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run `module` in them.

        Args:
            name: of what they take apart, for people.
            module: calls `provenance.media.apart.serve_files`.
            most: processes at a time.
            base_s: wall time for a file that goes by its name, beside that for its size.
            patience_s: how long a file waits for a process that is free; None for as long as the others take.
            most_files: after so many a process ends.
            environment: variables that it gets beside those that keep its libraries to one thread.
        """
        self._name, self._module, self._most = name, module, most
        self._base_s, self._patience_s, self._most_files = base_s, patience_s, most_files
        self._environment = {**_ENVIRONMENT, **(environment or {})}
        self.forget()

    def forget(self) -> None:
        """Leave the processes to whoever started them: for a process that was made by copying another one."""
        self.deaths = 0
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
        """Have a process take a file apart, by its name, whose structure was checked.

        Args:
            file: what is to be taken apart.
            media_type: of it.
            header: what the process has to know beside the file's path, its type and its deadline.
            read: as an `Order` has it.

        Raises:
            AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError, ProcessDiedError: as `run`.
        """
        deadline_s = self._base_s + A_MEBIBYTE_S * file.size_bytes / MEBI
        about = {"media_type": media_type.value, "extension": media_type.extension}
        with file.path() as path:
            asked = {**header, **about, "path": str(path)}
            return self.run(Order(media_type, f"a {self._name}", deadline_s, asked, read))

    def run(self, order: Order[T]) -> T:
        """Have a process take a file apart.

        Raises:
            AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError: it is nothing that can be taken; or its
                process died, or was late.
            ProcessDiedError: no process could be started, or none was free in time.
        """
        if not self._free.acquire(timeout=self._patience_s):
            raise ProcessDiedError(f"{order.media_type}: every decoder was busy for {self._patience_s:g} s")
        try:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            made = None if worker is None else self._try(worker, order, is_new=False)
            if made is None:
                made = self._try(_Worker(self._name, self._module, self._environment), order, is_new=True)
            assert made is not None, "a new process answers, or refuses"
            return made[0]
        finally:
            self._free.release()

    def _try(self, worker: _Worker, order: Order[T], *, is_new: bool) -> tuple[T] | None:
        """Return what one process makes of a file; None where another one is to be asked, never if this `is_new`."""
        ends_at = time.monotonic() + order.deadline_s
        try:
            reply = worker.ask(order)
            made = None if "refused" in reply else (order.read(reply, worker.memory),)
        except ProcessDiedError as exc:
            worker.end()
            refusal = self._count_death(order, str(exc))
            if is_new or time.monotonic() >= ends_at:
                raise refusal from exc
            return None
        except BaseException:
            # Whatever it was, what this process says next might answer another question.
            worker.end()
            raise
        is_full = bool(reply.get("is_full"))
        self._put_back(worker, is_spent=is_full)
        if made is None and (is_new or not is_full):
            raise _ERRORS.get(str(reply["refused"]), UndecodableAssetError)(clean(reply.get("text")))
        return made

    def _put_back(self, worker: _Worker, *, is_spent: bool) -> None:
        if is_spent or worker.files >= self._most_files:
            worker.end()
            return
        worker.let_go()
        with self._lock:
            self._idle.append(worker)

    def _count_death(self, order: Order[Any], cause: str) -> UndecodableAssetError:
        with self._lock:
            self.deaths += 1
        media_type = order.media_type.value
        _log.error(f"a decoder died of a {self._name}", media_type=media_type, cause=cause, deaths=self.deaths)
        return UndecodableAssetError(
            f"{media_type}: expected {order.expected}, got an end of the decoder ({cause}): the file is damaged or "
            "made to do harm"
        )

    def close(self) -> None:
        """End the processes that wait; a later call starts others."""
        with self._lock:
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.end()


W = TypeVar("W", bound=Workers)


def keep_for_process(workers: W) -> W:
    """Return `workers`, kept as those of this process: a copy of the process starts its own, and deaths are counted."""
    _pools.append(workers)
    os.register_at_fork(after_in_child=workers.forget)
    return workers


def count_deaths() -> int:
    """Return how many processes of this one's died of a file, or were late and killed."""
    return sum(workers.deaths for workers in _pools)


def clean(text: object) -> str:
    """Return what a process said, fit for a message."""
    return "".join(letter for letter in str(text)[:_TEXT_LIMIT] if letter.isprintable())


# A write of more than 2 GiB is cut short: write(2).
_MOST_WRITTEN: Final = 1 << 30


def pour(file: int, view: memoryview, start: int) -> None:
    """Write all of `view` to a file, from `start` on."""
    for done in range(0, len(view), _MOST_WRITTEN):
        os.pwrite(file, view[done : done + _MOST_WRITTEN], start + done)


def fill(file: int, view: memoryview, start: int) -> None:
    """Read all of `view` from a file, from `start` on.

    Raises:
        ValueError: the file ends before.
    """
    done = 0
    while done < len(view):
        got = os.preadv(file, [view[done:]], start + done)
        if not got:
            raise ValueError("the file ends")
        done += got


def _open_memory(name: str) -> int:
    """Return a file that lies in memory, or where there is no such thing, one without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create(name)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
