import json
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.environment import find_unread, merge, read_environment
from api.spelling import AS_SPELLED, Names


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int = 0
    path: str | None = None
    command: tuple[str, ...] = ()
    names: Names | None = None


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = ""
    names: Names = ()
    plain: Annotated[tuple[str, ...], AS_SPELLED] = ()
    inner: Inner = Inner()
    maybe: Inner | None = None
    tables: dict[str, dict[str, Any]] = Field(default_factory=dict)
    many: dict[str, Inner] = Field(default_factory=dict)


def read(**variables):
    return read_environment(Outer, {f"APP_{name}": text for name, text in variables.items()}, "APP_")


@pytest.mark.parametrize(("variables", "said"), [
    ({}, {}),
    ({"NAME": "5"}, {"name": "5"}),
    ({"NAME": "[1]"}, {"name": "[1]"}),
    ({"NAMES": "a, b", "PLAIN": "[oops"}, {"names": "a, b", "plain": "[oops"}),
    ({"INNER": '{"count": 3}'}, {"inner": {"count": 3}}),
    ({"INNER__COUNT": "3", "INNER__PATH": "{"}, {"inner": {"count": "3", "path": "{"}}),
    ({"INNER__COUNT": "4", "INNER": '{"count": 3, "path": "x"}'}, {"inner": {"count": "4", "path": "x"}}),
    ({"INNER__COMMAND": '["sign", "-k"]', "INNER__NAMES": "a,b"}, {"inner": {"command": ["sign", "-k"], "names": "a,b"}}),
    ({"MAYBE__COUNT": "1"}, {"maybe": {"count": "1"}}),
    ({"TABLES": '{"a": {"b": 1}}'}, {"tables": {"a": {"b": 1}}}),
    ({"TABLES__CLIP": '{"b": 1}', "TABLES__OCR__TERMS": "/x"}, {"tables": {"clip": {"b": 1}, "ocr": {"terms": "/x"}}}),
    ({"TABLES__CLIP": "none"}, {"tables": {"clip": "none"}}),
    ({"MANY__ACME__COUNT": "1", "MANY__ACME__COMMAND": '["x"]'}, {"many": {"acme": {"count": "1", "command": ["x"]}}}),
    ({"inner__Count": "3"}, {"inner": {"count": "3"}}),
    ({"INNER": "null", "TABLES": "null"}, {}),
    ({"UNKNOWN": "x"}, {}),
])  # fmt: skip
def test_variables_are_read_as_the_model_is_nested(variables, said):
    assert read(**variables) == said


def test_other_prefixes_are_not_ours():
    assert read_environment(Outer, {"NAME": "x", "XAPP_NAME": "x", "APPNAME": "x"}, "APP_") == {}


@pytest.mark.parametrize(
    ("name", "text"), [("INNER", "{"), ("TABLES", "[oops"), ("INNER__COMMAND", "sign -k"), ("MAYBE", "x")]
)
def test_what_has_to_be_json_and_is_none_is_refused_and_named(name, text):
    with pytest.raises(ValueError):
        read(**{name: text})
    assert list(find_unread(Outer, {f"APP_{name}": text}, "APP_")) == [name.lower().replace("__", ".")]
    assert list(find_unread(Outer, {f"APP_{name}": json.dumps(["x"])}, "APP_")) == []


@pytest.mark.parametrize(
    "variables",
    [{"INNER__KEY": "x"}, {"NAME__X": "x"}, {"MANY__ACME__KEY": "1"}, {"INNER": "[1]", "INNER__COUNT": "1"}],
)
def test_what_nobody_knows_is_the_models_to_refuse(variables):
    with pytest.raises(ValidationError):
        Outer(**read(**variables))


def test_the_upper_counts_and_tables_are_merged_inwards():
    lower = {"a": 1, "b": {"c": 1, "d": {"e": 1}}, "f": [1]}
    assert merge(lower, {"b": {"c": 2, "d": {"g": 2}}, "f": [2]}) == {
        "a": 1,
        "b": {"c": 2, "d": {"e": 1, "g": 2}},
        "f": [2],
    }
    assert merge(lower, {"b": None}) == {**lower, "b": None}
    assert lower["b"]["c"] == 1
