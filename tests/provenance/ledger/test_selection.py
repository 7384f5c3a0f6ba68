"""Which entries a selection takes, and what it can claim."""

import pytest

from provenance.errors import LedgerError
from provenance.ledger.export import find_entries
from provenance.ledger.selection import Selection, find_claim


def append(log, kind, key, **body):
    with log.database.write() as connection:
        return log.append(connection, kind=kind, subject=f"asset-{key}", body=body, key=f"{kind}:{key}")


@pytest.fixture
def filled(sqlite_log):
    """Decisions of two packs, a release, and one entry of another tenant."""
    append(sqlite_log, "decision.made", "1", outcome="hold", packs=[{"name": "baseline", "sha256": "a"}])
    append(sqlite_log, "decision.made", "2", outcome="block", packs=[{"name": "strict", "sha256": "b"}])
    append(sqlite_log, "asset.released", "3", sealed_sha256="c")
    append(sqlite_log.of_tenant("tenant-x"), "decision.made", "4", outcome="hold", packs=[])
    return sqlite_log


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), [0, 1, 2, 3]),
        (Selection(outcomes={"hold"}), [0, 3]),
        (Selection(outcomes={"release", "block"}), [1, 2]),
        (Selection(packs={"strict"}), [1]),
        (Selection(tenant=""), [0, 1, 2]),
        (Selection(tenant="tenant-x"), [3]),
        (Selection(first=1, stop=3), [1, 2]),
        (Selection(subject="asset-2"), [1]),
        (Selection(kinds={"asset.released"}, outcomes={"hold"}), []),
    ],
)
def test_what_fits(filled, selection, expected):
    assert [entry.index for entry in find_entries(filled, selection, 4)] == expected


def test_a_tenant_never_sees_another_whatever_is_asked(filled):
    own = filled.of_tenant("tenant-x")
    assert [entry.index for entry in find_entries(own, Selection(), 4)] == [3]
    assert list(find_entries(own, Selection(tenant=""), 4)) == []


def test_only_indices_alone_are_a_range():
    assert Selection(first=4, stop=9).is_range
    assert not Selection(tenant="").is_range
    assert not Selection(outcomes={"hold"}).is_range
    with pytest.raises(LedgerError, match="range of indices"):
        Selection(first=4, stop=3)


def test_claims():
    assert find_claim(0, 3, 4, 4) == "everything"
    assert find_claim(1, 3, 3, 4) == "range"
    assert find_claim(1, 3, 2, 4) == "rows"
    assert find_claim(1, 3, 3, 4, subject="asset-1") == "rows"
    assert find_claim(None, None, 0, 4) == "rows"
    assert find_claim(None, None, 0, 0) == "everything"
