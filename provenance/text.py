"""Texts of strangers, made safe to show: the one rule for which characters a person may be shown as they are.

What moves a cursor, turns the direction of a line, cannot be seen or has no meaning yet is spelled out; letters, signs
and spaces of every script stay. An invisible character stays where its script needs it: a joiner inside an emoji or
between Indic or Arabic letters, a variation selector after the character that it varies, the tags of a flag.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

JOINERS: Final = "\u200c\u200d"

# Unicode 16, general categories: controls, format and direction marks, surrogates, private use, unassigned, separators
# of lines and paragraphs.
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Unicode 16, DerivedCoreProperties, Default_Ignorable_Code_Point: those that are letters or marks by category.
_IGNORABLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_VARIATION: Final = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Unicode 16, blocks Arabic to Vedic, Syloti Nagri to Meetei Mayek, Brahmi to Gunjala Gondi: scripts whose letters join.
_JOINING: Final = re.compile("[\u0600-\u1cff\ua800-\uabff\U00011000-\U00011fff]")
# Unicode 16, UTS #51: what may stand between an emoji and its joiner, the emoji style and the tones of skin.
_EMOJI_PART: Final = re.compile("[\ufe0f\U0001f3fb-\U0001f3ff]")


def _tag(region: str) -> str:
    return "".join(chr(0xE0000 + ord(letter)) for letter in region)


# Unicode emoji 16, RGI_Emoji_Tag_Sequence: the flags of England, Scotland and Wales. Other tags say what nobody sees.
FLAG: Final = re.compile(f"\U0001f3f4(?:{'|'.join(map(_tag, ('gbeng', 'gbsct', 'gbwls')))})\U000e007f")
"""A flag that is spelled with tags, which nobody sees, behind a black one."""


def show(text: str) -> str:
    """Return `text` on one line, fit for a terminal: what is unsafe is spelled as Python spells it."""
    return respell(text, _spell)


def respell(text: str, spell: Callable[[str], str]) -> str:
    """Return `text` with ``spell(char)`` in place of each character that is unsafe to show where it stands."""
    if text.isprintable() and not _IGNORABLE.search(text):
        return text
    flags = {at for found in FLAG.finditer(text) for at in range(*found.span())}
    return "".join(spell(char) if at not in flags and _is_unsafe(text, at) else char for at, char in enumerate(text))


def escape_as_json(char: str) -> str:
    """Return one character as JSON escapes it; it has to stand in a string there."""
    # RFC 8259 s7: UTF-16, so two escapes beyond the basic plane
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def is_safe(text: str) -> bool:
    """Say whether `text` may be shown as it is, on one line."""
    return respell(text, lambda _: "\0").count("\0") == 0


def _is_unsafe(text: str, at: int) -> bool:
    char = text[at]
    if char.isascii():
        return not char.isprintable()
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if char in JOINERS:
        return not (_takes_joiner(before) and _takes_joiner(after))
    if _VARIATION.match(char):
        return not before or before.isspace() or bool(_IGNORABLE.match(before)) or not before.isprintable()
    return unicodedata.category(char) in _UNSAFE or bool(_IGNORABLE.match(char))


def _takes_joiner(char: str) -> bool:
    """Say whether a joiner has something to do beside `char`: emoji, their selectors, letters that join."""
    if not char:
        return False
    category = unicodedata.category(char)
    return category == "So" or bool(_EMOJI_PART.match(char)) or (bool(_JOINING.match(char)) and category[0] in "LM")


def _spell(char: str) -> str:
    r"""Return ``\x1b`` for ASCII and for a byte that is no text, else ``\u202e`` or ``\U000e0041``."""
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:  # PEP 383: how Python keeps a byte of a file name that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
