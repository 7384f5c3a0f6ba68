"""Base64 as the C2SP formats use it, with one text for one value."""

import binascii
from base64 import b64decode, b64encode

from provenance.errors import VerificationError


def build_base64(data: bytes) -> str:
    """Return the base64 text of `data` (RFC 4648 s4)."""
    return b64encode(data).decode()


def parse_base64(unverified_text: str, what: str, code: str) -> bytes:
    """Parse base64 strictly: no other text stands for the same bytes.

    Raises:
        VerificationError: it is not base64, or its unused bits are not zero; names `what` and has `code`.
    """
    try:
        data = b64decode(unverified_text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise VerificationError(f"{what} is not base64", codes=(code,)) from exc
    if build_base64(data) != unverified_text:
        raise VerificationError(f"{what} is not base64 in its one form", codes=(code,))
    return data
