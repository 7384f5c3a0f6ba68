"""Regular expressions of conditions: those of RE2, which takes time in proportion to text and pattern."""

from functools import lru_cache
from typing import Any, Final

import re2

# Of a compiled pattern; RE2 refuses what does not fit.
_PATTERN_BYTES: Final = 1 << 20


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Any:  # noqa: ANN401 - the library has no types
    """Return a compiled pattern.

    Raises:
        ValueError: it is none, or takes more than a mebibyte.
    """
    options = re2.Options()
    options.max_mem, options.log_errors = _PATTERN_BYTES, False
    try:
        return re2.compile(pattern, options)
    except re2.error as exc:
        reason = exc.args[0] if exc.args else "no pattern"
        raise ValueError(reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)) from exc


def measure_pattern(pattern: str) -> int:
    """Return how many instructions a pattern is; where RE2 has no room for states, each sign takes a step in each.

    Raises:
        ValueError: it is no pattern.
    """
    return int(compile_pattern(pattern).programsize)
