"""The match index of one fingerprint: every code of a collection within a radius, exactly and at once.

Three parts answer together: a segment (immutable, memory-mapped, see `provenance.works.segment`), a delta (what the
database got since, in memory, read through) and the removals. The database is the truth: every query first asks
whether it has grown and reads what is new, so an added code matches in every process from the next query on. Once the
delta is large, a background thread folds it into a new segment while queries go on over the old one. Lost or damaged
files are replaced the same way: everything is delta until it is folded.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from provenance.errors import GateError, WorksError
from provenance.journal import Journal
from provenance.storage.database import Database
from provenance.tenant import MAIN, Tenant
from provenance.works.codes import ChangeWatch, Marks, find_codes, read_codes, read_marks, read_removals
from provenance.works.segment import Origin, Segment, SegmentDamagedError, as_read_only, build_limbs
from provenance.works.shelf import Shelf

# 50,000 codes of 256 bits are read through in 0.1 ms (docs/works.md), a third of what a query may take.
FOLD_AT: Final = 50_000

# Up to here plain numpy is fast enough, and a small registry never loads the compiler.
_COMPILED_FROM: Final = 4_000

_SEQUENCE_BITS: Final = 48
"""Sequence numbers stay below 2**48: a thousand codes a second for nine thousand years."""

_RETRY_S: Final = 1.0
"""Pause before asking again whether another process has finished folding."""
_BACK_OFF_S: Final = 60.0
"""Pause after a fold failed; meanwhile the delta answers, only slower."""

_log = Journal(__name__)


@dataclass(frozen=True, slots=True)
class Hits:
    """Stored codes within the radius, nearest first; arrays, because there may be thousands.

    Attributes:
        sequences: (n,) int64, sequence numbers of the codes.
        distances_bits: (n,) int64, their distances.
    """

    sequences: NDArray[np.int64]
    distances_bits: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sequences)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield (sequence number, distance) pairs."""
        return zip(self.sequences.tolist(), self.distances_bits.tolist(), strict=True)


@dataclass(frozen=True, slots=True)
class _View:
    """What one query sees. Rows of the arrays up to `count` never change, so older views stay valid."""

    segment: Segment | None
    limbs: NDArray[np.uint64]
    sequences: NDArray[np.int64]
    count: int = 0
    removed: Mapping[int, int] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)


class MatchIndex:
    """Finds codes by Hamming distance; safe for any number of threads and processes.

    Args:
        database: where the codes are.
        folder: of this index alone; everything in it can be rebuilt.
        collection: "works" or "releases".
        tenant: whose codes; None for every tenant's.
        alg: fingerprint whose codes are indexed.
        bits: their length, a multiple of 8.
        radius_bits: distance at which queries are to be fastest; every other is exact too.
        fold_at: codes in the delta that start a fold.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        collection: str,
        tenant: Tenant | None = MAIN,
        alg: str,
        bits: int,
        radius_bits: int,
        fold_at: int = FOLD_AT,
    ) -> None:
        if bits % 8 or bits <= 0:
            raise WorksError(f"a code has whole bytes, got {bits} bits")
        self._database = database
        self._shelf = Shelf(folder)
        self._collection = collection
        self._tenant = tenant
        self._alg = alg
        self._bits = bits
        self._radius_bits = radius_bits
        self._fold_at = fold_at
        self._lock = threading.Lock()
        self._watch: ChangeWatch | None = None
        self._view: _View | None = None
        self._folding: threading.Thread | None = None
        self._next_fold_s = 0.0

    def search(self, value: bytes, radius_bits: int) -> Hits:
        """Return every code within `radius_bits` of `value` that was committed before this call, nearest first.

        Raises:
            WorksError: `value` has another length.
        """
        (hits,) = self.search_each([value], radius_bits)
        return hits

    def search_each(self, values: Iterable[bytes], radius_bits: int) -> list[Hits]:
        """Return what `search` says of each value; what is new is read once for all of them.

        Raises:
            WorksError: a value has another length.
        """
        asked = list(values)
        for value in asked:
            if len(value) * 8 != self._bits:
                raise WorksError(f"expected a {self._alg} code of {self._bits} bits, got {len(value) * 8}")
        view = self._fresh_view()
        return [_search(view, np.frombuffer(value, np.uint8)[None], radius_bits) for value in asked]

    def size(self) -> int:
        """Return how many codes can match now."""
        view = self._fresh_view()
        return (len(view.segment) if view.segment else 0) + view.count - len(view.removed)

    def fold(self) -> bool:
        """Fold delta and removals into a new segment now, in this thread.

        Returns:
            False if another thread or process is folding; its segment will be taken over.

        Raises:
            OSError: the segment cannot be written; the old one stays in use.
        """
        with self._shelf.building() as is_ours:
            if is_ours and not self._take_over():
                self._build(self._fresh_view())
        return is_ours

    def wait(self) -> None:
        """Return when no fold of this process is under way."""
        with self._lock:
            folding = self._folding
        if folding is not None:
            folding.join()

    def close(self) -> None:
        """Finish a fold that is under way and let go of the database; the next search opens again."""
        self.wait()
        with self._lock:
            self._view = None
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    def _fresh_view(self) -> _View:
        """Return a view that has everything committed before this call."""
        with self._lock:
            if self._watch is None:
                self._watch = ChangeWatch(self._database)
            if self._watch.has_changed() or self._view is None:
                try:
                    with self._database.read() as connection:
                        self._view = self._read_on(connection, self._view)
                except BaseException:
                    self._watch.forget()
                    raise
            view = self._view
            if view.count + len(view.removed) > self._fold_at:
                self._start_folding()
            return view

    def _read_on(self, connection: Connection, view: _View | None) -> _View:
        marks = read_marks(connection)
        if view is None or marks.code < view.marks.code or marks.removal < view.marks.removal:
            view = self._open(connection, marks)  # first use, or the database was set back to an older state
        if marks == view.marks:
            return view
        removed: Mapping[int, int] = {}
        if marks.removal != view.marks.removal:
            removed = read_removals(
                connection,
                self._collection,
                alg=self._alg,
                after=view.marks.removal,
                upto=marks.removal,
                tenant=self._tenant,
            )
        chunks = list(
            read_codes(
                connection,
                self._collection,
                tenant=self._tenant,
                alg=self._alg,
                size_bytes=self._bits // 8,
                after=view.marks.code,
                upto=marks.code,
            )
        )
        view = _extend(view, chunks)
        return replace(view, removed={**view.removed, **removed} if removed else view.removed, marks=marks)

    def _open(self, connection: Connection, marks: Marks) -> _View:
        """Return a view of the segment alone, or of nothing if there is none that fits this database."""
        segment = None
        try:
            segment = self._shelf.open_current()
        except SegmentDamagedError as exc:
            _log.warning("match_index.rebuilding", collection=self._collection, alg=self._alg, reason=str(exc))
        if segment is not None and not self._fits(connection, segment.origin, marks):
            _log.warning("match_index.rebuilding", collection=self._collection, alg=self._alg, reason="other database")
            segment = None
        return _rebase(self._empty(), segment) if segment else self._empty()

    def _fits(self, connection: Connection, origin: Origin, marks: Marks) -> bool:
        """Return whether this database is the one, or continues the one, that a segment was built from."""
        if (origin.collection, origin.alg, origin.bits) != (self._collection, self._alg, self._bits):
            return False
        if origin.last_code > marks.code or origin.last_removal > marks.removal:
            return False
        anchor = find_codes(connection, [origin.anchor]).get(origin.anchor)
        return anchor is not None and anchor.value.hex() == origin.anchor_value

    def _empty(self) -> _View:
        width = -(-self._bits // 64)
        return _View(None, np.empty((0, width), np.uint64), np.empty(0, np.int64))

    def _start_folding(self) -> None:
        """Fold in the background, unless that is under way or has just been tried; called with the lock held."""
        if self._folding is not None or time.monotonic() < self._next_fold_s:
            return
        self._folding = threading.Thread(target=self._fold_quietly, name=f"fold-{self._alg}", daemon=True)
        self._folding.start()

    def _fold_quietly(self) -> None:
        pause_s = _RETRY_S
        try:
            self.fold()
        except (OSError, GateError, SQLAlchemyError, MemoryError) as exc:
            _log.warning("match_index.fold_failed", collection=self._collection, alg=self._alg, reason=str(exc))
            pause_s = _BACK_OFF_S
        finally:
            with self._lock:
                self._folding = None
                self._next_fold_s = time.monotonic() + pause_s

    def _take_over(self) -> bool:
        """Use the segment that another process has built since, if there is one."""
        name = self._shelf.current_name()
        with self._lock:
            known = self._view.segment if self._view else None
        if name is None or (known is not None and known.folder.name == name):
            return False
        try:
            segment = self._shelf.open_current()
        except SegmentDamagedError:
            return False
        with self._database.read() as connection:
            if segment is None or not self._fits(connection, segment.origin, read_marks(connection)):
                return False
        self._use(segment)
        return True

    def _build(self, view: _View) -> None:
        """Write everything that `view` can match as one segment and use it."""
        limbs, sequences = _live_rows(view, size_bytes=self._bits // 8)
        if not len(sequences):
            self._shelf.clear()
            with self._lock:
                if self._view is view:
                    self._view = replace(self._empty(), marks=view.marks)
            return
        anchor = int(sequences.max())
        with self._database.read() as connection:
            value = find_codes(connection, [anchor])[anchor].value
        origin = Origin(
            collection=self._collection,
            alg=self._alg,
            bits=self._bits,
            last_code=view.marks.code,
            last_removal=view.marks.removal,
            anchor=anchor,
            anchor_value=value.hex(),
        )
        self._use(self._shelf.put(limbs=limbs, sequences=sequences, origin=origin, radius_bits=self._radius_bits))

    def _use(self, segment: Segment) -> None:
        with self._lock:
            self._view = _rebase(self._view or self._empty(), segment)


def _rebase(view: _View, segment: Segment) -> _View:
    """Return what `view` has, with what `segment` knows taken out of its delta and removals."""
    origin = segment.origin
    cut = int(np.searchsorted(view.sequences[: view.count], origin.last_code, side="right"))
    return _View(
        segment,
        view.limbs[cut : view.count].copy(),
        view.sequences[cut : view.count].copy(),
        view.count - cut,
        {code: removal for code, removal in view.removed.items() if removal > origin.last_removal},
        Marks(max(view.marks.code, origin.last_code), max(view.marks.removal, origin.last_removal)),
    )


def _extend(view: _View, chunks: list[tuple[NDArray[np.int64], NDArray[np.uint8]]]) -> _View:
    """Return `view` with more codes in its delta; arrays that older views hold are only written past their ends."""
    count = view.count + sum(len(numbers) for numbers, _ in chunks)
    limbs, sequences = view.limbs, view.sequences
    if count > len(sequences):
        capacity = max(count, 2 * view.count, 1024)
        limbs, sequences = np.empty((capacity, limbs.shape[1]), np.uint64), np.empty(capacity, np.int64)
        limbs[: view.count], sequences[: view.count] = view.limbs[: view.count], view.sequences[: view.count]
    at = view.count
    for numbers, codes in chunks:
        limbs[at : at + len(numbers)] = _as_limbs(codes)
        sequences[at : at + len(numbers)] = numbers
        at += len(numbers)
    return replace(view, limbs=limbs, sequences=sequences, count=count)


def _search(view: _View, code: NDArray[np.uint8], radius_bits: int) -> Hits:
    """Return the live codes of a view within the radius, nearest first, of equally near ones the first appended."""
    numbers, distances = np.empty(0, np.int64), np.empty(0, np.int64)
    if view.segment is not None:
        numbers, distances = view.segment.search(tuple(build_limbs(code)[0]), radius_bits)
    if view.count:
        positions, more = _scan(view, _as_limbs(code)[0], radius_bits)
        if len(positions):
            numbers = np.concatenate([numbers, view.sequences[positions]])
            distances = np.concatenate([distances, more])
    if view.removed and len(numbers):
        is_live = [number not in view.removed for number in numbers.tolist()]
        numbers, distances = numbers[is_live], distances[is_live]
    # One sort of plain integers is several times as fast as a sort by two keys.
    keys = np.sort(distances << _SEQUENCE_BITS | numbers)
    return Hits(keys & (1 << _SEQUENCE_BITS) - 1, keys >> _SEQUENCE_BITS)


def _as_limbs(codes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return (n, limbs) for (n, bytes), the bits in the codes' own order, filled up with zeros."""
    missing = -codes.shape[1] % 8
    filled = np.pad(codes, ((0, 0), (0, missing))) if missing else np.ascontiguousarray(codes)
    return filled.view(np.uint64)


def _scan(view: _View, query: NDArray[np.uint64], radius_bits: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return positions and distances of the delta's codes within the radius."""
    rows = view.limbs[: view.count]
    if view.segment is None and view.count < _COMPILED_FROM:
        every = np.bitwise_count(rows ^ query).sum(axis=1, dtype=np.int64)
        near = np.flatnonzero(every <= radius_bits)
        return near, every[near]
    from provenance.works import _kernel

    positions, distances = np.empty(view.count, np.int64), np.empty(view.count, np.int64)
    found = _kernel.scan(as_read_only(rows.reshape(-1)), view.count, tuple(query), radius_bits, positions, distances)
    return positions[:found], distances[:found]


def _live_rows(view: _View, *, size_bytes: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return every code that can match, in the segments' order of bits, with its sequence number."""
    codes = np.ascontiguousarray(view.limbs[: view.count]).view(np.uint8)[:, :size_bytes]
    limbs, sequences = build_limbs(codes), view.sequences[: view.count]
    if view.segment is not None:
        old_limbs, old_sequences = view.segment.rows()
        limbs, sequences = np.concatenate([old_limbs, limbs]), np.concatenate([old_sequences, sequences])
    if view.removed and len(sequences):
        removed = np.sort(np.fromiter(view.removed, np.int64, len(view.removed)))
        nearest = np.minimum(np.searchsorted(removed, sequences), len(removed) - 1)
        is_live = removed[nearest] != sequences
        limbs, sequences = limbs[is_live], sequences[is_live]
    return limbs, sequences
