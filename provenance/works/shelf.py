"""Where the segments of one index are kept: which one counts, who may build the next, and what is left over.

A new segment is written under a name that nobody opens, renamed when it is complete, and counts when the pointer file
names it. A process that is killed at any moment leaves the old segment in place and at worst a folder that the next
builder sweeps away. Segments that other processes still have open stay readable to them after they are deleted.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from re import compile as compile_pattern
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.works.segment import Origin, Segment, SegmentDamagedError, sync_folder, write_segment

_POINTER: Final = "current"
_LOCK: Final = "lock"
_NAME: Final = compile_pattern(r"segment-\d+-\d+-[0-9a-f]{8}")


class Shelf:
    """The folder of one index; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current_name(self) -> str | None:
        """Return the name of the segment that counts; None before the first, or when that cannot be read."""
        try:
            name = (self.folder / _POINTER).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        return name if _NAME.fullmatch(name) else None

    def open_current(self) -> Segment | None:
        """Open the segment that counts, or None before the first.

        Raises:
            SegmentDamagedError: it cannot be used.
        """
        name = self.current_name()
        while name is not None:
            try:
                return Segment.open(self.folder / name)
            except SegmentDamagedError:
                newer = self.current_name()  # another process may have replaced it since
                if newer == name:
                    raise
                name = newer
        return None

    @contextmanager
    def building(self) -> Iterator[bool]:
        """Hold the right to build the next segment; yields False if another thread or process has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK).open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def put(
        self, *, limbs: NDArray[np.uint64], sequences: NDArray[np.int64], origin: Origin, radius_bits: int
    ) -> Segment:
        """Write a segment, make it the one that counts, open it, and delete the others; call inside `building`.

        Raises:
            SegmentDamagedError: what was written does not read back.
            OSError: the disk is full or cannot be written; the old segment still counts.
        """
        self.sweep()
        name = f"segment-{origin.last_code}-{origin.last_removal}-{secrets.token_hex(4)}"
        building = self.folder / f"building-{name}"
        building.mkdir()
        write_segment(building, limbs=limbs, sequences=sequences, origin=origin, radius_bits=radius_bits)
        building.rename(self.folder / name)
        segment = Segment.open(self.folder / name)
        self._point(name)
        self.sweep()
        return segment

    def clear(self) -> None:
        """Let no segment count; call inside `building`."""
        (self.folder / _POINTER).unlink(missing_ok=True)
        self.sweep()

    def sweep(self) -> None:
        """Delete every segment but the one that counts, whole or half-written; call inside `building`."""
        kept = {self.current_name(), _POINTER, _LOCK}
        for path in self.folder.iterdir():
            if path.name in kept:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _point(self, name: str) -> None:
        pointer = self.folder / f"{_POINTER}.new"
        with pointer.open("w", encoding="utf-8") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        pointer.replace(self.folder / _POINTER)
        sync_folder(self.folder)
