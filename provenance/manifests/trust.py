"""Whom verification trusts: roots for claim signers, roots for time-stamp authorities, and the development root.

c2pa is told a name with each list and answers with the name of the list that a signer was found in, so trust in the
development CA can never pass for trust in a real one.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import hashes

from provenance.errors import ConfigurationError
from provenance.manifests.certificates import SIGNING_EKUS, parse_chain, to_pem
from provenance.manifests.identity import PRODUCTION, load_development_root
from provenance.storage.faults import describe_os_error

MANIFEST_LIST: Final = "urn:chopmark:trust:manifest"
TIMESTAMP_LIST: Final = "urn:chopmark:trust:timestamp"
SHARED_LIST: Final = "urn:chopmark:trust:manifest-and-timestamp"
DEVELOPMENT_LIST: Final = "urn:chopmark:trust:development"

ALLOWED_LIST: Final = ""
"""What c2pa-rs 0.91 names where a certificate was found in an allow-list: no other list has an empty name."""

SIGNER_LISTS: Final = frozenset({MANIFEST_LIST, SHARED_LIST})
AUTHORITY_LISTS: Final = (TIMESTAMP_LIST, SHARED_LIST)

_DOTTED: Final = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,18})){2,32}")


@dataclass(frozen=True, slots=True)
class TrustAnchors:
    """Whom to trust; "" or () for nobody.

    Attributes:
        manifest_pem: root certificates of claim signers as PEM text, such as the C2PA trust list.
        timestamp_pem: root certificates of time-stamp authorities.
        development_pem: this machine's development root; always "" in production.
        allowed: certificates that sign under no root of ours, as base64 SHA-256 of each, one a line.
        purposes: extended key usages that a signer's certificate may have beside those of C2PA, as dotted numbers.
    """

    manifest_pem: str = ""
    timestamp_pem: str = ""
    development_pem: str = ""
    allowed: str = ""
    purposes: tuple[str, ...] = ()

    def build_settings(self) -> dict[str, Any]:
        """Return the `trust` part of c2pa's settings."""
        anchors: list[dict[str, str]] = list(_build_lists(self.manifest_pem, self.timestamp_pem, self.development_pem))
        if self.allowed:
            # c2pa-rs 0.91 heeds an allow-list only inside a list of anchors, which may be empty.
            anchors.append({"trust_anchors": "", "allowed_list": self.allowed, "trust_kind": "manifest"})
        named = (*(purpose.dotted_string for purpose in SIGNING_EKUS), *self.purposes)
        return {"anchors": anchors, "trust_config": "".join(f"{purpose}\n" for purpose in named)}


def load_trust(
    manifest_paths: Sequence[Path] = (),
    timestamp_paths: Sequence[Path] = (),
    *,
    environment: str,
    keys_directory: Path | None = None,
    allowed_paths: Sequence[Path] = (),
    purposes_path: Path | None = None,
) -> TrustAnchors:
    """Load trust lists, and the development root from `keys_directory` unless the environment is production.

    Args:
        manifest_paths: PEM bundles of roots of claim signers.
        timestamp_paths: PEM bundles of roots of time-stamp authorities; these never vouch for a signer.
        environment: of this deployment.
        keys_directory: where the development root is.
        allowed_paths: end-entity certificates that are trusted by themselves: PEM, or SHA-256 in base64 or
            hexadecimal, one a line.
        purposes_path: extended key usages, one dotted number a line, as in the C2PA lists' ``store.cfg``.

    Raises:
        ConfigurationError: a list is missing, is not of that form or holds nothing.
    """
    development = ""
    if environment != PRODUCTION and keys_directory is not None:
        development = load_development_root(keys_directory)
    return TrustAnchors(
        manifest_pem="".join(map(_read_bundle, manifest_paths)),
        timestamp_pem="".join(map(_read_bundle, timestamp_paths)),
        development_pem=development,
        allowed="".join(map(_read_allowed, allowed_paths)),
        purposes=() if purposes_path is None else _read_purposes(purposes_path),
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
    pem = _read_text(path)
    try:
        roots = parse_chain(pem)
    except ConfigurationError as exc:
        raise ConfigurationError(f"trust anchors {path.name}: expected whole CERTIFICATE blocks of PEM") from exc
    if not roots:
        raise ConfigurationError(f"trust anchors {path.name} hold no certificate")
    return pem if pem.endswith("\n") else f"{pem}\n"


def _read_allowed(path: Path) -> str:
    """Return the digests of the certificates that an allow-list names, in the one form that c2pa takes."""
    text = _read_text(path)
    if "-----BEGIN" in text:
        digests = [item.fingerprint(hashes.SHA256()) for item in parse_chain(text)]
    else:
        digests = [_parse_digest(line, path) for line in _lines(text)]
    if not digests:
        raise ConfigurationError(f"allow-list {path.name} names no certificate")
    return "".join(f"{base64.b64encode(digest).decode()}\n" for digest in digests)


def _parse_digest(line: str, path: Path) -> bytes:
    try:
        digest = bytes.fromhex(line) if len(line) == 64 else base64.b64decode(line, validate=True)
    except ValueError:
        digest = b""
    if len(digest) != hashes.SHA256.digest_size:
        raise ConfigurationError(
            f"allow-list {path.name}: expected PEM, or the SHA-256 of a certificate in base64 or hexadecimal a line"
        )
    return digest


def _read_purposes(path: Path) -> tuple[str, ...]:
    purposes = tuple(_lines(_read_text(path)))
    wrong = [purpose for purpose in purposes if _DOTTED.fullmatch(purpose) is None]
    if wrong or not purposes:
        raise ConfigurationError(
            f"trust configuration {path.name}: expected one dotted number of a key purpose a line, "
            "such as 1.3.6.1.4.1.62558.2.1, and // before a comment"
        )
    return purposes


def _lines(text: str) -> list[str]:
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith(("//", "#"))]


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as exc:
        raise ConfigurationError(f"trust anchors {path.name} cannot be read: {describe_os_error(exc)}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"trust anchors {path.name} cannot be read as text: expected PEM") from exc
