"""Which files are PDF, by their first bytes, and what their names and declared types may claim."""

import mimetypes
import re
from pathlib import PurePath
from typing import Final

from provenance.asset import MediaType
from provenance.errors import MislabelledAssetError

PDF: Final = MediaType.add("application/pdf", extension=".pdf")

# ISO 32000-2 s7.5.2; a header that lies further down is another program's file first.
_HEADER: Final = re.compile(rb"%PDF-[12]\.\d")
_NO_CLAIM: Final = frozenset({"", "application/octet-stream", "binary/octet-stream", "*/*"})
_ALIASES: Final = frozenset({PDF.value, "application/x-pdf"})
_EXTENSIONS: Final = frozenset({"", ".bin", ".pdf"})
# Built-in table only: the system's own files differ from machine to machine.
_OTHERS: Final = mimetypes.MimeTypes(filenames=()).types_map[True]


def sniff_pdf(head: bytes) -> MediaType | None:
    """Return the type of a file that begins as PDF does; None for any other."""
    return PDF if _HEADER.match(head) else None


def check_claims(*, declared_name: str, declared_type: str) -> None:
    """Hold a PDF against what its name and declared type say.

    Raises:
        MislabelledAssetError: they say something else.
    """
    stated = declared_type.partition(";")[0].strip().lower()
    if stated not in _NO_CLAIM | _ALIASES:
        raise MislabelledAssetError(f"declared type: expected another type as declared, got {PDF} by content")
    suffix = PurePath(declared_name.replace("\\", "/").replace("\0", "")).suffix.lower()
    if suffix not in _EXTENSIONS and suffix in _OTHERS:
        raise MislabelledAssetError(f"file name: expected {_OTHERS[suffix]} by its extension, got {PDF} by content")
