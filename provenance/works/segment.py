"""One immutable part of a match index: sorted codes and their look-up tables in memory-mapped files.

A segment is a folder that is written whole, proven by checksums, and then renamed into place, so a segment that has
its final name is complete. Opening maps the files and checks every byte, at about the speed of memory, because the
compiled loops trust what the tables say. Processes that open the same segment share its memory.

Layout: equal codes are stored once, in order; `starts` leads from a code to its sequence numbers. A code's bits are
cut into `words`, each with a table of flat arrays: `offsets`, where each bucket begins, and `entries`, code numbers.
Source: Norouzi, Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012.
"""

import json
import os
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from provenance.errors import WorksError

AnyScalar = TypeVar("AnyScalar", bound=np.generic)

FORMAT: Final = "chopmark-match-index"
FORMAT_VERSION: Final = 1
"""Grows with every change to the files or to the order of bits; segments of other versions are rebuilt."""

# Neighbouring bits of a picture's code tend to be alike (a flat sky, a page of text), and words of 23 bits of which all
# are alike make full buckets. Taking every 101st bit spreads them over all words; any number prime to the length does.
BIT_STRIDE: Final = 101

_MANIFEST: Final = "manifest.json"
_DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "limbs": np.dtype("<u8"),
    "starts": np.dtype("<u4"),
    "sequences": np.dtype("<i8"),
    "offsets": np.dtype("<u4"),
    "entries": np.dtype("<u4"),
}


class SegmentDamagedError(WorksError):
    """A segment's files are missing, cut short, changed, or of another version: rebuild from the database."""

    code = "works.segment_damaged"


@dataclass(frozen=True, slots=True)
class Geometry:
    """How codes are cut: `words` words of `word_bits` bits; what is left over counts in distances only."""

    words: int
    word_bits: int


@dataclass(frozen=True, slots=True)
class Origin:
    """What a segment was built from.

    Attributes:
        collection, alg: whose codes.
        bits: length of a code.
        last_code, last_removal: how far the database had been read.
        anchor: sequence number of one code that the database had then.
        anchor_value: that code in hexadecimal; if the database says otherwise, it is not the one we know.
    """

    collection: str
    alg: str
    bits: int
    last_code: int
    last_removal: int
    anchor: int
    anchor_value: str


def plan_geometry(count: int, bits: int, radius_bits: int) -> Geometry:
    """Choose the cut that makes a query over `count` evenly spread codes cheapest.

    A table may have at most four buckets a code, so small segments have small files.
    """
    from provenance.works import _kernel

    best, best_cost = Geometry(1, 1), float("inf")
    for word_bits in range(4, 27):
        words = bits // word_bits
        if words < 1 or 1 << word_bits > max(4 * count, 16):
            continue
        density = count / (1 << word_bits)
        total, extra = divmod(radius_bits + 1, words)
        radii = [total] * extra + [total - 1] * (words - extra)
        probes = sum(comb(word_bits, flips) for radius in radii for flips in range(radius + 1))
        cost = probes * (_kernel.PROBE_COST + density * _kernel.CANDIDATE_COST)
        if max(radii) <= _kernel.HIGHEST_SHELL and cost < best_cost:
            best, best_cost = Geometry(words, word_bits), cost
    return best


def build_limbs(codes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return (n, limbs) uint64 for (n, bytes) uint8 codes, their bits in the order that segments use."""
    from provenance.works import _kernel

    limbs = np.empty((len(codes), -(-codes.shape[1] // 8)), np.uint64)
    _kernel.spread(as_read_only(codes), _spread_table(codes.shape[1]), limbs)
    return limbs


def as_read_only(array: NDArray[AnyScalar]) -> NDArray[AnyScalar]:
    """Return a contiguous read-only view: compiled loops are compiled once for each type, and this is part of it."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


@lru_cache(maxsize=8)
def _spread_table(size_bytes: int) -> NDArray[np.uint64]:
    """Return (bytes, 256, limbs): what each value of each byte sets."""
    bits = size_bytes * 8
    table = np.zeros((size_bytes, 256, -(-size_bytes // 8)), np.uint64)
    for bit in range(bits):
        target = bit * BIT_STRIDE % bits
        has_bit = np.arange(256) >> (7 - bit % 8) & 1 == 1
        table[bit // 8, has_bit, target // 64] |= np.uint64(1 << target % 64)
    return table


@lru_cache(maxsize=8)
def _flips(word_bits: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return masks with 0, 1, 2... of `word_bits` bits set, and where each number of bits begins."""
    from provenance.works import _kernel

    masks, shells = [], [0]
    for count in range(_kernel.HIGHEST_SHELL + 1):
        masks += [sum(1 << bit for bit in chosen) for chosen in combinations(range(word_bits), count)]
        shells.append(len(masks))
    return np.array(masks, np.int64), np.array(shells, np.int64)


class Segment:
    """An open segment. Any number of threads may search it."""

    def __init__(self, folder: Path, origin: Origin, geometry: Geometry, arrays: dict[str, NDArray[Any]]) -> None:
        self.folder = folder
        self.origin = origin
        self.geometry = geometry
        self.limbs: NDArray[np.uint64] = arrays["limbs"]
        self.starts: NDArray[np.uint32] = arrays["starts"]
        self.sequences: NDArray[np.int64] = arrays["sequences"]
        self._offsets: NDArray[np.uint32] = arrays["offsets"]
        self._entries: NDArray[np.uint32] = arrays["entries"]
        self._flips, self._shells = _flips(geometry.word_bits)

    @classmethod
    def open(cls, folder: Path) -> "Segment":
        """Map the segment in `folder` after checking all of it.

        Raises:
            SegmentDamagedError: it cannot be used.
        """
        try:
            manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
            if (manifest["format"], manifest["version"]) != (FORMAT, FORMAT_VERSION):
                raise SegmentDamagedError(f"{folder.name} is of another version than {FORMAT_VERSION}")
            origin, geometry = Origin(**manifest["origin"]), Geometry(**manifest["geometry"])
            arrays = {name: _map(folder, name, **manifest["arrays"][name]) for name in _DTYPES}
        except (OSError, ValueError, TypeError, KeyError) as exc:
            raise SegmentDamagedError(f"{folder.name} cannot be read: {exc}") from exc
        return cls(folder, origin, geometry, arrays)

    def __len__(self) -> int:
        return len(self.sequences)

    def search(
        self, query: tuple[np.uint64, ...], radius_bits: int, *, scan_cost: float | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return sequence numbers and distances of every code within `radius_bits` of `query`, in no order.

        Args:
            query: limbs of one code, as `build_limbs` makes them.
            radius_bits: any number; what is cheaper, looking up or reading everything, is chosen for each query.
            scan_cost: overrules that choice: 0 reads everything, infinity never does while words are left to probe.
        """
        from provenance.works import _kernel

        cost = _kernel.SCAN_COST if scan_cost is None else scan_cost
        count, cut = len(self.starts) - 1, self.geometry
        capacity = 1024
        while True:
            positions, distances = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
            found = _kernel.search(
                self.limbs, self._offsets, self._entries, self._flips, self._shells, count,
                cut.words, cut.word_bits, query, radius_bits, cost, positions, distances,
            )  # fmt: skip
            if found <= capacity:
                return self._expand(positions[:found], distances[:found])
            capacity = found

    def _expand(
        self, positions: NDArray[np.int64], distances: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return every sequence number that has one of these codes."""
        if len(self.starts) - 1 == len(self.sequences):  # no two codes are equal
            return self.sequences[positions], distances
        first = self.starts[positions].astype(np.int64)
        repeats = self.starts[positions + 1].astype(np.int64) - first
        ends = np.cumsum(repeats)
        within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - repeats, repeats)
        return self.sequences[np.repeat(first, repeats) + within], np.repeat(distances, repeats)

    def rows(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return (n, limbs) codes and (n,) sequence numbers, one row each, equal codes repeated."""
        width = -(-self.origin.bits // 64)
        limbs = self.limbs.reshape(-1, width)
        if len(limbs) != len(self.sequences):
            limbs = np.repeat(limbs, np.diff(self.starts), axis=0)
        return limbs, self.sequences


def write_segment(
    folder: Path, *, limbs: NDArray[np.uint64], sequences: NDArray[np.int64], origin: Origin, radius_bits: int
) -> None:
    """Write a new segment into the empty `folder`, down to the disk; nothing is left out and nothing decided later.

    Args:
        folder: exists and is empty; rename it when this returns.
        limbs: (n, limbs) at least one code.
        sequences: (n,) their sequence numbers.
        origin: goes into the manifest.
        radius_bits: the distance for which queries are to be fastest; any other stays exact.

    Limits: at most 2**32 - 1 codes; needs 0.5 times the memory of `limbs` again for order and one table.
    """
    order = _sorted_order(limbs)
    limbs, sequences = limbs[order], sequences[order]
    del order
    is_new = np.empty(len(limbs), bool)
    is_new[0] = True
    np.any(limbs[1:] != limbs[:-1], axis=1, out=is_new[1:])
    starts = np.append(np.flatnonzero(is_new), len(limbs)).astype(np.uint32)
    if len(starts) - 1 < len(limbs):
        limbs = limbs[is_new]
    geometry = plan_geometry(len(limbs), origin.bits, radius_bits)
    plain: dict[str, NDArray[Any]] = {"limbs": limbs.reshape(-1), "starts": starts, "sequences": sequences}
    for name, array in plain.items():
        with (folder / f"{name}.bin").open("wb") as file:
            _write(file, array, name)
            _finish(file, fill=True)
    _write_tables(folder, limbs, geometry)
    lengths = {name: len(array) for name, array in plain.items()}
    lengths["offsets"] = geometry.words * ((1 << geometry.word_bits) + 1)
    lengths["entries"] = geometry.words * len(limbs)
    manifest = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "origin": asdict(origin),
        "geometry": asdict(geometry),
        "arrays": {name: {"length": lengths[name], "checksum": _checksum(folder, name)} for name in _DTYPES},
    }
    with (folder / _MANIFEST).open("wb") as file:
        file.write(json.dumps(manifest, indent=2).encode())
        _finish(file)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Have the disk hold what a folder lists: new and renamed files survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sorted_order(limbs: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the order in which codes ascend and equal codes keep theirs.

    Sorting by the first limb alone is four times as fast as by all and nearly enough; only ties are sorted again.
    """
    order = np.argsort(limbs[:, 0])
    first = limbs[order, 0]
    same = first[1:] == first[:-1]
    is_tied = np.append(same, False) | np.append(False, same)
    tied = order[is_tied]
    if len(tied):
        order[is_tied] = tied[np.lexsort((tied, *(limbs[tied, k] for k in range(limbs.shape[1] - 1, -1, -1))))]
    return order


def _write_tables(folder: Path, limbs: NDArray[np.uint64], geometry: Geometry) -> None:
    """Write the look-up tables, one word in memory at a time."""
    from provenance.works import _kernel

    count, width = limbs.shape
    offsets = np.empty((1 << geometry.word_bits) + 1, np.uint32)
    entries = np.empty(count, np.uint32)
    with (folder / "offsets.bin").open("wb") as offsets_file, (folder / "entries.bin").open("wb") as entries_file:
        for word in range(geometry.words):
            _kernel.build_table(limbs.reshape(-1), count, width, word, geometry.word_bits, offsets, entries)
            _write(offsets_file, offsets, "offsets")
            _write(entries_file, entries, "entries")
        _finish(offsets_file, fill=True)
        _finish(entries_file, fill=True)


def _write(file: BinaryIO, array: NDArray[Any], name: str) -> None:
    file.write(array.astype(_DTYPES[name], copy=False).data)


def _finish(file: BinaryIO, *, fill: bool = False) -> None:
    """Have the disk hold it; `fill` up to whole 64-bit words, which the checksum is over."""
    if fill:
        file.write(bytes(-file.tell() % 8))
    file.flush()
    os.fsync(file.fileno())


def _map(folder: Path, name: str, *, length: int, checksum: int) -> NDArray[Any]:
    """Map one array for reading.

    Raises:
        SegmentDamagedError: it is not what was written.
    """
    dtype = _DTYPES[name]
    expected = -(-length * dtype.itemsize // 8) * 8
    found = (folder / f"{name}.bin").stat().st_size
    if found != expected:
        raise SegmentDamagedError(f"{folder.name}/{name}.bin has {found} bytes, expected {expected}")
    if _checksum(folder, name) != checksum:
        raise SegmentDamagedError(f"{folder.name}/{name}.bin was changed after it was written")
    return _mapped(folder, name, dtype)[:length]


def _checksum(folder: Path, name: str) -> int:
    from provenance.works import _kernel

    return int(_kernel.checksum(_mapped(folder, name, np.dtype("<u8"))))


def _mapped(folder: Path, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    mapped: NDArray[Any] = np.memmap(folder / f"{name}.bin", dtype, "r").view(np.ndarray)
    return mapped
