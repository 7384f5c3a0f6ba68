"""The command line: `chopmark`. Each verb is a module in `api.commands`; this one only names them.

Exit codes: 0 done or released or consistent, 1 `verify` found no provenance, 2 error, 3 held or conflict, 4 blocked.
"""

import importlib
import logging
import sys
from typing import Any, Final

import click
import structlog
import typer
from typer.core import TyperGroup

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "demo": ("api.commands.demo", "Walk prompts and photographs through the gate, then prove what it did."),
    "generate": ("api.commands.generate", "Draw a picture from a prompt and walk it through the gate."),
    "release": ("api.commands.release", "Walk files, or a prompt, through the gate."),
    "verify": ("api.commands.verify", "Ask every layer where a file comes from."),
    "register": ("api.commands.register", "Put an original into the works registry."),
    "match": ("api.commands.match", "Ask the works registry about a picture."),
    "works": ("api.commands.works", "List works and banks, define banks, withdraw works."),
    "review": ("api.commands.review", "See held assets; approve or refuse them."),
    "policies": ("api.commands.policies", "List, show, check and explain policy packs."),
    "audit": ("api.commands.audit", "Export the ledger, verify exports, prove entries."),
    "keys": ("api.commands.keys", "Show signing identities and keys; add a watermark key."),
    "models": ("api.commands.models", "List and pull model weights."),
    "doctor": ("api.commands.doctor", "Check this installation and name the licences of what is active."),
}
"""Verb to (module with a Typer `app`, one line of help). Modules are imported when their verb is used."""


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are asked for, so that ``--help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of a first visit."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one verb."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, help_text = COMMANDS[cmd_name]
        if sys.argv[1:] in ([], ["--help"], ["-h"]):
            return click.Command(cmd_name, short_help=help_text, help=help_text)
        command: click.Command = typer.main.get_command(importlib.import_module(module).app)
        command.name = cmd_name
        command.help = command.help or help_text
        return command


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The release gate for AI-generated media: screen, mark, sign, match, record, then release.",
)


@app.callback()
def _root(verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what happens, as JSON lines on standard error.")) -> None:  # noqa: FBT001 - typer's way of spelling a flag
    level = logging.INFO if verbose else logging.ERROR
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def main(*arguments: Any) -> None:  # noqa: ANN401 - handed on to click
    """Run the command line; the entry point of the `chopmark` script."""
    app(*arguments)
