"""What comes to be released, read out of a request: a form, a prompt as JSON, or a file as it is.

A file's declared type and name are its sender's claims, which intake checks. No prompt is taken from an address: those
are written into logs.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from api.bounds import receive
from api.clips import PORTRAIT_PURPOSE, PORTRAITS, RESTYLE, check_of_file
from api.foretelling import add_packs
from api.form import FILE, receive_upload
from api.refusals import InvalidRequestError, MalformedRequestError, build_invalid
from api.releasing import Making as MakingClaims
from api.schemas.release import FormOrder, Making, Order
from policies.line.deployment import Submission
from policies.line.wish import Wish

if TYPE_CHECKING:
    from fastapi import Request

    from api.settings import Http
    from policies.line.deployment import Deployment
    from policies.line.wish import FileWish
    from provenance.storage.blob import Blob

FORM: Final = "multipart/form-data"
JSON: Final = "application/json"
MOST_JSON_BYTES: Final = 1 << 20

# What clients send who name no type.
_UNNAMED: Final = frozenset({"", "application/octet-stream", "application/x-www-form-urlencoded"})
_IN_ADDRESS: Final = frozenset({"name", "packs", "context", "recipe"})


@dataclass(frozen=True, slots=True)
class Brought:
    """What came.

    Attributes:
        order: what is asked for.
        file: the file, or None where something is to be drawn, or made of a release.
    """

    order: Order
    file: "Blob | None"

    @property
    def is_wish(self) -> bool:
        """Whether what is to be released is made here first."""
        return self.file is None or self.order.of_file is not None

    def submission(self, *, submitter: str, key: str = "") -> Submission:
        """Return what the gate takes in."""
        assert self.file is not None
        return Submission(
            self.file,
            name=self.order.name,
            declared_type=self.order.type,
            prompt=self.order.prompt,
            recipe=_build_recipe(self.order.prompt, self.order.recipe),
            packs=tuple(self.order.packs),
            context=self.order.context.model_dump(exclude_defaults=True),
            submitter=submitter,
            key=key,
        )

    def wish(self, *, submitter: str, of_file: "FileWish | None" = None) -> Wish:
        """Return what is to be drawn, or to be made of a file."""
        assert self.order.prompt is not None or of_file is not None
        return Wish(
            self.order.prompt or "",
            seed=self.order.seed,
            size=(self.order.width, self.order.height),
            steps=self.order.steps,
            packs=tuple(self.order.packs),
            context=self.order.context.model_dump(exclude_defaults=True),
            submitter=submitter,
            of_file=of_file,
        )


@asynccontextmanager
async def receive_order(request: "Request", here: "Deployment", bounds: "Http") -> AsyncIterator[Brought]:
    """Take in what a request brings; a file lives as long as the block.

    Raises:
        MalformedRequestError: it cannot be read.
        InvalidRequestError: a field is unknown or wrong, or there is neither file nor prompt.
        AssetTooLargeError: it is longer than this tenant's files may be.
    """
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    most, times = here.limits.max_bytes, {"idle_s": bounds.idle_s, "total_s": bounds.upload_s}
    if kind == FORM:
        async with receive_upload(content_type, request.stream(), most_bytes=most, **times) as form:
            values: dict[str, Any] = dict(form.fields)
            if form.file is not None:
                values = {"name": [form.file_name[:255]], "type": [claim_type(form.file_type)], **values}
            yield check_order(here, Brought(parse_order(FormOrder, values), form.file), bounds)
    elif kind == JSON:
        async with receive(request.stream(), most_bytes=MOST_JSON_BYTES, **times) as body:
            yield check_order(here, Brought(parse_order(Order, load_json(body)), None), bounds)
    else:
        values = _read_address(request)
        async with receive(request.stream(), most_bytes=most, **times) as body:
            order = parse_order(FormOrder, {**values, "type": [claim_type(kind)]})
            yield check_order(here, Brought(order, body), bounds)


def load_json(body: "Blob") -> Any:  # noqa: ANN401 - pydantic validates it
    """Return what a body of JSON holds.

    Raises:
        MalformedRequestError: it is none.
    """
    try:
        return json.loads(body.read())
    except (ValueError, RecursionError) as exc:
        raise MalformedRequestError("expected a body of JSON, got something else") from exc


def _read_address(request: "Request") -> dict[str, list[str]]:
    names = [name for name in request.query_params if name != "wait"]
    if unknown := sorted(set(names) - _IN_ADDRESS):
        raise InvalidRequestError(
            f"expected {', '.join(sorted(_IN_ADDRESS))} or wait in the address of a file that comes as the body, "
            f"got {unknown[0][:40]!r}: send a form for the others"
        )
    return {name: request.query_params.getlist(name) for name in names}


def claim_type(kind: str) -> str:
    """Return the media type that a sender claims, or "" where they only say that it is bytes."""
    return "" if kind in _UNNAMED else kind[:100]


def parse_order(model: type[Order], values: Any) -> Order:  # noqa: ANN401 - whatever came
    """Return what fields ask for.

    Raises:
        InvalidRequestError: one is unknown or wrong.
    """
    try:
        return model.model_validate(values)
    except ValidationError as exc:
        raise build_invalid(exc.errors(include_input=False, include_url=False)) from exc


def check_order(here: "Deployment", brought: Brought, bounds: "Http") -> Brought:
    """Return what came, if it fits together and its packs are known.

    Whoever hands in may ask for more packs, never for fewer: those that decide anyway are among them.

    Raises:
        InvalidRequestError: it does not, or one is unknown.
    """
    order = brought.order
    unknown = [name for name in order.packs if name not in here.packs]
    if unknown:
        told = f"expected packs out of {', '.join(sorted(here.packs))}, got {unknown[0]!r}"
        raise InvalidRequestError(told, [{"field": "packs", "detail": told}])
    if order.of_file is not None:
        check_of_file(here, order, has_file=brought.file is not None, most_s=bounds.clip_s)
    elif brought.file is None and order.prompt is None:
        told = f"expected a part {FILE}, or a prompt that is to be drawn, got neither"
        raise InvalidRequestError(told, [{"field": FILE, "detail": told}])
    elif brought.file is None and order.recipe is not None:
        told = "expected a recipe beside a file alone: what is drawn here has its own"
        raise InvalidRequestError(told, [{"field": "recipe", "detail": told}])
    if order.restyle is not None:
        order = _declare_portrait(here, order)
    packs = list(add_packs(here, tuple(order.packs)))
    return replace(brought, order=order.model_copy(update={"packs": packs}))


def _declare_portrait(here: "Deployment", order: Order) -> Order:
    """Return an order of a portrait that says that it is one, whatever its sender says: consents decide about it.

    Raises:
        InvalidRequestError: this site does not have the pack that does.
    """
    if PORTRAITS not in here.packs:
        told = f"expected a site with the pack {PORTRAITS!r}, which decides about portraits; this one has none"
        raise InvalidRequestError(told, [{"field": RESTYLE, "detail": told}])
    context = order.context.model_copy(update={"portrayed": True, "purpose": order.context.purpose or PORTRAIT_PURPOSE})
    return order.model_copy(update={"context": context, "packs": [*order.packs, PORTRAITS]})


def _build_recipe(prompt: str | None, said: Making | None) -> dict[str, Any]:
    """Return what is said of how a file was made; it holds the prompt's digest, never the prompt."""
    claims = MakingClaims(prompt, None if said is None else said.seed, "" if said is None else said.model_name)
    more = {} if said is None else said.model_dump(include={"model_identifier", "backend", "digital_source_type"})
    return {**claims.build_recipe(), **{name: value for name, value in more.items() if value}}
