"""A process of ours that may die: a warm one, asked over a socket, killed when it is late.

What runs in it may crash, hang or eat memory; the parent hears of each as one error and starts another. Only JSON,
bytes and a file that the parent made cross the border: nothing that a child says is unpickled. A child ends with its
parent, however that ends: the socket's end is the end of its work.

Limits: needs POSIX. The child is another process of the same user, not a sandbox: it sees the same files, and nothing
of the parent's environment but what finds its modules.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from provenance.errors import ProcessDiedError

_STATM: Final = Path("/proc/self/statm")
_COUNTS: Final = struct.Struct(">QB")
"""Bytes of the JSON header, and how many parts follow it."""
_LENGTH: Final = struct.Struct(">Q")
_MOST_PARTS: Final = 8
# What a child answers is a few kilobytes; one that sends more has been taken over.
_MOST_REPLY_BYTES: Final = 8 << 20
_MOST_SEEN_BYTES: Final = 1 << 20

# What an interpreter needs to start and to find its libraries; no setting and no secret is among it.
_INHERITED: Final = (
    "PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR",
    "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES",
)  # fmt: skip


class Child:
    """The process, and the socket to it. Not safe to share between threads."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        files: Sequence[int] = (),
    ) -> None:
        """Start it.

        Args:
            name: of what runs in it, for messages.
            command: arguments of the interpreter; the numbers of the child's socket and of `files` follow them.
            environment: variables that it gets, beside those that an interpreter needs.
            files: descriptors that it gets, under the same numbers.

        Raises:
            ProcessDiedError: it cannot be started.
        """
        self._name = name
        self._socket, theirs = socket.socketpair()
        passed = (theirs.fileno(), *files)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module; -P: not the current folder's
                [sys.executable, "-P", *command, *map(str, passed)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=passed,
                env=_build_environment(environment or {}),
                # A key pressed at the parent's terminal interrupts the parent, which ends this one.
                start_new_session=True,
            )
        except OSError as exc:
            self._socket.close()
            raise ProcessDiedError(f"{name}: its process cannot be started ({exc.strerror})") from exc
        finally:
            theirs.close()
        self.end = weakref.finalize(self, _end_process, os.getpid(), self._process, self._socket)
        """Kill it, if that is still to do."""

    def ask(self, header: Mapping[str, Any], parts: Sequence[bytes] = (), *, ends_at: float) -> dict[str, Any]:
        """Send a request and return the reply.

        Args:
            header: JSON-able.
            parts: bytes that go along.
            ends_at: `time.monotonic()` by which the reply is there.

        Raises:
            ProcessDiedError: no reply by `ends_at`, or the process died; it is of no more use, `end` it.
        """
        text = json.dumps(header).encode()
        head = _COUNTS.pack(len(text), len(parts)) + b"".join(_LENGTH.pack(len(part)) for part in parts)
        try:
            for part in (head, text, *parts):
                self._limit(ends_at)
                self._socket.sendall(part)
        except TimeoutError as exc:
            raise self._late() from exc
        except OSError as exc:
            raise self._dead() from exc
        return self.listen(ends_at=ends_at)

    def listen(self, *, ends_at: float) -> dict[str, Any]:
        """Return what the child says next.

        Raises:
            ProcessDiedError: as `ask`.
        """
        try:
            (length,) = _LENGTH.unpack(self._read(_LENGTH.size, ends_at))
            if length > _MOST_REPLY_BYTES:
                raise ProcessDiedError(f"{self._name}: its process sent {length} bytes")
            reply = json.loads(self._read(length, ends_at))
        except TimeoutError as exc:
            raise self._late() from exc
        except (OSError, ValueError) as exc:
            raise self._dead() from exc
        return cast("dict[str, Any]", reply if isinstance(reply, dict) else {"error": "no mapping"})

    def _read(self, size: int, ends_at: float) -> bytes:
        pieces: list[bytes] = []
        while size > 0:
            self._limit(ends_at)
            piece = self._socket.recv(min(size, _MOST_SEEN_BYTES))
            if not piece:
                raise OSError("end of the socket")
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _limit(self, ends_at: float) -> None:
        left_s = ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._socket.settimeout(left_s)

    def _late(self) -> ProcessDiedError:
        return ProcessDiedError(f"{self._name}: no answer in time; its process was killed")

    def _dead(self) -> ProcessDiedError:
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return ProcessDiedError(f"{self._name}: its process died")
        return ProcessDiedError(f"{self._name}: its process died ({f'signal {-code}' if code < 0 else f'exit {code}'})")


def _build_environment(more: Mapping[str, str]) -> dict[str, str]:
    found = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**found, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), **more}


def _end_process(owner: int, process: subprocess.Popen[bytes], line: socket.socket) -> None:
    line.close()
    # A copy of the parent holds this too, and must leave the process to it.
    if os.getpid() == owner:
        process.kill()
        process.wait()


class Parent:
    """The child's side: the parent's requests, one after another."""

    def __init__(self, number: int) -> None:
        """Take over the socket that has this number."""
        self._socket = socket.socket(fileno=number)

    def receive(self) -> tuple[dict[str, Any], tuple[bytes, ...]] | None:
        """Return the next request (header, parts), or None when the parent has gone."""
        head = self._socket.recv(_COUNTS.size)
        if not head:
            return None
        size, count = _COUNTS.unpack(head + self._take(_COUNTS.size - len(head)))
        assert count <= _MOST_PARTS
        lengths = [_LENGTH.unpack(self._take(_LENGTH.size))[0] for _ in range(count)]
        header = json.loads(self._take(size))
        return header, tuple(self._take(length) for length in lengths)

    def reply(self, answer: Mapping[str, Any]) -> None:
        """Answer the last request."""
        text = json.dumps(answer).encode()
        self._socket.sendall(_LENGTH.pack(len(text)) + text)

    def _take(self, size: int) -> bytes:
        taken = bytearray(size)
        view = memoryview(taken)
        while view:
            got = self._socket.recv_into(view)
            if not got:
                raise SystemExit(0)
            view = view[got:]
        return bytes(taken)


def held_bytes() -> int:
    """Return the address space that this process holds; 0 where the system does not say."""
    import resource

    if not _STATM.exists():
        return 0
    return int(_STATM.read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def bound(what: int, most: int) -> None:
    """Set the soft limit on `what`, one of `resource.RLIMIT_*`, for this process; a hard one below it stays."""
    import resource

    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
