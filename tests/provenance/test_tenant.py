import pytest

from provenance.errors import ConfigurationError
from provenance.tenant import MAIN, parse_tenant


@pytest.mark.parametrize("name", [MAIN, "a", "acme", "acme-2", "0", "x" * 32])
def test_a_name_is_taken_as_it_is(name):
    assert parse_tenant(name) == name


@pytest.mark.parametrize("name", ["", "Acme", "a_b", "-a", "a-", "a b", "../a", "é", "x" * 33, "a\n"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ConfigurationError, match="lower-case letters, digits and hyphens"):
        parse_tenant(name)
