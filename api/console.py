"""How commands speak: tables and progress for people on standard error or out, one JSON document for machines."""

import json
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from provenance.errors import GateError, PackInvalidError

P = ParamSpec("P")
R = TypeVar("R")

OUT: Final = Console(highlight=False)
"""What was asked for."""
ERR: Final = Console(stderr=True, highlight=False)
"""Progress, hints and errors."""

EXIT_ERROR: Final = 2


def print_json(document: Mapping[str, Any]) -> None:
    """Write one JSON document and nothing else to standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")


def plain(text: str, style: str = "") -> Text:
    """Return `text` with control characters made visible and no markup: names and titles come from strangers."""
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    return Text(shown, style=style)


def build_table(*columns: str, title: str = "") -> Table:
    """Return an empty table in the house style."""
    table = Table(title=title or None, title_justify="left", title_style="bold", header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def read_input(path: str) -> bytes:
    """Return the bytes of a file, or of standard input for ``-``.

    Raises:
        GateError: the file cannot be read.
    """
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as exc:
        raise GateError(f"cannot read {path}: {exc.strerror or exc}") from exc


def write_output(path: Path, data: bytes) -> None:
    """Write a file so that it is whole or absent.

    Raises:
        GateError: it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as exc:
        part.unlink(missing_ok=True)
        raise GateError(f"cannot write {path}: {exc.strerror or exc}") from exc


def describe_error(error: GateError) -> dict[str, Any]:
    """Return the JSON form of an error."""
    problems = {"problems": list(error.problems)} if isinstance(error, PackInvalidError) else {}
    return {"error": {"code": error.code, "message": str(error), "retryable": error.retryable, **problems}}


def teaching_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a GateError of a command into a message (or JSON, under ``--json``) and exit code 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except GateError as exc:
            if kwargs.get("as_json"):
                print_json(describe_error(exc))
            else:
                ERR.print(Text("error ", style="bold red"), plain(f"{exc}"), plain(f"[{exc.code}]", "dim"), sep="")
            raise typer.Exit(EXIT_ERROR) from exc

    return run
