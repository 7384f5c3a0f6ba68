"""Settings out of environment variables: ``PREFIX_NAME``, and ``PREFIX_GROUP__NAME`` for one inside a group.

A group, a table or a list is JSON, unless its field is marked as spelled otherwise (`api.spelling`); what is named one
by one inside a group counts before what its JSON says. Names may be in any case. Nothing is validated here: that is the
model's, which refuses what it does not know.
"""

import json
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel

from api.spelling import AS_SPELLED

DELIMITER: Final = "__"

Nested = dict[str, Any]


def read_environment(model: type[BaseModel], environment: Mapping[str, str], prefix: str) -> Nested:
    """Return what variables say of the settings of `model`, nested as they are.

    Args:
        model: of settings, all of whose names are in lower case.
        environment: variables by name.
        prefix: of their names.

    Raises:
        ValueError: a group, table or list is given as something else than JSON.
    """
    given = {
        name.lower().removeprefix(prefix.lower()): text
        for name, text in environment.items()
        if name.lower().startswith(prefix.lower())
    }
    read: Nested = {}
    # What names a whole comes before what names parts of it.
    for name, text in sorted(given.items(), key=lambda one: one[0].count(DELIMITER)):
        first, *inner = name.split(DELIMITER)
        value = _read(text, model, [first, *inner]) if first in model.model_fields else None
        if value is not None:  # null says nothing
            _put(read, [first, *inner], value)
    return read


def merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> Nested:
    """Return both, with `upper` before `lower`; tables in both are merged, and so on inwards."""
    merged = dict(lower)
    for name, value in upper.items():
        known = merged.get(name)
        merged[name] = merge(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def find_unread(model: type[BaseModel], environment: Mapping[str, str], prefix: str, before: str = "") -> Iterator[str]:
    """Yield the settings that the environment gives in something else than the JSON that they take.

    Args:
        model: of settings, or of a group of them.
        environment: variables by name.
        prefix: of their names, in upper case.
        before: names of the groups that this one is in, each with a dot.
    """
    for name, field in model.model_fields.items():
        group = next((one for one in _kinds(field.annotation) if _is_group(one)), None)
        if group is not None:
            yield from find_unread(group, environment, f"{prefix}{name.upper()}{DELIMITER}", f"{before}{name}.")
        given = environment.get(f"{prefix}{name.upper()}")
        if given is not None and _is_json(field.annotation, field.metadata):
            try:
                json.loads(given)
            except ValueError:
                yield f"{before}{name}"


def _put(read: Nested, path: list[str], value: Any) -> None:  # noqa: ANN401 - whatever was read
    for name in path[:-1]:
        inner = read.setdefault(name, {})
        if not isinstance(inner, dict):  # JSON of the whole that is no table: the model says so
            return
        read = inner
    read[path[-1]] = value


def _read(text: str, model: type[BaseModel], path: list[str]) -> Any:  # noqa: ANN401 - JSON
    """Return what a variable says; of what no field of the model names, JSON where it is some."""
    kind: Any = model
    notes: list[Any] | None = []
    for name in path:
        tables = [one for one in _kinds(kind) if get_origin(one) is dict]
        field = next((one.model_fields[name] for one in _kinds(kind) if _has(one, name)), None)
        if field is not None:
            kind, notes = field.annotation, field.metadata
        else:
            kind, notes = (get_args(tables[0])[1] if tables else dict[str, Any]), None
    if not text or not _is_json(kind, notes or []):
        return text
    try:
        return json.loads(text)
    except ValueError:
        if notes is None:
            return text
        raise


def _has(kind: Any, name: str) -> bool:  # noqa: ANN401 - any annotation
    return _is_group(kind) and name in kind.model_fields


def _is_json(kind: Any, notes: list[Any]) -> bool:  # noqa: ANN401 - any annotation
    """Whether a setting of that type is written as JSON: a group, a table, a list, or one of several types that are."""
    noted = {*map(id, notes), *(id(note) for one in _kinds(kind) for note in getattr(one, "__metadata__", ()))}
    if id(AS_SPELLED) in noted:
        return False
    return any(_is_group(one) or get_origin(one) in {dict, tuple, list} for one in _kinds(kind))


def _kinds(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any annotation
    """Return the types that a setting may have."""
    return get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)


def _is_group(kind: Any) -> bool:  # noqa: ANN401 - any annotation
    return isinstance(kind, type) and issubclass(kind, BaseModel)
