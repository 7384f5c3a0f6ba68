"""What the client expects is what the OpenAPI document says."""

from dataclasses import MISSING, fields

import httpx
import pytest

from api.answers import (
    OPERATIONS,
    Decision,
    Layer,
    Link,
    Reason,
    Release,
    ReleasedFile,
    Verification,
    build_error,
    parse_answer,
)
from api.app import create_app

SCHEMAS = {
    Release: "Release", ReleasedFile: "ReleasedFile", Decision: "DecisionModel", Reason: "ReasonModel", Layer: "LayerModel",
    Verification: "VerificationModel", Link: "LinkModel",
}  # fmt: skip


@pytest.fixture(scope="module")
def described():
    return create_app().openapi()


@pytest.mark.parametrize(("method", "path"), OPERATIONS.values())
def test_every_address_is_described(described, method, path):
    assert method.lower() in described["paths"][path]


@pytest.mark.parametrize("model", SCHEMAS, ids=lambda model: model.__name__)
def test_every_field_is_described_and_what_is_expected_is_promised(described, model):
    schema = described["components"]["schemas"][SCHEMAS[model]]
    assert {one.name for one in fields(model)} == set(schema["properties"])
    expected = {one.name for one in fields(model) if one.default is MISSING}
    assert expected <= set(schema["required"])


def test_an_answer_of_any_server_is_an_error_with_a_type():
    error = build_error(httpx.Response(502, text="<html>Bad Gateway", headers={"Retry-After": "7"}))
    assert (error.code, error.retryable, error.retry_after_s, error.title) == ("client.later", True, 7, "http.502")
    assert build_error(httpx.Response(500)).code == "client.answer"


def test_lists_become_tuples_of_their_models():
    told = {
        "id": "d",
        "outcome": "hold",
        "decided_by": "policy",
        "packs": ["a"],
        "reasons": [{"pack": "p", "rule": "r", "outcome": "hold", "clause": "c", "text": "t"}],
    }
    decision = parse_answer(Decision, told)
    assert (decision.packs, decision.reasons[0].rule) == (("a",), "r")
