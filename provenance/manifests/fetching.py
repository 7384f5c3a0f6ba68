"""Fetch a manifest that a file says is kept elsewhere, only when somebody asks for it; see `provenance.fetching`."""

from typing import Final

from provenance.fetching import DEADLINE_S, fetch

MAX_BYTES: Final = 32 * 1024 * 1024
MANIFEST_TYPE: Final = "application/c2pa"


def fetch_manifest(
    unverified_url: str, *, deadline_s: float = DEADLINE_S, most_bytes: int = MAX_BYTES, may_be_local: bool = False
) -> bytes:
    """Return the manifest that lies at `unverified_url`.

    Args:
        unverified_url: as written in the file.
        deadline_s: for everything but the resolver.
        most_bytes: of the answer.
        may_be_local: take addresses and ports of this machine too; for tests only.

    Raises:
        FetchError: the address is not one that may be asked, or nobody there answered with a manifest.
    """
    found = fetch(
        unverified_url,
        most_bytes=most_bytes,
        accept=MANIFEST_TYPE,
        deadline_s=deadline_s,
        may_be_local=may_be_local,
    )
    return found.read(most_bytes)
