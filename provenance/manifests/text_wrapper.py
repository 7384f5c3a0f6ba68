"""A C2PA manifest store inside a text: spelled in variation selectors at its end, found again, and bound to the text.

`C2PATextManifestWrapper`: a mark of no width, then in variation selectors a magic, a version, the length of the store,
the store, and padding to a length that is known before the store is: the binding inside the store names the bytes that
it leaves out, which are the wrapper's own. The hash is over the UTF-8 of the text in normal form C without those.
c2pa-rs 0.91 reads no text, so it cannot say whether the binding holds; this module does.
Source: C2PA 2.4 A.8; the padded length as in c2pa-text 3.0.0, its reference implementation, whose wrappers are the
vectors of the tests.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from provenance.errors import AssetError
from provenance.manifests.jumbf import SuperBox, parse_store, read_value

MAGIC: Final = b"C2PATXT\0"
VERSION: Final = 1
HEAD_BYTES: Final = len(MAGIC) + 1 + 4
"""Magic, version, length of the store in big-endian order."""
MARK: Final = "\ufeff"
HASH_LABEL: Final = "c2pa.hash.data"

_LOWEST, _HIGHER, _LOW_COUNT = 0xFE00, 0xE0100, 16
_RUN: Final = re.compile("\ufeff([\ufe00-\ufe0f\U000e0100-\U000e01ef]+)")
_MARK_BYTES: Final = 3
_LOW_BYTES, _HIGH_BYTES = 3, 4
# Whatever is left between the shortest spelling and this is 3a + 4b for some a and b: 1, 2 and 5 cannot be left.
_MARGIN: Final = 6
_ALGORITHMS: Final = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


class Binding(StrEnum):
    """Whether a text is the one that a manifest was made for; the values are C2PA's status codes."""

    MATCH = "assertion.dataHash.match"
    MISMATCH = "assertion.dataHash.mismatch"
    MALFORMED = "assertion.dataHash.malformed"
    MISSING = "claim.hardBindings.missing"
    CORRUPTED = "manifest.text.corruptedWrapper"
    MULTIPLE = "manifest.text.multipleWrappers"


@dataclass(frozen=True, slots=True)
class Wrapper:
    """One wrapper in a text.

    Attributes:
        store: the manifest store, b"" where it is damaged.
        start, length: in bytes of the UTF-8 of the text in normal form C, its mark among them.
    """

    store: bytes
    start: int
    length: int


def spell_bytes(data: bytes) -> str:
    """Return bytes as variation selectors, one each."""
    return "".join(chr(_LOWEST + byte if byte < _LOW_COUNT else _HIGHER + byte - _LOW_COUNT) for byte in data)


def read_bytes(run: str) -> bytes:
    """Return the bytes that a run of variation selectors spells."""
    return bytes(ord(char) - _LOWEST if ord(char) < _HIGHER else ord(char) - _HIGHER + _LOW_COUNT for char in run)


def measure_wrapper(store_bytes: int) -> int:
    """Return how many bytes of UTF-8 the wrapper of a store of this length takes, whatever is in the store."""
    return _MARK_BYTES + (HEAD_BYTES + store_bytes) * _HIGH_BYTES + _MARGIN


def build_wrapper(store: bytes) -> str:
    """Return the wrapper of a manifest store, padded to `measure_wrapper` of its length."""
    head = MAGIC + bytes((VERSION,)) + len(store).to_bytes(4)
    spelled = MARK + spell_bytes(head + store)
    left = measure_wrapper(len(store)) - len(spelled.encode())
    high = next(count for count in range(left // _HIGH_BYTES, -1, -1) if (left - _HIGH_BYTES * count) % _LOW_BYTES == 0)
    low = (left - _HIGH_BYTES * high) // _LOW_BYTES
    return spelled + spell_bytes(b"\0" * low + b"\xff" * high)


def build_binding(text: str, store_bytes: int) -> dict[str, Any]:
    """Return the content of the assertion that binds a store of a length to a text whose wrapper stands at its end.

    Args:
        text: in normal form C, without a wrapper.
        store_bytes: length of the store that the assertion will be in.
    """
    data = text.encode()
    return {
        "exclusions": [{"start": len(data), "length": measure_wrapper(store_bytes)}],
        "alg": "sha256",
        "hash": list(hashlib.sha256(data).digest()),
        "pad": [],
        "name": "C2PA text manifest",
    }


def find_wrappers(text: str) -> Iterator[Wrapper]:
    """Yield what begins as a wrapper does, in its order; one that is damaged comes without a store."""
    normal = text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
    start, counted = 0, 0
    for found in _RUN.finditer(normal):
        block = read_bytes(found[1])
        if not block.startswith(MAGIC):
            continue
        start += len(normal[counted : found.start()].encode())  # from one to the next: a text may hold thousands
        counted = found.start()
        size = int.from_bytes(block[len(MAGIC) + 1 : HEAD_BYTES])
        is_sound = len(block) >= HEAD_BYTES + size and block[len(MAGIC)] == VERSION and size > 0
        yield Wrapper(block[HEAD_BYTES : HEAD_BYTES + size] if is_sound else b"", start, len(found[0].encode()))


def remove_wrappers(text: str) -> str:
    """Return a text without what begins as a wrapper does; everything else stays as it is."""
    return _RUN.sub(lambda found: "" if read_bytes(found[1][: len(MAGIC)]) == MAGIC else found[0], text)


def judge_text(text: str) -> tuple[bytes | None, Binding]:
    """Return the store that a text carries, and whether the text is the one that it was made for; None for no store."""
    wrappers = list(find_wrappers(text))
    stores = [one for one in wrappers if one.store]
    if not stores:
        return None, Binding.CORRUPTED if wrappers else Binding.MISSING
    if len(stores) > 1:
        return stores[0].store, Binding.MULTIPLE
    return stores[0].store, judge_binding(text, stores[0])


def judge_binding(text: str, wrapper: Wrapper) -> Binding:
    """Return whether the active manifest of a wrapper is bound to the text around it."""
    binding = _find_binding(wrapper.store)
    if binding is None:
        return Binding.MISSING
    exclusions, expected = binding.get("exclusions"), binding.get("hash")
    algorithm = _ALGORITHMS.get(str(binding.get("alg", "sha256")))
    if algorithm is None or not isinstance(expected, bytes) or not isinstance(exclusions, list) or len(exclusions) != 1:
        return Binding.MALFORMED
    (left_out,) = exclusions
    if not isinstance(left_out, Mapping) or (left_out.get("start"), left_out.get("length")) != (
        wrapper.start,
        wrapper.length,
    ):
        return Binding.MISMATCH
    data = unicodedata.normalize("NFC", text).encode()
    digest = algorithm(data[: wrapper.start] + data[wrapper.start + wrapper.length :]).digest()
    return Binding.MATCH if digest == expected else Binding.MISMATCH


def _find_binding(store: bytes) -> Mapping[str, Any] | None:
    """Return the data hash of the active manifest of a store, which is its last one (C2PA 2.4 s11.1.4.2)."""
    try:
        root = parse_store(store)
        manifests = [box for box in root.children if box.label]
        found = next(_find_boxes(manifests[-1], HASH_LABEL), None) if manifests else None
        value = None if found is None else read_value(*found.contents[0])
    except (AssetError, IndexError):
        return None
    return value if isinstance(value, Mapping) else None


def _find_boxes(box: SuperBox, label: str) -> Iterator[SuperBox]:
    for child in box.children:
        if child.label == label and child.contents:
            yield child
        yield from _find_boxes(child, label)
