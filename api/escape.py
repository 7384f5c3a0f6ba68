"""Names and texts of strangers on their way out: to a terminal, into JSON, into a command that somebody will paste.

Which characters are unsafe to show is one rule, `provenance.text`; this module only spells them as each place asks.
"""

import json
import shlex
from typing import Any

from provenance.text import escape_as_json, is_safe, respell, show

__all__ = ["build_json", "escape_json", "quote_file", "quote_word", "show", "spell_command"]


def build_json(document: Any, *, ascii_only: bool = False) -> str:  # noqa: ANN401 - whatever JSON can say
    """Return `document` as JSON that is safe on a terminal and still the same value to whoever parses it."""
    return escape_json(json.dumps(document, ensure_ascii=ascii_only, indent=2, default=str))


def escape_json(text: str) -> str:
    """Return a JSON text with each unsafe character as a JSON escape; such a character stands inside strings only."""
    return "\n".join(respell(line, escape_as_json) for line in text.split("\n"))


def spell_command(*words: str) -> str:
    """Return a command line that does what it says when it is pasted into a shell, whatever the words are."""
    return " ".join(map(quote_word, words))


def quote_file(path: str) -> str:
    """Return a file's name as one word of a command; one that begins with a dash is not taken for an option."""
    return quote_word(f"./{path}" if path.startswith("-") and path != "-" else path)


def quote_word(text: str) -> str:
    """Return `text` as one word of a POSIX shell; what is unsafe to show is spelled as ``$'...'`` spells bytes.

    The spelling with ``$'...'`` is POSIX.1-2024, which bash, zsh, ksh and busybox had before.
    """
    if is_safe(text):
        return shlex.quote(text)
    kept = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + respell(kept, _shell_escape) + "'"


def _shell_escape(char: str) -> str:
    # POSIX.1-2024 XCU 2.2.4: three octal digits a byte, as many whatever follows
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))
