"""A released text as events, piece by piece: what a chat shows in the place of what it showed while it was written.

Pieces end where sentences do, and together are the released file, character by character: its marks hang on letters, so
that nothing is lost where a client shows, joins or stores them.
"""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from policies.line.released import find_released, load_released

if TYPE_CHECKING:
    from starlette.requests import Request

    from policies.line.deployment import Deployment
    from provenance.asset import AssetId

EVENTS: Final = "text/event-stream"
LONGEST: Final = 400
"""Characters of a piece that has no end of a sentence in it."""
_PIECE: Final = re.compile(
    rf"(?s).{{1,{LONGEST}}}?(?:[.!?\u2026]+[\"'\u201d\u2019)\]]*(?=\s)|[\u3002\uff01\uff1f]+|\n+)|.{{1,{LONGEST}}}"
)


def wants_events(request: "Request") -> bool:
    """Return whether who asks wants to be answered by events, and not by one document."""
    accepted = [one.partition(";")[0].strip().lower() for one in request.headers.get("accept", "").split(",")]
    return EVENTS in accepted


def cut_text(text: str) -> list[str]:
    """Return a text in pieces; joined they are it."""
    return _PIECE.findall(text)


def build_event(name: str, document: object) -> str:
    """Return a server-sent event."""
    return f"event: {name}\ndata: {json.dumps(document, ensure_ascii=True)}\n\n"


def tell_text(here: "Deployment", asset_id: "AssetId") -> Iterator[str]:
    """Yield a released text as events called `text`; nothing for what is no text, or none that is UTF-8."""
    with here.database.read() as connection:
        released = find_released(connection, asset_id, tenant=here.tenant)
    if not released.media_type.value.startswith("text/"):
        return
    try:
        text = load_released(here.blobs.public, released).read().decode()
    except UnicodeDecodeError:
        return
    for piece in cut_text(text):
        yield build_event("text", {"text": piece})
