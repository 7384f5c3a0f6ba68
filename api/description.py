"""The OpenAPI document: what the routes say of themselves, and what is true of all of them said once.

What a route asks of who comes is read from its dependencies, so that what is written is what is asked.
"""

import re
from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api import VERSION
from api.access.survey import find_requirements
from api.route_table import RouteTable

if TYPE_CHECKING:
    from fastapi import FastAPI

SUMMARY: Final = "The release gate for AI-generated media"
DESCRIPTION: Final = """\
Every file passes content classifiers, invisible watermarking, C2PA signing and the registry of works before it is
released; anybody can ask where a file comes from.

Errors are problem documents (RFC 9457): `title` is a code for programs, `detail` is for people, `instance` names the
request as the log does. Lists answer `items` and `next`, which goes into `cursor`. Every answer has `X-Request-Id`.
"""
TAGS: Final = {
    "releases": "Hand in files and prompts, and follow them.",
    "jobs": "Paid jobs at services that generate, on their way to the gate.",
    "assets": "What was recorded, and what was released: bytes, manifests, links.",
    "verifications": "Where does a file come from? Without an account.",
    "works": "Registered originals, and what resembles them.",
    "consents": "Who agreed to what may be made of their photograph.",
    "policies": "What decides.",
    "exports": "What the gate did, with proofs, for an auditor.",
    "webhooks": "Other systems are told what happened.",
    "c2pa": "The C2PA Soft Binding Resolution API. Without an account.",
    "ledger": "The log as static tiles (C2SP tlog-tiles). Without an account.",
    "operating": "For supervisors and dashboards.",
}
SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "an API key, as `chopmark keys` or the desk made it"},
    "session": {"type": "apiKey", "in": "cookie", "name": "chopmark_session", "description": "of who signed in"},
}
PROBLEM: Final = {
    "type": "object",
    "description": "What was wrong with a request (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:chopmark:error:asset.unsupported"]},
        "title": {"type": "string", "description": "a code for programs", "examples": ["asset.unsupported"]},
        "status": {"type": "integer", "examples": [415]},
        "detail": {"type": "string", "description": "one line for a person"},
        "instance": {"type": "string", "description": "the request, as the log names it"},
        "problems": {
            "type": "array",
            "description": "each field that was refused",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
PROBLEM_REFERENCE: Final = {"$ref": "#/components/schemas/Problem"}
_REQUEST_ID: Final = {"X-Request-Id": {"description": "as the log names the request", "schema": {"type": "string"}}}
_VALIDATION: Final = ("HTTPValidationError", "ValidationError")


def name_operation(route: APIRoute) -> str:
    """Return the id of a route in the document, which clients make names of."""
    tag = re.sub(r"\W", "_", str(route.tags[0])) if route.tags else "page"
    return f"{tag}_{route.name}"


def install_description(app: "FastAPI", table: RouteTable) -> None:
    """Have `app` describe its routes so; made when it is first asked for."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build_description(app, table)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # as FastAPI's documentation does


def build_description(app: "FastAPI", table: RouteTable) -> dict[str, Any]:
    """Build the document."""
    described = get_openapi(
        title=app.title,
        version=VERSION,
        summary=SUMMARY,
        description=DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
    )
    described["servers"] = [{"url": "/", "description": "this server"}]
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    components["securitySchemes"] = SCHEMES
    for name in _VALIDATION:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM
    _add_order(schemas)
    for route in table.routes:
        operations = described["paths"].get(route.path_format, {})
        for method in route.methods or ():
            if (operation := operations.get(method.lower())) is not None:
                _complete(operation, route)
    return described


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    """Add how who comes is told, and the form of every error."""
    operation["summary"] = operation.get("description", "").partition("\n\n")[0].replace("\n", " ").rstrip(".")
    operation["security"] = [{name: []} for name in SCHEMES] if find_requirements(route) else []
    for status, answer in operation["responses"].items():
        if answer["description"] == "Successful Response":
            answer["description"] = "what was asked for"
        answer.setdefault("headers", {}).update(_REQUEST_ID)
        content = answer.get("content", {})
        if "HTTPValidationError" in str(content):
            content.clear()
            answer["description"] = "what is asked for does not fit together"
            content["application/problem+json"] = {"schema": PROBLEM_REFERENCE}
        elif status >= "400" and "application/problem+json" in content:
            content["application/problem+json"]["schema"] = PROBLEM_REFERENCE


def _add_order(schemas: dict[str, Any]) -> None:
    """Add the schema of a prompt that comes as JSON, which no route names by its type."""
    from api.schemas.release import Order

    schema = Order.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["Order"] = schema
