"""Whom verification trusts: roots for claim signers, roots for time-stamp authorities, and the development root.

c2pa is told a name with each list and answers with the name of the list that a signer was found in, so trust in the
development CA can never pass for trust in a real one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from provenance.errors import ConfigurationError
from provenance.manifests.certificates import SIGNING_EKUS, parse_chain, to_pem
from provenance.manifests.identity import PRODUCTION, load_development_root

MANIFEST_LIST: Final = "urn:chopmark:trust:manifest"
TIMESTAMP_LIST: Final = "urn:chopmark:trust:timestamp"
SHARED_LIST: Final = "urn:chopmark:trust:manifest-and-timestamp"
DEVELOPMENT_LIST: Final = "urn:chopmark:trust:development"

SIGNER_LISTS: Final = frozenset({MANIFEST_LIST, SHARED_LIST})
AUTHORITY_LISTS: Final = (TIMESTAMP_LIST, SHARED_LIST)


@dataclass(frozen=True, slots=True)
class TrustAnchors:
    """Root certificates as PEM text; "" for none.

    Attributes:
        manifest_pem: roots of claim signers, such as the C2PA trust list.
        timestamp_pem: roots of time-stamp authorities.
        development_pem: this machine's development root; always "" in production.
    """

    manifest_pem: str = ""
    timestamp_pem: str = ""
    development_pem: str = ""

    def build_settings(self) -> dict[str, Any]:
        """Return the `trust` part of c2pa's settings."""
        anchors = _build_lists(self.manifest_pem, self.timestamp_pem, self.development_pem)
        purposes = "".join(f"{purpose.dotted_string}\n" for purpose in SIGNING_EKUS)
        return {"anchors": list(anchors), "trust_config": purposes}


def load_trust(
    manifest_paths: Sequence[Path] = (),
    timestamp_paths: Sequence[Path] = (),
    *,
    environment: str,
    keys_directory: Path | None = None,
) -> TrustAnchors:
    """Load PEM bundles, and the development root from `keys_directory` unless the environment is production.

    Raises:
        ConfigurationError: a bundle is missing, is not PEM or holds no certificate.
    """
    development = ""
    if environment != PRODUCTION and keys_directory is not None:
        development = load_development_root(keys_directory)
    return TrustAnchors(
        manifest_pem="".join(map(_read_bundle, manifest_paths)),
        timestamp_pem="".join(map(_read_bundle, timestamp_paths)),
        development_pem=development,
    )


@lru_cache(maxsize=16)
def _build_lists(manifest_pem: str, timestamp_pem: str, development_pem: str) -> tuple[dict[str, str], ...]:
    """Return c2pa's trust lists; it names the first that has a root, so a root for both purposes has its own."""
    signers, authorities = _split(manifest_pem), _split(timestamp_pem)
    lists = (
        (signers - authorities, MANIFEST_LIST, "manifest"),
        (signers & authorities, SHARED_LIST, "manifest"),
        (authorities - signers, TIMESTAMP_LIST, "tsa"),
        (_split(development_pem), DEVELOPMENT_LIST, "manifest"),
    )
    return tuple(
        {"trust_anchors": "".join(sorted(roots)), "trust_uri": uri, "trust_kind": kind}
        for roots, uri, kind in lists
        if roots
    )


def _split(pem: str) -> frozenset[str]:
    return frozenset(map(to_pem, parse_chain(pem))) if pem.strip() else frozenset()


def _read_bundle(path: Path) -> str:
    try:
        pem = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"trust anchors {path.name} cannot be read as text") from exc
    if not parse_chain(pem):
        raise ConfigurationError(f"trust anchors {path.name} hold no certificate")
    return pem if pem.endswith("\n") else f"{pem}\n"
