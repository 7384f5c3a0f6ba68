"""How single settings are spelled: lists, paths, places of databases and stores, the address of a server."""

import json
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from provenance.errors import ConfigurationError
from provenance.tenant import Tenant, parse_tenant

AS_SPELLED: Final = "as spelled"
"""Beside the type of a setting that is read as it stands, and is no JSON, whatever its type."""


def parse_list(value: Any) -> Any:  # noqa: ANN401 - pydantic validates what comes out
    """Return the items of a list written as JSON or as ``one,two``; anything else as it is."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [item.strip() for item in value.split(",") if item.strip()]


def parse_path(value: Any) -> Any:  # noqa: ANN401 - pydantic validates what comes out
    """Return a path as it is; an empty one would mean the current folder, and nobody means that.

    Raises:
        ValueError: it is empty.
    """
    if isinstance(value, str) and not value.strip():
        raise ValueError("expected a path, got an empty one")
    return value


def parse_place(value: Any) -> Any:  # noqa: ANN401 - pydantic validates what comes out
    """Return the URL or path of a database or blob store, which may not depend on the current folder.

    Raises:
        ValueError: it is a relative path, or one in a URL.
    """
    if not isinstance(value, str) or not value:
        return value
    scheme, separator, rest = value.partition("://")
    if separator and not scheme.startswith("sqlite"):
        return value
    path = rest.partition("?")[0][1:] if separator else value
    if path.startswith(("/", "file:")) or (separator and path in {"", ":memory:"}):
        return value
    raise ValueError(
        "expected a URL or an absolute path, such as sqlite:////folder/chopmark.db: a relative one would be another "
        "site's from another folder"
    )


def parse_origin(value: Any) -> Any:  # noqa: ANN401 - pydantic validates what comes out
    """Return the scheme, host and port under which a server is reached.

    Raises:
        ValueError: it is none, or has more than that.
    """
    if not isinstance(value, str):
        return value
    parts = urlsplit(value.rstrip("/"))
    is_one = parts.scheme in {"http", "https"} and parts.hostname and parts.netloc == parts.netloc.rpartition("@")[2]
    if not is_one or parts.path or parts.query or parts.fragment:
        raise ValueError("expected a scheme and a host, and a port if need be, such as https://gate.example.org")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def parse_tenant_name(value: str) -> Tenant:
    """Return a tenant's name.

    Raises:
        ValueError: it is none.
    """
    try:
        return parse_tenant(value)
    except ConfigurationError as exc:
        raise ValueError(str(exc)) from exc


def parse_networks(value: tuple[str, ...]) -> tuple[str, ...]:
    """Return addresses and networks as they are.

    Raises:
        ValueError: one of them is neither.
    """
    for name in value:
        try:
            ip_network(name, strict=False)
        except ValueError as exc:
            raise ValueError("expected addresses or networks, such as 127.0.0.1 or 10.0.0.0/8") from exc
    return value


def parse_key_name(value: str) -> str:
    """Return the name of a key that signs checkpoints, or "" for none.

    Raises:
        ValueError: it is none (https://c2sp.org/signed-note).
    """
    if any(char.isspace() or char == "+" or not char.isprintable() for char in value):
        raise ValueError("expected a name without white space, control characters and plus signs")
    return value


TenantName = Annotated[Tenant, AfterValidator(parse_tenant_name)]
Networks = Annotated[tuple[str, ...], AS_SPELLED, BeforeValidator(parse_list), AfterValidator(parse_networks)]
KeyName = Annotated[str, AfterValidator(parse_key_name)]
FilePath = Annotated[Path, BeforeValidator(parse_path)]
Place = Annotated[str, BeforeValidator(parse_place)]
Origin = Annotated[str, BeforeValidator(parse_origin)]
Names = Annotated[tuple[str, ...], AS_SPELLED, BeforeValidator(parse_list)]
Paths = Annotated[tuple[Path, ...], AS_SPELLED, BeforeValidator(parse_list)]
