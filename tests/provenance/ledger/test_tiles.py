"""Tile addresses by the specification's own examples, and nodes against brute force."""

from pathlib import Path

import pytest

from provenance.errors import InconsistentLedgerError
from provenance.ledger.merkle import hash_children
from provenance.ledger.tiles import StoredTree, build_bundle, build_tile_path, list_tiles, tile_width, write_resource


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ((0, 0), "tile/0/000"),
        ((0, 999, 1), "tile/0/999.p/1"),
        ((0, 1000), "tile/0/x001/000"),
        ((3, 1234067), "tile/3/x001/x234/067"),
        (("entries", 1234067, 255), "tile/entries/x001/x234/067.p/255"),
        ((63, 0, 1), "tile/63/000.p/1"),
    ],
)
def test_paths(arguments, path):
    assert build_tile_path(*arguments) == path


def test_the_tiles_of_a_tree_of_70000():
    # c2sp.org/tlog-tiles, "Partial Tiles"
    tiles = list_tiles(70_000)
    assert [width for level, _, width in tiles if level == 0] == [256] * 273 + [112]
    assert [(number, width) for level, number, width in tiles if level == 1] == [(0, 256), (1, 17)]
    assert [(number, width) for level, number, width in tiles if level == 2] == [(0, 1)]
    assert list_tiles(256) == [(0, 0, 256), (1, 0, 1)]
    assert list_tiles(0) == []
    assert tile_width(70_000, 0, 274) == 0


def test_every_node_of_a_stored_tree(log, append_many):
    hashes = [entry.leaf_hash for entry in append_many(log, 515)]
    with log.database.read() as connection:
        tree = StoredTree(connection, 515)
        level = 0
        while hashes:
            assert [tree.node(level, index) for index in range(len(hashes))] == hashes
            hashes = [hash_children(*hashes[at : at + 2]) for at in range(0, len(hashes) - 1, 2)]
            level += 1
        assert level == 10
        smaller = StoredTree(connection, 300)
        assert len(smaller.tile(0, 1)) == 44
        assert len(smaller.tile(1, 0)) == 1


def test_missing_hashes_are_noticed(sqlite_log, append_many, tamper):
    append_many(sqlite_log, 300)
    tamper(sqlite_log, "DELETE FROM ledger_nodes")
    with sqlite_log.database.read() as connection, pytest.raises(InconsistentLedgerError, match="tile 0 of level 1"):
        StoredTree(connection, 300).node(8, 0)


def test_proofs_read_few_tiles(sqlite_log, append_many, monkeypatch):
    append_many(sqlite_log, 600)
    read = []
    original = StoredTree.tile
    monkeypatch.setattr(StoredTree, "tile", lambda self, *tile: read.append(tile) or original(self, *tile))
    for index in (0, 300, 599):
        read.clear()
        sqlite_log.inclusion_proof(index)
        assert len(read) == len(set(read)) <= 3


def test_few_tiles_are_kept(sqlite_log, append_many, monkeypatch):
    hashes = [entry.leaf_hash for entry in append_many(sqlite_log, 520)]
    monkeypatch.setattr("provenance.ledger.tiles._CACHED_TILES", 1)
    with sqlite_log.database.read() as connection:
        tree = StoredTree(connection, 520)
        for index in (0, 519, 256, 1):
            assert tree.node(0, index) == hashes[index]
        assert len(tree._cache) == 1


def test_bundles_prefix_each_leaf_with_its_length(sqlite_log, append_many):
    entries = append_many(sqlite_log, 2)
    bundle = build_bundle(entries)
    length = int.from_bytes(bundle[:2], "big")
    assert bundle[2 : 2 + length] == entries[0].leaf
    assert bundle[2 + length + 2 :] == entries[1].leaf


def test_resources_are_replaced_whole(tmp_path):
    write_resource(tmp_path, "a/b", b"one")
    write_resource(tmp_path, "a/b", b"two")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    assert Path(tmp_path / "a" / "b").read_bytes() == b"two"
