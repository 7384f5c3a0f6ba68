"""A tenant's own watermark keys, derived from those of the site: there is no other secret to keep or to lose.

Whoever has one tenant's key can neither read nor make another's marks, nor find the site's key (HKDF, RFC 5869).
"""

from collections.abc import Sequence
from hashlib import sha256

from provenance.tenant import MAIN, Tenant
from provenance.watermarks.base import WatermarkKey


def derive_keys(keys: Sequence[WatermarkKey], tenant: Tenant) -> tuple[WatermarkKey, ...]:
    """Return the keys of a tenant, in the order of the site's; those of the main tenant are the site's own."""
    return tuple(keys) if tenant == MAIN else tuple(_derive(key, tenant) for key in keys)


def _derive(key: WatermarkKey, tenant: Tenant) -> WatermarkKey:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = b"chopmark watermark key of tenant " + tenant.encode()
    secret = HKDF(SHA256(), length=len(key.secret), salt=None, info=info).derive(key.secret)
    return WatermarkKey(f"t-{sha256(b'key id ' + secret).hexdigest()[:12]}", secret)
