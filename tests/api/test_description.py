"""What the OpenAPI document says of every route."""

import pytest

from api.access.survey import find_requirements, list_routes
from api.app import create_app
from api.description import PROBLEM_REFERENCE


@pytest.fixture(scope="module")
def app():
    return create_app()


@pytest.fixture(scope="module")
def described(app):
    return app.openapi()


def operations(described):
    return [(method, path, one) for path, found in described["paths"].items() for method, one in found.items()]


def test_every_operation_is_named_summarised_and_grouped(described):
    known = {tag["name"] for tag in described["tags"]}
    ids = [one["operationId"] for _, _, one in operations(described)]
    assert len(ids) == len(set(ids)) > 20
    for method, path, one in operations(described):
        assert one["summary"], (method, path)
        assert one["tags"], (method, path)
    assert described["openapi"].startswith("3.1")
    assert {"releases", "assets", "verifications"} <= known


def test_what_is_asked_of_who_comes_is_what_the_document_says(app, described):
    asked = 0
    for route in list_routes(app.routes):
        for method in route.methods or ():
            one = described["paths"].get(route.path, {}).get(method.lower())
            if one is None:
                continue
            requirements = find_requirements(route)
            assert one["security"] == ([{"key": []}, {"session": []}] if requirements else []), route.path
            assert ("x-permission" in one) is bool(requirements), route.path
            asked += 1
    assert asked > 20
    assert set(described["components"]["securitySchemes"]) == {"key", "session"}


def test_every_error_is_a_problem_document(described):
    for method, path, one in operations(described):
        for status, answer in one["responses"].items():
            assert "X-Request-Id" in answer["headers"]
            if status >= "400" and not path.startswith("/readyz"):
                assert answer["content"] == {"application/problem+json": {"schema": PROBLEM_REFERENCE}}, (
                    method,
                    path,
                    status,
                )
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_every_reference_leads_somewhere(described):
    schemas, found = described["components"]["schemas"], set()

    def walk(node):
        if isinstance(node, dict):
            if "$ref" in node:
                found.add(node["$ref"].rpartition("/")[2])
            for one in node.values():
                walk(one)
        elif isinstance(node, list):
            for one in node:
                walk(one)

    walk(described)
    assert found <= set(schemas)
    assert {"Order", "Release", "Problem"} <= found
