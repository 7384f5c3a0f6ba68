"""What must not stand in a message or a log: passwords, keys and tokens that came in with a URL or a foreign error.

Foreign libraries quote what they were given. Whatever of it is shown to a person or written to a log goes through
`redact` first.
"""

import os
import re
from typing import Final

HIDDEN: Final = "***"

# RFC 3986: scheme, then what may stand up to the end of a URL in running text.
_URL: Final = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*)://([^\s'\"<>`]*)")
_ASSIGNED: Final = re.compile(
    r"\b([\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|credential"
    r"|signature|private[_-]?key|authorization)[\w.-]*)"
    r"(\"?\s*[=:]\s*)"
    r"(\"[^\"]*\"|'[^']*'|(?:Bearer |Basic )?[^\s,;&)}]+)",
    re.IGNORECASE,
)
# AWS: "access key IDs begin with AKIA or ASIA".
_ACCESS_KEY: Final = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b")
_VARIABLE: Final = re.compile(r"(?i)pass(?:word|wd|phrase)|secret|token|credential|(?:access|account|api|private)_?key")
# An API key of ours says what it is; its first part may be shown. What stands in the path of a link lets somebody in.
_OUR_KEY: Final = re.compile(r"\b(chopmark_[a-z0-9]{8}_)[A-Za-z0-9_-]{20,}")
_OUR_LINK: Final = re.compile(r"(/sign-in/link/)[A-Za-z0-9_-]{8,}")
# Shorter values would be found in words that mean something else.
_LEAST_VALUE: Final = 6


def redact(text: str) -> str:
    """Return `text` without user names, passwords and queries of URLs, and without secrets that can be known for such.

    Limits: a secret that stands alone, and is in no variable whose name says so, cannot be known for one.
    """
    for name, value in os.environ.items():
        if len(value) >= _LEAST_VALUE and _VARIABLE.search(name) and os.sep not in value:
            text = text.replace(value, HIDDEN)
    text = _URL.sub(lambda found: f"{found[1]}://{_redact_rest(found[2])}", text)
    text = _ASSIGNED.sub(rf"\1\2{HIDDEN}", text)
    for ours in (_OUR_KEY, _OUR_LINK):
        text = ours.sub(rf"\1{HIDDEN}", text)
    return _ACCESS_KEY.sub(HIDDEN, text)


def _redact_rest(rest: str) -> str:
    """Hide who asks and what is asked in what follows the scheme; the host, the port and the path stay."""
    address, question, _ = rest.partition("?")
    address, hash_sign, _ = address.partition("#")
    authority, slash, path = address.partition("/")
    if "@" in path and ":" in authority and "@" not in authority:  # a password with a slash in it
        authority, slash, path = f"{HIDDEN}@{address.rpartition('@')[2]}", "", ""
    elif "@" in authority:
        authority = f"{HIDDEN}@{authority.rpartition('@')[2]}"
    tail = f"?{HIDDEN}" if question else f"#{HIDDEN}" if hash_sign else ""
    return f"{authority}{slash}{path}{tail}"
