"""What label code asks of a file format."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from provenance.labels.exif import find_user_comment

MAX_FOUND: Final = 16
"""Pieces of one kind that are looked at; a file with more is up to no good."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Raw metadata as it lies in a file; nothing of it is verified.

    Attributes:
        xmp: each XMP packet.
        texts: each text under the key ``AIGC`` outside XMP (PNG text chunks).
        exif: each EXIF block, from its TIFF header on.
    """

    xmp: tuple[bytes, ...] = ()
    texts: tuple[str, ...] = ()
    exif: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """One file format.

    Attributes:
        find: return what the bytes carry; raises LabelError where their structure is damaged.
        write: return the bytes with this packet as their only XMP, and with no AIGC item outside it; None where the
            gate does not ship the format.
    """

    find: Callable[[bytes], Carried]
    write: Callable[[bytes, bytes], bytes] | None


def extract_aigc(comment: str) -> str | None:
    """Return the JSON of an AIGC item that an EXIF user comment holds, or None.

    The forms seen: the object itself, ``AIGC{...}``, ``AIGC:{...}`` and ``{"AIGC":{...}}``.
    """
    start, end = comment.find("{"), comment.rfind("}")
    is_item = "AIGC" in comment or all(json.dumps(key) in comment for key in ("Label", "ContentProducer"))
    return comment[start : end + 1] if is_item and 0 <= start < end else None


def blank_exif(block: bytes) -> bytes:
    """Return the block with a user comment that holds an AIGC item overwritten by spaces, else unchanged."""
    comment = find_user_comment(block)
    if comment is None or extract_aigc(comment.text) is None:
        return block
    return (
        block[: comment.start] + b"ASCII\0\0\0" + b" " * (comment.length - 8) + block[comment.start + comment.length :]
    )
