"""Replies that are still being written: which of one may be shown already.

Whoever writes one asks with all of it that there is so far, and gets the next sentences that may be shown, with a token
over what was shown by then: what was shown cannot be changed behind the gate's back, and no server has to remember it.
"""

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Body, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.access.guard import PERMISSION, require
from api.access.identity import Actor, Permission
from api.errors import describe_problems
from api.refusals import InvalidRequestError
from api.service import Service, find_service

if TYPE_CHECKING:
    from policies.line.deployment import Deployment

MOST_CHARACTERS: Final = 200_000
"""Of a reply: what is longer is handed in when it is whole, and shown then."""
_CONTEXT: Final = "chopmark passage v1"

Submitter = Annotated[Actor, require(Permission.RELEASE)]


class Written(BaseModel):
    """A text as far as it is written."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MOST_CHARACTERS, description="from its first character on")
    shown: int = Field(default=0, ge=0, description="`shown` of the answer before")
    token: str = Field(default="", max_length=100, description="`token` of the answer before")
    whole: bool = Field(default=False, description="no more will come")
    packs: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        default=[], max_length=20, description="more policy packs that decide, beside the site's own, which always do"
    )


def build_router() -> APIRouter:
    """Build the route."""
    router = APIRouter(tags=["releases"])
    router.add_api_route(
        "/v1/passages", show_next, methods=["POST"],
        responses=describe_problems(401, 403, 408, 413, 415, 422, 500, 503),
        openapi_extra={PERMISSION: Permission.RELEASE},
    )  # fmt: skip
    return router


async def show_next(request: Request, actor: Submitter, written: Annotated[Written, Body()]) -> dict[str, Any]:
    """Return what of a reply may be shown now; nothing is, before it was screened.

    `passage` is the next whole sentences. Once `withheld` is true nothing behind it may be shown: hand the text in to
    `POST /v1/releases`, where a person decides. What is shown here is no release: the whole text is handed in at its
    end, and the file that comes back carries the marks.
    """
    service = find_service(request)
    return await run_in_threadpool(screen, service, actor, written)


def screen(service: Service, actor: Actor, written: Written) -> dict[str, Any]:
    """Screen what is new of a reply.

    Raises:
        InvalidRequestError: it is not the one that was screened before, or an unknown pack is named.
    """
    from policies.line.passages import screen_passage

    here = service.deployment(actor)
    unknown = [name for name in written.packs if name not in here.packs]
    if unknown:
        told = f"expected packs out of {', '.join(sorted(here.packs))}, got {unknown[0]!r}"
        raise InvalidRequestError(told, [{"field": "packs", "detail": told}])
    _verify(service, actor, written)
    packs = tuple(dict.fromkeys((*here.deciding, *written.packs))) if written.packs else ()
    try:
        found = screen_passage(here, written.text, written.shown, packs=packs, is_whole=written.whole)
    except UnicodeError as exc:
        raise _refuse("text", "expected text, got half of a surrogate pair") from exc
    return {
        "passage": found.text,
        "shown": found.upto,
        "token": _sign(service, actor, written.text[: found.upto]),
        "withheld": bool(found.reasons),
        "label": _find_label(here, packs),
        "reasons": [
            {"pack": one.pack, "rule": one.rule, "outcome": one.outcome.value, "clause": one.clause, "text": one.text}
            for one in found.reasons
        ],
    }


def _verify(service: Service, actor: Actor, written: Written) -> None:
    """Check that what was shown is still what it was."""
    if written.shown == 0:
        return
    expected = _sign(service, actor, written.text[: written.shown])
    if written.shown > len(written.text) or not hmac.compare_digest(expected.encode(), written.token.encode()):
        raise _refuse("token", "expected the text as it was shown, with the shown and token of the answer before")


def _sign(service: Service, actor: Actor, shown: str) -> str:
    """Return a token over what was shown, by whom and for whom."""
    digest = hashlib.sha256(shown.encode(errors="surrogatepass")).hexdigest()
    query = service.links.build_query(f"{_CONTEXT}\n{actor.tenant}\n{actor.id}\n{len(shown)}\n{digest}", expires_at_s=0)
    return base64.urlsafe_b64encode(hashlib.sha256(query.encode()).digest()).decode().rstrip("=")


def _find_label(here: "Deployment", packs: tuple[str, ...]) -> str:
    """Return what people have to read beside it, as far as packs ask for that; "" for nothing."""
    demands = [
        one for pack in here.select_packs(packs) for one in pack.obligations if one.mark.value == "explicit_label"
    ]
    own = here.sealer.provider.label_text
    texts = [str(one.parameters.get("text", own)) for one in demands]
    return " \u00b7 ".join(dict.fromkeys(texts))


def _refuse(field: str, told: str) -> InvalidRequestError:
    return InvalidRequestError(told, [{"field": field, "detail": told}])
