"""The boxes of a C2PA manifest store, and the values in them: enough to see what a store says, with no word of c2pa's.

Read only; every length comes from the file and is checked before use. Source: ISO/IEC 19566-5 (JUMBF), RFC 8949 (CBOR).
"""

import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from provenance.errors import UndecodableAssetError
from provenance.media.containers.bmff import read_boxes

NAME: Final = "application/c2pa"

MAX_DEPTH: Final = 32
MAX_ITEMS: Final = 200_000

# ISO/IEC 19566-5 s A.3: toggles of a description box
_HAS_LABEL, _HAS_ID, _HAS_HASH, _HAS_PRIVATE = 0x02, 0x04, 0x08, 0x10
_TYPE_BYTES: Final = 16

_BREAK: Final = object()


@dataclass(frozen=True, slots=True)
class SuperBox:
    """A JUMBF superbox: what it is, what it is called, and what it holds.

    Attributes:
        kind: first four bytes of its type, such as ``c2ma`` for a manifest.
        label: its name.
        contents: boxes that hold data, as (type, bytes).
        children: superboxes in it.
    """

    kind: bytes
    label: str
    contents: tuple[tuple[bytes, bytes], ...]
    children: tuple["SuperBox", ...]


def parse_store(unverified_bytes: bytes) -> SuperBox:
    """Return the tree of a manifest store.

    Raises:
        UndecodableAssetError: it is no JUMBF, is damaged, or nests too deep.
        AssetTooLargeError: too many boxes.
    """
    boxes = list(read_boxes(unverified_bytes, 0, len(unverified_bytes), NAME))
    if len(boxes) != 1 or boxes[0].kind != b"jumb":
        raise UndecodableAssetError(f"{NAME}: expected one JUMBF superbox, got {len(boxes)} boxes")
    return _parse(unverified_bytes, boxes[0].start, boxes[0].stop, 0)


def _parse(data: bytes, start: int, stop: int, depth: int) -> SuperBox:
    if depth > MAX_DEPTH:
        raise UndecodableAssetError(f"{NAME}: expected at most {MAX_DEPTH} levels of boxes, got more")
    boxes = list(read_boxes(data, start, stop, NAME))
    if not boxes or boxes[0].kind != b"jumd":
        raise UndecodableAssetError(f"{NAME}: expected a description box first, got another")
    kind, label, private = _describe(data[boxes[0].start : boxes[0].stop])
    contents = [(box.kind, data[box.start : box.stop]) for box in boxes[1:] if box.kind != b"jumb"]
    children = [_parse(data, box.start, box.stop, depth + 1) for box in boxes[1:] if box.kind == b"jumb"]
    return SuperBox(kind, label, (*contents, *private), tuple(children))


def _describe(body: bytes) -> tuple[bytes, str, tuple[tuple[bytes, bytes], ...]]:
    """Return a description box's type, label and private boxes."""
    if len(body) <= _TYPE_BYTES:
        raise UndecodableAssetError(f"{NAME}: expected a description of more than 16 bytes, got {len(body)}")
    toggles, rest, label = body[_TYPE_BYTES], body[_TYPE_BYTES + 1 :], b""
    if toggles & _HAS_LABEL:
        label, _, rest = rest.partition(b"\0")
    rest = rest[(4 if toggles & _HAS_ID else 0) + (32 if toggles & _HAS_HASH else 0) :]
    found = read_boxes(rest, 0, len(rest), NAME) if toggles & _HAS_PRIVATE else ()
    private = tuple((box.kind, rest[box.start : box.stop]) for box in found)
    return body[:4], label.decode("utf-8", "replace"), private


def read_value(kind: bytes, content: bytes) -> Any:  # noqa: ANN401 - whatever the file says
    """Return what a ``cbor`` or ``json`` box holds, in Python's own types.

    Raises:
        UndecodableAssetError: neither, or damaged.
    """
    if kind == b"json":
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as exc:
            raise UndecodableAssetError(f"{NAME}: expected JSON, got something else") from exc
    if kind != b"cbor":
        raise UndecodableAssetError(f"{NAME}: expected CBOR or JSON, got a box of another kind")
    reader = _Cbor(content)
    value = reader.read(0)
    if reader.position != len(content):
        raise UndecodableAssetError(f"{NAME}: expected one CBOR value, got more after it")
    return value


@dataclass(slots=True)
class _Cbor:
    """Reads one value after the other; tags are passed over, their content is what counts."""

    data: bytes
    position: int = 0
    items: int = 0

    def take(self, size: int) -> bytes:
        piece = self.data[self.position : self.position + size]
        if len(piece) < size:
            raise UndecodableAssetError(f"{NAME}: expected {size} more bytes of CBOR, got {len(piece)}")
        self.position += size
        return piece

    def read(self, depth: int) -> Any:  # noqa: ANN401 - whatever the file says
        self.items += 1
        if depth > MAX_DEPTH or self.items > MAX_ITEMS:
            raise UndecodableAssetError(f"{NAME}: expected CBOR of at most {MAX_DEPTH} levels, got more")
        head = self.take(1)[0]
        major, minor = head >> 5, head & 31
        if major == 7:
            return self._read_simple(minor)
        count = self._read_count(minor)
        if major in {0, 1}:
            return self._whole(count) if major == 0 else -1 - self._whole(count)
        if major in {2, 3}:
            raw = self._read_string(count, depth)
            return raw if major == 2 else raw.decode("utf-8", "replace")
        if major == 4:
            return list(self._read_items(count, depth))
        if major == 5:
            return self._read_map(count, depth)
        return self.read(depth + 1)

    def _read_count(self, minor: int) -> int | None:
        """Return the number in an item's head; None for a length that is not said."""
        if minor < 24:
            return minor
        if minor == 31:
            return None
        if minor > 27:
            raise UndecodableAssetError(f"{NAME}: expected a CBOR length, got a reserved one")
        return int.from_bytes(self.take(1 << (minor - 24)), "big")

    def _whole(self, count: int | None) -> int:
        if count is None:
            raise UndecodableAssetError(f"{NAME}: expected a CBOR number, got one without end")
        return count

    def _read_string(self, count: int | None, depth: int) -> bytes:
        if count is not None:
            return self.take(count)
        parts = (part.encode() if isinstance(part, str) else part for part in self._read_items(None, depth))
        return b"".join(part for part in parts if isinstance(part, bytes))

    def _read_items(self, count: int | None, depth: int) -> Iterator[Any]:
        while count is None or count > 0:
            value = self.read(depth + 1)
            if value is _BREAK:
                if count is not None:
                    raise UndecodableAssetError(f"{NAME}: expected {count} more CBOR values, got their end")
                return
            yield value
            count = None if count is None else count - 1

    def _read_map(self, count: int | None, depth: int) -> dict[Any, Any]:
        flat = list(self._read_items(None if count is None else 2 * count, depth))
        if len(flat) % 2:
            raise UndecodableAssetError(f"{NAME}: expected a CBOR value for each key, got none for the last")
        keys = [key if isinstance(key, str | int | bytes) else repr(key) for key in flat[::2]]
        if len(set(keys)) != len(keys):
            raise UndecodableAssetError(f"{NAME}: expected each CBOR key once, got one twice")
        return dict(zip(keys, flat[1::2], strict=True))

    def _read_simple(self, minor: int) -> Any:  # noqa: ANN401 - whatever the file says
        if minor == 31:
            return _BREAK
        if minor < 24:
            return {20: False, 21: True}.get(minor)
        raw = self.take(1 << (minor - 24)) if minor <= 27 else b""
        if minor in {25, 26, 27}:
            number = float(struct.unpack({25: ">e", 26: ">f", 27: ">d"}[minor], raw)[0])
            return number if math.isfinite(number) else None
        return None
