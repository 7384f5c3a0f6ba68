"""Bytes that are read where they lie: what walks over a file needs, whether it is in memory or on disk.

`bytes` are such; a large file is seen through a `Window`, which holds one block of it. Whoever walks says how much is
read, so a length out of a hostile file has to be checked before it is sliced by.
"""

import re
from collections.abc import Callable
from typing import Final, Protocol, SupportsIndex, overload

BLOCK_BYTES: Final = 1 << 16
_SEARCH_BYTES: Final = 1 << 20


class Octets(Protocol):
    """A sequence of bytes that can be sliced and searched; `bytes` is one."""

    def __len__(self) -> int:
        """Return how many there are."""

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> bytes: ...

    def find(self, sub: bytes, start: int = ..., end: int = ..., /) -> int:
        """Return where `sub` lies first in ``[start:end]``, or -1."""


class Window:
    """A file of any size as `Octets`, for one reader at a time."""

    def __init__(self, read_at: Callable[[int, int], bytes], size_bytes: int) -> None:
        """See the file of `size_bytes` that `read_at` reads, by place and length."""
        self._read_at, self._size = read_at, size_bytes
        self._start, self._block = 0, b""

    def __len__(self) -> int:
        """Return how many bytes there are."""
        return self._size

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> bytes: ...
    def __getitem__(self, key: SupportsIndex | slice, /) -> int | bytes:
        """Return a byte, or a copy of some, as `bytes` does; steps other than one are not taken."""
        if isinstance(key, slice):
            start, stop, step = key.indices(self._size)
            assert step == 1
            return self._read(start, max(0, stop - start))
        at = key.__index__()
        at += self._size if at < 0 else 0
        if not 0 <= at < self._size:
            raise IndexError(f"expected a place within {self._size} bytes, got {at}")
        return self._read(at, 1)[0]

    def find(self, sub: bytes, start: int = 0, end: int | None = None, /) -> int:
        """Return where `sub` lies first in ``[start:end]``, or -1."""
        stop = self._size if end is None else min(end, self._size)
        while start + len(sub) <= stop:
            part = self._read_at(start, min(_SEARCH_BYTES, stop - start))
            at = part.find(sub)
            if at >= 0:
                return start + at
            start += max(1, len(part) - len(sub) + 1)
        return -1

    def cut(self, end: int) -> "Window":
        """Return the same file without what lies at `end` and behind."""
        return Window(self._read_at, min(end, self._size))

    def _read(self, start: int, size: int) -> bytes:
        at = start - self._start
        if not 0 <= at <= at + size <= len(self._block):
            if size > BLOCK_BYTES:
                return self._read_at(start, size)
            self._start, self._block, at = start, self._read_at(start, BLOCK_BYTES), 0
        return self._block[at : at + size]


def cut(data: Octets, end: int) -> Octets:
    """Return ``data[:end]`` where it lies."""
    return data.cut(end) if isinstance(data, Window) else data[:end]


def search(pattern: re.Pattern[bytes], data: Octets, start: int, *, longest: int) -> int:
    """Return where `pattern` matches first at or after `start`, or -1.

    Args:
        pattern: of matches no longer than `longest`, that does not look at what is around them.
        data: to be searched.
        start: where to begin.
        longest: match, in bytes.
    """
    if isinstance(data, bytes):
        found = pattern.search(data, start)
        return -1 if found is None else found.start()
    size = len(data)
    while start < size:
        part = data[start : start + _SEARCH_BYTES]
        found = pattern.search(part)
        if found is not None:
            return start + found.start()
        start += len(part) if start + len(part) == size else max(1, len(part) - longest + 1)
    return -1


def strip(data: Octets, start: int, padding: bytes) -> tuple[int, int]:
    """Return (start, stop) of what is left of ``data[start:]`` without `padding` on either side; equal for nothing."""
    others = re.compile(b"[^" + re.escape(padding) + b"]")
    first = search(others, data, start, longest=1)
    if first < 0:
        return len(data), len(data)
    stop = len(data)
    while True:
        begin = max(first, stop - _SEARCH_BYTES)
        rest = data[begin:stop].rstrip(padding)
        if rest:
            return first, begin + len(rest)
        stop = begin
