"""Soft bindings: what leads from a stripped picture back to its manifest, and how their values are written.

C2PA 2.4 wants `value` as a byte string. c2pa-rs 0.91 builds assertions from JSON, where a byte string cannot be said
(c2pa-rs#2689; integer arrays are garbled, #2570), so `value` becomes a CBOR text string. Ours holds the bytes in
standard base64 with padding (RFC 4648 s4), which is also what the Soft Binding Resolution API passes around. Schemes
of others whose values are text by convention keep their text.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from provenance.errors import VerificationError

LABEL: Final = "c2pa.soft-binding"

NAMESPACE: Final = "org.chopmark"
"""Prefix of every name that is ours in a manifest; labels with a dot are entity-specific (C2PA 2.4 s6.2.2)."""

# adobe/trustmark: values are text such as `2*0101...`; io.iscc.v0: values are ISCC codes.
TEXT_ALG_PREFIXES: Final = ("com.adobe.trustmark.", "io.iscc.")

# What we write is 8 or 32 bytes; what we read may come from anybody.
MAX_VALUE_CHARS: Final = 4096


@dataclass(frozen=True, slots=True)
class SoftBinding:
    """One soft binding.

    Attributes:
        alg: name from the C2PA registry, or an own reverse-domain name.
        value: the watermark's payload or the fingerprint, as bytes.
    """

    alg: str
    value: bytes


def build_alg(name: str) -> str:
    """Return the soft-binding name for a plugin's: unchanged when it has a dot, else under our own namespace."""
    return name if "." in name else f"{NAMESPACE}.{name}.1"


def encode_value(alg: str, value: bytes) -> str:
    """Return `value` as the text that a manifest holds."""
    if alg.startswith(TEXT_ALG_PREFIXES):
        return value.decode("utf-8")
    return base64.b64encode(value).decode("ascii")


def decode_value(alg: str, text: str) -> bytes:
    """Return the bytes that `encode_value` wrote.

    Raises:
        VerificationError: the text is too long or is not base64.
    """
    if len(text) > MAX_VALUE_CHARS:
        raise VerificationError(f"soft binding holds {len(text)} characters, expected at most {MAX_VALUE_CHARS}")
    if alg.startswith(TEXT_ALG_PREFIXES):
        return text.encode("utf-8")
    # crJSON shows a true byte string as b64'...'
    bare = text[4:-1] if text.startswith("b64'") and text.endswith("'") else text
    try:
        return base64.b64decode(bare, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise VerificationError("soft binding's value is not base64") from exc


def build_assertion(binding: SoftBinding) -> dict[str, Any]:
    """Return the assertion for the manifest definition; one block, over the whole picture."""
    block = {"scope": {}, "value": encode_value(binding.alg, binding.value)}
    return {"label": LABEL, "created": True, "data": {"alg": binding.alg, "blocks": [block]}}


def parse_assertion(unverified_data: Mapping[str, Any]) -> tuple[SoftBinding, ...]:
    """Return the bindings in one assertion's data; blocks that say nothing readable are left out."""
    alg, blocks = unverified_data.get("alg"), unverified_data.get("blocks")
    if not isinstance(alg, str) or not isinstance(blocks, list):
        return ()
    found = []
    for block in blocks:
        text = block.get("value") if isinstance(block, dict) else None
        if not isinstance(text, str) or not text:
            continue
        try:
            found.append(SoftBinding(alg[:128], decode_value(alg, text)))
        except VerificationError:
            continue
    return tuple(found)
