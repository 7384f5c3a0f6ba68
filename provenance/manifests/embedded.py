"""The pictures inside a manifest that came in: thumbnails of it and of its ingredients, and what it embeds as data.

A thumbnail is shown by whoever shows the manifest, so it is a picture like any other; the gate looks at all of them,
although none ships.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from provenance.errors import AssetError
from provenance.manifests.jumbf import SuperBox, parse_store, read_value
from provenance.manifests.validation import read_store
from provenance.media.limits import IntakeLimits
from provenance.media.media import Media
from provenance.media.medium import Claims, Content
from provenance.media.view import View
from provenance.storage.blob import Blob, as_blob

MAX_FILES: Final = 16

# A thumbnail has 1024 px at its longest side by C2PA 2.4 s18.13's advice; what is much larger is none.
LIMITS: Final = IntakeLimits(max_bytes=8 << 20, max_pixels=16_000_000)

_MARK: Final = b"jumb"


def show_embedded(media: Media, unverified_file: Blob | bytes, media_type: str) -> tuple[View, ...]:
    """Return what a file's manifests show, the first `MAX_FILES` files in them; what is of no medium is passed over."""
    if as_blob(unverified_file).octets().find(_MARK) < 0:
        return ()
    try:
        root = parse_store(read_store(unverified_file, media_type))
    except AssetError:
        return ()
    found: list[Content] = []
    for data in _find_data(root):
        if len(found) == MAX_FILES:
            break
        with suppress(AssetError):
            found.append(media.take(as_blob(data), Claims(), LIMITS))
    return tuple(view for content in found for view in content.views())


def _find_data(box: SuperBox) -> Iterator[bytes]:
    """Yield what may be a file: embedded files, and byte strings at the top of an assertion or data box."""
    for kind, content in box.contents:
        if kind == b"bidb":
            yield content
        elif kind == b"cbor":
            try:
                value = read_value(kind, content)
            except AssetError:
                continue
            yield from (
                item for item in (value.values() if isinstance(value, Mapping) else ()) if isinstance(item, bytes)
            )
    for child in box.children:
        yield from _find_data(child)
