"""What label code asks of a file format."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from provenance.errors import AssetError, LabelError
from provenance.labels.exif import find_user_comment
from provenance.storage.octets import Octets

P = ParamSpec("P")
R = TypeVar("R")

MAX_FOUND: Final = 16
"""Pieces of one kind that are looked at; a file with more is up to no good."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Raw metadata as it lies in a file; nothing of it is verified.

    Attributes:
        xmp: each XMP packet.
        texts: each text under the key ``AIGC`` outside XMP, such as in PNG text chunks.
        exif: each EXIF block, from its TIFF header on.
        text_place: where `texts` lie.
    """

    xmp: tuple[bytes, ...] = ()
    texts: tuple[str, ...] = ()
    exif: tuple[Octets, ...] = ()
    text_place: str = "png text"


@dataclass(frozen=True, slots=True)
class Container:
    """One file format.

    Attributes:
        find: return what the bytes carry; raises LabelError where their structure is damaged.
        write: return the bytes with this packet as their only XMP, and with no AIGC item outside it; None where the
            gate does not ship the format.
    """

    find: Callable[[Octets], Carried]
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


def naming_damage(function: Callable[P, R]) -> Callable[P, R]:
    """Have a file's damage be an error of labels, with the walker's own words: pixels may be sound all the same."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except AssetError as exc:
            raise LabelError(str(exc)) from exc

    return run


def at_most(items: Iterable[R], most: int, what: str) -> Iterator[R]:
    """Yield `items`, or raise LabelError once there are more than `most`."""
    for number, item in enumerate(items):
        if number == most:
            raise LabelError(f"more than {most} {what}")
        yield item
