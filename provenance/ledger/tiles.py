"""Tiles: the tree in pieces of 256 hashes, read from the database and written as a static tree of files.

Source: c2sp.org/tlog-tiles. What is written can be served by any web server or object store as it stands.
"""

import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from typing import Final

from sqlalchemy import Connection, select

from provenance.errors import InconsistentLedgerError
from provenance.ledger.entry import LedgerEntry
from provenance.ledger.merkle import hash_children
from provenance.ledger.tables import LEDGER_ENTRIES, LEDGER_NODES
from provenance.storage.secretfile import make_private_file

# C2SP tlog-tiles: "Full tiles MUST be exactly 256 hashes wide".
TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8
_CACHED_TILES: Final = 64
"""Enough for the right edge of any tree and the tile being read: the path to a leaf crosses at most 8 tiles."""


class StoredTree:
    """The tree over the first `size` entries, read tile by tile over one connection.

    Any node is found in one tile, so a proof reads O(log n) tiles; the last ones read are kept.
    """

    def __init__(self, connection: Connection, size: int) -> None:
        self.size = size
        self._connection = connection
        self._cache: OrderedDict[tuple[int, int], list[Sequence[bytes]]] = OrderedDict()

    def node(self, level: int, index: int) -> bytes:
        """Return the root of the complete subtree over leaves ``index << level`` to ``(index + 1) << level``."""
        height = level % TILE_HEIGHT
        number, offset = divmod(index << height, TILE_WIDTH)
        return self._subtrees(level // TILE_HEIGHT, number)[height][offset >> height]

    def tile(self, level: int, number: int) -> Sequence[bytes]:
        """Return the hashes of tile `number` at tile level `level`: 256, or fewer at the right edge.

        Raises:
            InconsistentLedgerError: the database lacks some.
        """
        width = tile_width(self.size, level, number)
        table, column = (LEDGER_ENTRIES, "leaf_hash") if level == 0 else (LEDGER_NODES, "hash")
        first = number * TILE_WIDTH
        query = select(table.c[column]).where(table.c.index >= first, table.c.index < first + width)
        if level:
            query = query.where(LEDGER_NODES.c.level == level)
        hashes = [bytes(item) for item in self._connection.scalars(query.order_by(table.c.index))]
        if len(hashes) != width:
            raise InconsistentLedgerError(
                f"tile {number} of level {level} has {width} hashes in a tree of {self.size}, found {len(hashes)}"
            )
        return hashes

    def _subtrees(self, level: int, number: int) -> list[Sequence[bytes]]:
        """Return the tile's hashes and all that follow from them, by height."""
        key = (level, number)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        rows = [self.tile(level, number)]
        for _ in range(TILE_HEIGHT):
            below = rows[-1]
            rows.append([hash_children(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
        self._cache[key] = rows
        if len(self._cache) > _CACHED_TILES:
            self._cache.popitem(last=False)
        return rows


def tile_width(size: int, level: int, number: int) -> int:
    """Return how many hashes tile `number` of tile level `level` has in a tree of `size` leaves."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH))


def build_tile_path(level: int | str, number: int, width: int = TILE_WIDTH) -> str:
    """Build the path of a tile; `level` is ``entries`` for an entry bundle.

    Example: ``tile/0/x001/x234/067.p/12``.
    """
    parts = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        parts.insert(0, f"x{number % 1000:03}")
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(parts)}{suffix}"


def build_bundle(entries: Sequence[LedgerEntry]) -> bytes:
    """Build an entry bundle: each leaf after its length in two bytes, big-endian."""
    return b"".join(len(entry.leaf).to_bytes(2, "big") + entry.leaf for entry in entries)


def list_tiles(size: int) -> list[tuple[int, int, int]]:
    """List every tile of a tree of `size` leaves as (tile level, number, width), levels from the leaves up."""
    tiles: list[tuple[int, int, int]] = []
    level = 0
    while size >> (TILE_HEIGHT * level):
        hashes = size >> (TILE_HEIGHT * level)
        tiles += [(level, number, tile_width(size, level, number)) for number in range(-(-hashes // TILE_WIDTH))]
        level += 1
    return tiles


def write_resource(folder: Path, path: str, content: bytes, *, is_private: bool = False) -> None:
    """Write one file of the static tree whole or not at all; a reader never sees a part.

    Args:
        folder: of the tree.
        path: in it.
        content: of the file.
        is_private: for its owner only.
    """
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f".{target.name}.{token_hex(8)}")
    with staged.open("wb") as file:
        if is_private:
            make_private_file(staged)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(target)
