"""Where a list goes on: opaque to whoever asks, the key of the last item shown to us.

Lists are read from an index range on, so that what comes in meanwhile moves nothing, however long they are.
"""

import base64
import binascii
import re
from typing import Annotated, Any, Final

from fastapi import Query

from api.refusals import InvalidRequestError

MOST: Final = 200
USUAL: Final = 50

Limit = Annotated[int, Query(ge=1, le=MOST, description="how many at most")]
"""Parameter of a list: how many."""
Cursor = Annotated[str, Query(max_length=400, description="`next` of the page before")]
"""Parameter of a list: where it goes on."""

# Of every key that lists are sorted by: ids, numbers, names, moments
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


def build_cursor(key: str) -> str:
    """Return the cursor that goes on after `key`."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def parse_cursor(unverified: str) -> str:
    """Return the key after which a list goes on, "" for its beginning.

    Raises:
        InvalidRequestError: it is none of our cursors.
    """
    if not unverified:
        return ""
    try:
        key = base64.b64decode(unverified + "=" * (-len(unverified) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as exc:
        raise _build_refusal() from exc
    if not _KEY.fullmatch(key):
        raise _build_refusal()
    return key


def build_page(items: list[Any], keys: list[str], *, most: int) -> dict[str, Any]:
    """Return one page of a list of which up to `most` + 1 items were read: the items, and `next` where there are more.

    Args:
        items: as they are shown.
        keys: of each item, that the list is sorted by.
        most: how many are shown.
    """
    more = len(items) > most
    return {"items": items[:most], "next": build_cursor(keys[most - 1]) if more else None}


def _build_refusal() -> InvalidRequestError:
    told = "expected a cursor as the page before gave it in next, got another"
    return InvalidRequestError(told, [{"field": "cursor", "detail": told}])
