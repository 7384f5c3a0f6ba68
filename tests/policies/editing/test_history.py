import pytest

from policies.editing.history import Kind, append_change, find_changes, find_standing, last_sequence, verify_new_version
from policies.rules.parsing import parse_pack
from provenance.errors import PolicyError
from provenance.tenant import MAIN, Tenant
from tests.policies.editing.test_shelf import house

BLUE = Tenant("blue")


def test_changes_come_to_what_counts_now_for_each_tenant(database, log):
    def change(kind, tenant=MAIN, **fields):
        with database.write() as connection:
            of = log.of_tenant("tenant-1") if tenant == BLUE else log
            return append_change(connection, of, tenant, kind, author="Ada", reason="r", **fields)

    change(Kind.SAVED, name="a", sha256="1")
    change(Kind.SAVED, name="a", sha256="2")
    change(Kind.SAVED, name="a", sha256="1")
    change(Kind.ACTIVATED, name="a", sha256="1")
    change(Kind.ACTIVATED, name="b", sha256="3")
    change(Kind.RETIRED, name="b", sha256="3")
    last = change(Kind.CHOSEN, names=["a", "c"])
    change(Kind.ACTIVATED, BLUE, name="a", sha256="9")
    with database.read() as connection:
        standing = find_standing(connection, MAIN)
        assert (last_sequence(connection, MAIN), last_sequence(connection, BLUE)) == (7, 1)
        assert find_standing(connection, BLUE).active == {"a": "9"}
    assert standing.active == {"a": "1"}
    assert standing.saved == {"a": ("2", "1")}
    assert (standing.chosen, standing.sequence) == (("a", "c"), 7)
    assert find_changes(database, MAIN, limit=1) == (last,)
    assert [one.sequence for one in find_changes(database, MAIN, before=3)] == [2, 1]
    assert log.entry(last.ledger_index).fields()["packs"] == ["a", "c"]


def test_a_version_number_that_was_used_is_refused():
    one, other = (parse_pack(house(hold=hold).encode(), file="house.yaml") for hold in (0.1, 0.2))
    verify_new_version(one, [one])
    with pytest.raises(PolicyError, match=r"version 1.0.0 of house"):
        verify_new_version(one, [other])
