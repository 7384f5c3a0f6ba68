from provenance.tenant import MAIN
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tenancy import derive_keys

SITE = (WatermarkKey("new", bytes(range(32))), WatermarkKey("old", bytes(32)))


def test_each_tenant_has_keys_of_its_own_in_the_order_of_the_sites():
    acme, zenith = derive_keys(SITE, "acme"), derive_keys(SITE, "zenith")
    secrets = {key.secret for keys in (SITE, acme, zenith) for key in keys}
    assert len(secrets) == len({key.key_id for keys in (SITE, acme, zenith) for key in keys}) == 6
    assert derive_keys(SITE, "acme") == acme
    assert derive_keys(SITE, MAIN) == SITE


def test_a_key_stays_what_it_is():
    """What was marked under it is read by it for ever."""
    (key,) = derive_keys(SITE[:1], "acme")
    assert (key.key_id, key.secret.hex()) == (
        "t-9e8b11ad9f9f",
        "d01f1be90bb185535e9c60068b6e04a01e8c6f661fdcc125978a3ddce1286ca4",
    )
