"""The command reference, made from the command line itself: `python -m api.reference` prints docs/commands.md."""

import sys
from collections.abc import Iterator
from typing import Any, Final

import typer

from api.cli import COMMANDS, LazyGroup, app

HEAD: Final = """# Commands

Every verb and every option, made from the command line itself by `python -m api.reference`; a test holds it to what
`--help` says. Exit codes are in the [README](../README.md#a-tour); settings are in [configuration](configuration.md).

`chopmark --install-completion` lets bash, zsh, fish and PowerShell complete verbs and options.
"""


def build_reference() -> str:
    """Return the page as Markdown."""
    group = typer.main.get_command(app)
    assert isinstance(group, LazyGroup)
    top = typer.Context(group, info_name="chopmark")
    parts = [HEAD]
    for verb in COMMANDS:
        parts += _describe(group.get_command(top, verb), verb, top, level=2)
    return "\n".join(parts)


def _describe(command: Any, name: str, parent: Any, *, level: int) -> Iterator[str]:  # noqa: ANN401 - Typer's are not public
    context = typer.Context(command, info_name=name, parent=parent)
    yield f"{'#' * level} `{context.command_path}`\n"
    yield f"{_flow(command.help or '')}\n"
    inner = getattr(command, "commands", None)
    if inner:
        for verb, one in inner.items():
            yield from _describe(one, verb, context, level=level + 1)
        return
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"    {context.command_path} {usage}\n"
    rows = [record for param in command.get_params(context) if (record := param.get_help_record(context))]
    rows = [row for row in rows if "--help" not in row[0]]
    if rows:
        yield "| option | meaning |\n|---|---|"
        yield "\n".join(f"| `{_cell(option)}` | {_cell(meaning)} |" for option, meaning in rows) + "\n"


def _flow(text: str) -> str:
    """Return help text with each paragraph on one line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(build_reference())
