"""Lists a page at a time: each goes on after the last one shown, so that what comes in meanwhile moves nothing.

A page is one range of a key's index, however many there are; nothing is counted or skipped over.
"""

import re
from typing import Final

from api.console import CommandUsageError

PAGE: Final = 50
"""How many are listed where nobody says."""


def verify_after(after: str, pattern: str, what: str) -> None:
    """Check where a list is to go on; it need not be there any more.

    Raises:
        CommandUsageError: it is none of the list's keys.
    """
    if after and not re.fullmatch(pattern, after):
        raise CommandUsageError(f"expected --after {what}, as the page before named it, got {after[:40]!r}")
