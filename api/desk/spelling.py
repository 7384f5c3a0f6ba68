"""How values read on a page: times, sizes, numbers, and text that strangers wrote."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from policies.rules.decision import spell_score

if TYPE_CHECKING:
    from api.desk.language import Words

SHOWN: Final = 240
"""Of a stranger's text in a line, in characters."""
_MEBI: Final = 1 << 20
_UNITS: Final = (("days", 86_400), ("hours", 3600), ("minutes", 60))
_STANDS_FOR: Final = "\N{REPLACEMENT CHARACTER}"
_UNSEEN: Final = frozenset({"Cc", "Cs", "Co", "Cn"})
# Unicode TR9: whoever writes these turns the text around them.
_TURNS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text: str, limit: int = SHOWN) -> str:
    """Return a stranger's text as it can stand in a line: no control characters, nothing that turns it, bounded."""
    shown = "".join(
        _STANDS_FOR if char != "\n" and unicodedata.category(char) in _UNSEEN else char
        for char in _TURNS.sub(_STANDS_FOR, text[: limit + 1])
    )
    return shown if len(shown) <= limit else f"{shown[:limit]}…"


def spell_size(size_bytes: int) -> str:
    """Return a size as people read it, such as 1.4 MB; a limit in whole mebibytes as that, such as 64 MiB."""
    if size_bytes and size_bytes % _MEBI == 0:
        return f"{size_bytes // _MEBI} MiB"
    size = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def spell_number(value: float | None, digits: int = 3) -> str:
    """Return a count in full, or a score as `spell_score` does; nothing for None."""
    return f"{value:,}" if isinstance(value, int) else spell_score(value, digits)


def spell_span(words: "Words", seconds: float) -> str:
    """Return a length of time, such as 3 h, by its largest unit."""
    for unit, length in _UNITS:
        if seconds >= length:
            return words.count(f"time.{unit}", int(seconds // length))
    return words.count("time.seconds", max(0, int(seconds)))


def spell_ago(words: "Words", moment: str) -> str:
    """Return how long ago a time of ours (RFC 3339) was; a text that is no time stands as it is, cleaned."""
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return clean(moment, 40)
    seconds = (datetime.now(UTC) - parsed.replace(tzinfo=parsed.tzinfo or UTC)).total_seconds()
    return words.tell("time.now") if seconds < 5 else words.tell("time.ago", span=spell_span(words, seconds))
