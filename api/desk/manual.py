"""The page `/docs`: the OpenAPI document for people, drawn on the server, with neither script nor other sites."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.access.guard import PERMISSION
from api.description import TAGS
from api.desk.frame import render

if TYPE_CHECKING:
    from fastapi import FastAPI

_REFERENCE: Final = "#/components/schemas/"
_PROBLEM: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a schema, parameter of a route, kind of body, or answer.

    Attributes:
        name: as it is spelled.
        kind: in words.
        schema: name of the schema that it is, or "".
        text: what it means.
        is_required: whether it has to be there.
    """

    name: str
    kind: str = ""
    schema: str = ""
    text: str = ""
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    permission: str
    is_deprecated: bool
    parameters: tuple[Field, ...]
    bodies: tuple[Field, ...]
    answers: tuple[Field, ...]
    errors: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Manual:
    """What the page shows."""

    groups: tuple[tuple[str, str, tuple[Operation, ...]], ...]
    schemas: tuple[tuple[str, str, tuple[Field, ...]], ...]


def build_router() -> APIRouter:
    """Build the page."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/docs", show_manual, methods=["GET"], response_class=HTMLResponse)
    return router


def show_manual(request: Request) -> HTMLResponse:
    """Show every route and schema; for everybody."""
    return render(
        request, "manual.html", manual=load_manual(request.app), version=request.app.openapi()["info"]["version"]
    )


@lru_cache(maxsize=2)
def load_manual(app: "FastAPI") -> Manual:
    """Return what the page of `app` shows; it does not change while it runs."""
    return build_manual(app.openapi())


def build_manual(described: Mapping[str, Any]) -> Manual:
    """Build what is shown of an OpenAPI document."""
    found: dict[str, list[Operation]] = {name: [] for name in TAGS}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            group = (operation.get("tags") or ["others"])[0]
            found.setdefault(group, []).append(_build_operation(method.upper(), path, operation))
    groups = tuple((name, TAGS.get(name, ""), tuple(items)) for name, items in found.items() if items)
    schemas = described["components"]["schemas"]
    return Manual(
        groups,
        tuple((name, one.get("description", ""), tuple(_list_fields(one))) for name, one in sorted(schemas.items())),
    )


def _build_operation(method: str, path: str, operation: Mapping[str, Any]) -> Operation:
    text = operation.get("description", "")
    answers = operation["responses"].items()
    return Operation(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=operation.get("summary", "").replace("`", ""),
        text=text.partition("\n\n")[2].replace("`", ""),
        permission=operation.get(PERMISSION, ""),
        is_deprecated=operation.get("deprecated", False),
        parameters=tuple(_build_parameter(one) for one in operation.get("parameters", ())),
        bodies=tuple(_list_contents(operation.get("requestBody", {}).get("content", {}))),
        answers=tuple(_build_answer(status, one) for status, one in answers if _PROBLEM not in one.get("content", {})),
        errors=tuple(_build_answer(status, one) for status, one in answers if _PROBLEM in one.get("content", {})),
    )


def _build_parameter(one: Mapping[str, Any]) -> Field:
    kind, schema = _spell(one["schema"])
    text = one.get("description", "")
    return Field(one["name"], f"{kind}, in the {one['in']}", schema, text, one.get("required", False))


def _build_answer(status: str, answer: Mapping[str, Any]) -> Field:
    schemas = [_spell(content["schema"])[1] for content in answer.get("content", {}).values() if "schema" in content]
    return Field(
        status, ", ".join(answer.get("content", {})), next((one for one in schemas if one), ""), answer["description"]
    )


def _list_contents(contents: Mapping[str, Any]) -> Iterator[Field]:
    for kind, content in contents.items():
        spelled, schema = _spell(content.get("schema", {}))
        names = ", ".join(content.get("schema", {}).get("properties", {}))
        yield Field(kind, spelled, schema, names)


def _list_fields(schema: Mapping[str, Any]) -> Iterator[Field]:
    for name, one in schema.get("properties", {}).items():
        kind, reference = _spell(one)
        yield Field(name, kind, reference, one.get("description", ""), name in schema.get("required", ()))
    if "enum" in schema:
        yield Field("", "one of", "", ", ".join(map(str, schema["enum"])))


def _spell(schema: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a schema is in words, and the name of the one that it refers to."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REFERENCE)
        return name, name
    if several := schema.get("anyOf") or schema.get("allOf") or schema.get("oneOf"):
        spelled = [_spell(one) for one in several]
        return " or ".join(kind for kind, _ in spelled), next((name for _, name in spelled if name), "")
    if schema.get("type") == "array":
        kind, name = _spell(schema.get("items", {}))
        return f"list of {kind or 'anything'}", name
    kind = schema.get("format") or schema.get("type") or "anything"
    return (str(kind), str(schema.get("title", "")) if kind == "object" and "properties" in schema else "")
