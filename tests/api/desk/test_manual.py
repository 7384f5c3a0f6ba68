"""The page of the API: every route and schema of the document, in both languages, without a script."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.desk.manual import build_manual


@pytest.fixture(scope="module")
def client():
    return TestClient(create_app())


@pytest.mark.parametrize(("language", "word"), [("en", "The API"), ("zh", "接口文档")])
def test_the_page_has_every_operation_and_schema(client, language, word):
    described = client.app.openapi()
    page = client.get("/docs", headers={"Accept-Language": language, "Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert word in page.text
    for path, operations in described["paths"].items():
        assert path.replace("&", "&amp;") in page.text
        for one in operations.values():
            assert f'id="{one["operationId"]}"' in page.text
    for name in described["components"]["schemas"]:
        assert f'id="schema-{name}"' in page.text
    assert "http://" not in page.text.replace("http://127.0.0.1", "")


def test_schemas_are_spelled_in_words():
    manual = build_manual({
        "paths": {},
        "components": {"schemas": {"Thing": {"type": "object", "required": ["a"], "properties": {
            "a": {"type": "array", "items": {"$ref": "#/components/schemas/Other"}},
            "b": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "<b>"},
        }}}},
    })  # fmt: skip
    ((_, _, (first, second)),) = manual.schemas
    assert (first.kind, first.schema, first.is_required) == ("list of Other", "Other", True)
    assert (second.kind, second.schema, second.text) == ("string or null", "", "<b>")
