"""Which assets only some moderators see."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

SENSITIVE: Final = ("*sexual*", "*minors*", "*gore*")
"""Categories, or ids of rules, of what lies in the sensitive queue, as the setting has it by default."""


def is_sensitive(words: Iterable[str], patterns: Iterable[str]) -> bool:
    """Return whether one of the categories or rules fits one of the patterns."""
    patterns = tuple(patterns)
    return any(fnmatchcase(word, pattern) for word in words for pattern in patterns)
