"""Bytes to text, within bounds: UTF-8 alone, no controls, no characters that stand for nothing."""

import re
from typing import Final

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.limits import IntakeLimits
from provenance.media.text.kind import BOMS
from provenance.storage.blob import Blob

MOST_BYTES: Final = 4 << 20
"""Length of a text: four long novels. What is longer is handed in by chapters."""

_CONTROL: Final = re.compile("[\0-\x08\x0e-\x1f\x7f]")
_LINE_END: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_VISIBLE: Final = re.compile(r"\w")


def decode_text(file: Blob, limits: IntakeLimits, *, most_bytes: int = MOST_BYTES) -> str:
    r"""Return the text of a file with ``\n`` as its line end and without a byte-order mark.

    Raises:
        AssetTooLargeError: it is longer than a text may be.
        UndecodableAssetError: it is no UTF-8, or holds control characters.
    """
    most = min(limits.max_bytes, most_bytes)
    if file.size_bytes > most:
        raise AssetTooLargeError(f"expected a text of at most {most} bytes, got {file.size_bytes}: hand it in by parts")
    data = file.read()
    if data.startswith(BOMS):
        raise UndecodableAssetError("expected UTF-8, got UTF-16: save it as UTF-8")
    try:
        text = data.decode()
    except UnicodeDecodeError as exc:
        raise UndecodableAssetError(
            f"expected UTF-8, got a byte that is none at place {exc.start}: save it as UTF-8"
        ) from exc
    found = _CONTROL.search(text)
    if found:
        raise UndecodableAssetError(f"expected a text, got control character {ord(found[0]):#04x} at {found.start()}")
    return _LINE_END.sub("\n", text.removeprefix("\ufeff"))


def require_words(text: str) -> None:
    """Refuse a text that shows nothing.

    Raises:
        UndecodableAssetError: it has no letter and no digit.
    """
    if not _VISIBLE.search(text):
        raise UndecodableAssetError("expected a text with words, got nothing that can be read")
