"""Entries that are missing or were changed do not make a tree."""

from dataclasses import replace

import pytest

from provenance.errors import InconsistentLedgerError
from provenance.ledger.growth import Growth, grow

EMPTY = Growth(size=0, frontier=())


def test_the_tree_after_each_entry(sqlite_log, append_many):
    entries = append_many(sqlite_log, 5)
    trees = list(grow(EMPTY, entries, 5))
    assert [tree.size for tree in trees] == [0, 1, 2, 3, 4, 5]
    assert trees[-1].root == sqlite_log.checkpoint().root
    assert list(grow(trees[2], entries[2:], 5)) == trees[2:]


def test_what_is_missing_or_changed_is_named(sqlite_log, append_many):
    entries = append_many(sqlite_log, 5)
    for damaged, match in (
        (entries[:-1], "entry 4 is missing"),
        (entries[:2] + entries[3:], "entry 2 is missing"),
        ([entries[1], entries[0], *entries[2:]], "entry 0 is missing"),
        ([*entries[:3], replace(entries[3], body=b"{}"), entries[4]], "entry 3 was changed"),
    ):
        with pytest.raises(InconsistentLedgerError, match=match):
            list(grow(EMPTY, damaged, 5))
