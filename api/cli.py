"""The command line: `chopmark`. Each verb is a module in `api.commands`; this one only names them.

Exit codes: 0 done or released or consistent, 1 `verify` or `match` found nothing, 2 error, 3 held or conflict,
4 blocked, 130 interrupted, 141 the reader of our output went away.
"""

import importlib
import logging
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final, NoReturn

import typer
from typer.core import TyperGroup

from api import VERSION
from api.concealing import redact_event, run_concealing
from api.console import EXIT_ERROR, drop_output, leave_quietly, print_error, print_hint, print_json
from provenance.journal import silence
from provenance.storage.faults import describe_os_error

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "demo": ("api.commands.demo", "Walk prompts and photographs through the gate, then prove what it did."),
    "generate": ("api.commands.generate", "Draw a picture from a prompt and walk it through the gate."),
    "create": ("api.commands.create", "Make a picture from one sentence, by a preset, and walk it through the gate."),
    "animate": ("api.commands.animate", "Make a clip of a picture, with music, and walk it through the gate."),
    "extend": ("api.commands.extend", "Go on from where a clip ends, and walk it through the gate."),
    "gala": ("api.commands.gala", "Make the pieces of a programme, release them, and join them into one provenance."),
    "gateway": ("api.commands.gateway", "Have a service generate, and walk what it made through the gate."),
    "release": ("api.commands.release", "Walk files, or a prompt, through the gate."),
    "fetch": ("api.commands.fetch", "Write a copy of what was released."),
    "verify": ("api.commands.verify", "Ask every layer where a file comes from."),
    "register": ("api.commands.register", "Put an original into the works registry."),
    "match": ("api.commands.match", "Ask the works registry about a picture."),
    "works": ("api.commands.works", "List works and banks, define banks, withdraw works."),
    "consents": ("api.commands.consents", "Who agreed to what may be made of their photograph: record, list, revoke."),
    "review": ("api.commands.review", "See held assets; approve or refuse them."),
    "appeals": ("api.commands.appeals", "See what people who were refused ask; uphold or overturn."),
    "policies": ("api.commands.policies", "List, check, explain and try policy packs; save and choose your own."),
    "audit": ("api.commands.audit", "Export the ledger, verify exports, prove entries."),
    "watermark": ("api.commands.watermark", "Embed, read and locate marks without the gate."),
    "keys": ("api.commands.keys", "Show who signs and which keys are held; renew, add and give up."),
    "webhooks": ("api.commands.webhooks", "Who is told of events, with which secret, and what became of it."),
    "access": ("api.commands.access", "People, their roles and links, and keys of programs."),
    "models": ("api.commands.models", "List and pull model weights."),
    "sweep": ("api.commands.sweep", "Put files that no record knows into a bin, and empty the bin after days."),
    "backup": ("api.commands.backup", "Write a whole site to one file, while it works."),
    "restore": ("api.commands.restore", "Make the site of a backup, where there is none."),
    "adopt": ("api.commands.adopt", "Bind database and blob stores to each other after a person has looked."),
    "init": ("api.commands.init", "Make a site: its database, its keys, its folders."),
    "serve": ("api.commands.serve", "Serve the HTTP API and the pages, with workers beside them."),
    "mcp": ("api.commands.mcp", "Give agents the gate as tools, by the Model Context Protocol."),
    "worker": ("api.commands.worker", "Walk what waits in the line."),
    "doctor": ("api.commands.doctor", "Check this installation and name the licences of what is active."),
}
"""Verb to (module with a Typer `app`, one line of help). Modules are imported when their verb is used."""


WORKER_THREAD: Final = "detector"
"""Name of the threads that detectors work in (`detectors.runner`), which is not imported to know it."""


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are asked for, so that ``--help`` is quick.

    Typer's own types of context and command are not public, so they are `Any` here.
    """

    is_listing = False

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """Return the verbs in the order of a first visit."""
        del ctx
        return list(COMMANDS)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the help without importing any verb."""
        self.is_listing = True
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:  # noqa: ANN401
        """Return the verbs that a shell may complete to, without importing any."""
        self.is_listing = True
        return super().shell_complete(ctx, incomplete)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """Import and return one verb; an unknown one ends with the nearest that exists."""
        if cmd_name not in COMMANDS:
            near = get_close_matches(cmd_name, COMMANDS, n=1)
            ctx.fail(f"no such command {cmd_name!r}" + (f", did you mean {near[0]!r}?" if near else ""))
        module, help_text = COMMANDS[cmd_name]
        if self.is_listing:
            return typer.core.TyperCommand(cmd_name, short_help=help_text, help=help_text)
        command = typer.main.get_command(importlib.import_module(module).app)
        command.name = cmd_name
        command.help = command.help or help_text
        return _with_plain_help(command)


def _with_plain_help(command: Any) -> Any:  # noqa: ANN401 - as above
    """Return `command`, whose help is framed on a terminal and plain in a pipe."""
    if not sys.stdout.isatty():
        command.rich_markup_mode = None
        for inner in getattr(command, "commands", {}).values():
            _with_plain_help(inner)
    return command


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The release gate for AI-generated media: screen, mark, sign, match, record, then release.",
)


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer's way of spelling a flag
    if value:
        typer.echo(f"chopmark {VERSION}")
        raise typer.Exit


@app.callback()
def _root(
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what happens, as JSON lines on standard error."),  # noqa: FBT001
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),  # noqa: FBT001
    tenant: str = typer.Option("", "--tenant", help="Act for this tenant of the site; may stand behind the verb, too."),
) -> None:
    del version
    if tenant:
        from api.settings import act_for
        from provenance.errors import ConfigurationError

        try:
            act_for(tenant)
        except ConfigurationError as exc:
            raise typer.BadParameter(str(exc), param_hint="--tenant") from exc
    if verbose:
        _log_to_standard_error()
    else:
        silence()


def _log_to_standard_error() -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact_event,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process; the entry point of the `chopmark` script."""
    given = bring_tenant_forward(list(sys.argv[1:] if arguments is None else arguments))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that is no text is shown, not stumbled over
    as_json = "--json" in given
    before_verb = given[: next((at for at, word in enumerate(given) if not word.startswith("-")), len(given))]
    is_verbose = bool({"-v", "--verbose"}.intersection(before_verb))
    code = run_concealing(
        lambda: _run(given, as_json=as_json),
        lambda message: _fail(message, "internal", as_json=as_json),
        is_verbose=is_verbose,
    )
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        leave_quietly()
    except OSError as exc:
        drop_output()
        print_error(f"standard output cannot be written: {describe_os_error(exc)}", "file")
        code = EXIT_ERROR
    leave(code)


def leave(code: int) -> NoReturn:
    """End the process; at once where a detector that was given up is still at work.

    A thread that comes back from native code into an interpreter that has ended takes the process down by SIGABRT,
    after everything was answered. What is open is closed by now, and what was written is durable.
    """
    if any(thread.name == WORKER_THREAD for thread in threading.enumerate()):
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def bring_tenant_forward(arguments: list[str]) -> list[str]:
    """Return the arguments with ``--tenant NAME`` in front, wherever before ``--`` it stood: no verb has one itself."""
    found: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for word in waiting:
        if word == "--":
            rest += [word, *waiting]
        elif word == "--tenant" or word.startswith("--tenant="):
            found += [word] if "=" in word else [word, *islice(waiting, 1)]
        else:
            rest.append(word)
    return [*found, *rest]


def _run(arguments: list[str], *, as_json: bool) -> int:
    """Run and return the exit code; usage errors are ours to tell, so that ``--json`` holds for them, too."""
    try:
        done = _with_plain_help(typer.main.get_command(app)).main(
            arguments, prog_name="chopmark", standalone_mode=False
        )
    except typer.Abort:
        return 130
    except typer.TyperException as exc:
        message = exc.format_message()
        if not message:  # the help was shown instead
            return exc.exit_code
        code = _fail(message[:1].lower() + message[1:].rstrip("."), "usage", as_json=as_json)
        context = getattr(exc, "ctx", None)
        if context is not None and not as_json:
            print_hint(context.get_usage().replace("Usage:", "usage:", 1))
            print_hint(f"help:  {context.command_path} --help")
        return code
    code = done if isinstance(done, int) else 0
    if code == 130:
        print_error("interrupted; what the gate had accepted it finishes the next time it runs", "interrupted")
    return code


def _fail(message: str, code: str, *, as_json: bool) -> int:
    try:
        if as_json:
            print_json({"error": {"code": code, "message": message, "retryable": False}})
            return EXIT_ERROR
    except OSError:  # of standard output itself
        drop_output()
    print_error(message, code)
    return EXIT_ERROR
