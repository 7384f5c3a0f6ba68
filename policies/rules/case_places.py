"""Where in a JSON text a value stands, for those who have to mend it."""

import json
import re
from collections.abc import Sequence
from typing import Final

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()


def find_in_json(document: str, path: Sequence[str | int]) -> tuple[int, int]:
    """Return line and column, from 1, of the value at `path`; of what would have held it, where it is not there.

    Args:
        document: a JSON text that parses.
        path: keys and indexes, from the top.
    """
    at = _skip(document, 0)
    for step in path:
        found = _find_item(document, at, step) if isinstance(step, int) else _find_field(document, at, step)
        if found is None:
            break
        at = found
    return document.count("\n", 0, at) + 1, at - document.rfind("\n", 0, at)


def _find_item(document: str, at: int, index: int) -> int | None:
    if document[at] != "[":
        return None
    at = _skip(document, at + 1)
    for _ in range(index):
        if document[at] == "]":
            return None
        at = _after_value(document, at)
    return None if document[at] == "]" else at


def _find_field(document: str, at: int, key: str) -> int | None:
    """Return where the last field of that name has its value: of a name that is there twice, parsers take the last."""
    if document[at] != "{":
        return None
    found = None
    at = _skip(document, at + 1)
    while document[at] != "}":
        name, at = _DECODER.raw_decode(document, at)
        at = _skip(document, _skip(document, at) + 1)
        if name == key:
            found = at
        at = _after_value(document, at)
    return found


def _after_value(document: str, at: int) -> int:
    """Return where the next value or field begins, or the bracket that ends them."""
    end = _skip(document, _DECODER.raw_decode(document, at)[1])
    return _skip(document, end + 1) if document[end] == "," else end


def _skip(document: str, at: int) -> int:
    found = _SPACE.match(document, at)
    assert found is not None
    return found.end()
