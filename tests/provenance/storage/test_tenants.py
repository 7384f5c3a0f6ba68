from provenance.storage.tenants import name_tenant
from provenance.tenant import MAIN


def test_a_tenant_has_one_pseudonym_that_tells_nothing_of_it(database):
    first, again, other = (name_tenant(database, name) for name in ("acme", "acme", "zenith"))
    assert first == again != other
    assert first.startswith("tenant-")
    assert "acme" not in first
    assert name_tenant(database, MAIN) == ""
