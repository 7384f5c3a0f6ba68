"""Which files are text, by their first bytes, and what their names and declared types may claim.

Markdown has no sign of its own: a text is Markdown where its name or declared type says so, or where it looks like it.
"""

import re
from pathlib import PurePath
from typing import Final

from provenance.asset import MediaType
from provenance.errors import MislabelledAssetError

PLAIN: Final = MediaType.add("text/plain", extension=".txt")
MARKDOWN: Final = MediaType.add("text/markdown", extension=".md")
HTML: Final = MediaType.add("text/html", extension=".html")
SRT: Final = MediaType.add("application/x-subrip", extension=".srt")
VTT: Final = MediaType.add("text/vtt", extension=".vtt")
# Registered nowhere; both spellings are met.
ASS: Final = MediaType.add("text/x-ass", extension=".ass")
TYPES: Final = (PLAIN, MARKDOWN, HTML, SRT, VTT, ASS)

BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
"""Of UTF-16, which is told by its name where it is refused."""

_NO_CLAIM: Final = frozenset({"", "application/octet-stream", "binary/octet-stream", "text/*", "*/*"})
_ALIASES: Final = {
    **{str(kind): kind for kind in TYPES},
    "text/x-markdown": MARKDOWN,
    "application/xhtml+xml": HTML,
    "text/srt": SRT,
    "application/srt": SRT,
    "text/x-ssa": ASS,
}
_EXTENSIONS: Final = {
    ".txt": PLAIN,
    ".text": PLAIN,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".html": HTML,
    ".htm": HTML,
    ".srt": SRT,
    ".vtt": VTT,
    ".ass": ASS,
    ".ssa": ASS,
}
# What is written in letters and is another kind of thing: documents of other programs, scripts, markup.
_OTHERS: Final = (b"%PDF-", b"%!PS", b"#!", b"{\\rtf", b"<?", b"<svg", b"<SVG", b"#lines\n", b"-----BEGIN ")
_CONTROLS: Final = bytes((*range(9), 11, *range(14, 32), 127))
# A file that is no UTF-8 is told so only where it may well be a text: so long at least.
_LEAST_UNREADABLE: Final = 32
_HTML: Final = re.compile(
    r"(?:<!--.{0,2048}?-->\s*)*<(?:!doctype\s+html|(?:html|head|body|meta|title|article|section|main|div|p|h[1-6]|ul|ol"
    r"|table|span|blockquote)(?=[\s>/]))",
    re.IGNORECASE | re.DOTALL,
)
_VTT: Final = re.compile(r"WEBVTT(?=[ \t\n]|\Z)")
_ASS: Final = re.compile(r"(?:;.{0,2048}\n|\s)*\[Script Info\][ \t]*(?:\n|\Z)", re.IGNORECASE)
_SRT: Final = re.compile(r"\d{1,6}[ \t]*\n\d{1,3}:\d\d:\d\d[,.]\d{1,3}[ \t]*-->[ \t]*\d{1,3}:\d\d:\d\d[,.]\d{1,3}")
_MARKDOWN: Final = re.compile(
    r"^(?:#{1,6} \S|```|---\n(?:[ \t]*[\w-]+:.*\n)+---$|\s{0,3}[-*] \[[ x]\] |\|(?: ?:?-+:? ?\|){2,})",
    re.MULTILINE,
)
_BOM: Final = "\ufeff"


def sniff_text(head: bytes) -> MediaType | None:
    """Return the type of a file by its first bytes; None where it is no text, or another program's document."""
    if head.startswith(BOMS):
        return PLAIN  # taking it says that it is UTF-16
    if not head.strip() or head.startswith(_OTHERS) or len(head.translate(None, _CONTROLS)) != len(head):
        return None
    try:
        text = head.decode()
    except UnicodeDecodeError as exc:
        if exc.start < max(1, len(head) - 3):  # 4,096 bytes may end within a character, which has 4 at most
            return PLAIN if len(head) >= _LEAST_UNREADABLE and _reads_mostly(head) else None
        text = head[: exc.start].decode()
    return find_kind(text)


def _reads_mostly(head: bytes) -> bool:
    """Say whether bytes are likely a text in another encoding: half of them are letters, spaces and line ends."""
    plain = sum(byte in b" \r\n\t,." or chr(byte).isalnum() for byte in head if byte < 0x80)
    high = sum(byte >= 0xA1 for byte in head)
    return plain + high > 0.9 * len(head) and high < 0xF0 * len(head)


def find_kind(text: str) -> MediaType:
    """Return the type of a text by how it begins."""
    start = text.removeprefix(_BOM).replace("\r\n", "\n").lstrip("\n ")
    if _VTT.match(start):
        return VTT
    if _SRT.match(start):
        return SRT
    if _ASS.match(start):
        return ASS
    if _HTML.match(start):
        return HTML
    return MARKDOWN if _MARKDOWN.search(start) else PLAIN


def choose_kind(found: MediaType, *, declared_name: str, declared_type: str) -> MediaType:
    """Return the type that a file is taken as: what it was found to be, or the kind of plain text that it is called.

    Raises:
        MislabelledAssetError: its name or declared type claims what it is not.
    """
    stated = declared_type.partition(";")[0].strip().lower()
    suffix = PurePath(declared_name.replace("\\", "/").replace("\0", "")).suffix.lower()
    claims = [] if stated in _NO_CLAIM else [("declared type", _ALIASES.get(stated))]
    claims += [("file name", _EXTENSIONS[suffix])] if suffix in _EXTENSIONS else []
    chosen = found
    for what, claimed in claims:
        if claimed is None:
            raise MislabelledAssetError(f"{what}: expected {found} as it is by content, got a type that is no text")
        if claimed != found and not {claimed, found} <= {PLAIN, MARKDOWN}:
            raise MislabelledAssetError(f"{what}: expected {claimed} as claimed, got {found} by content")
        chosen = claimed
    return chosen
