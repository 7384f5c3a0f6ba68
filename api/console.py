"""How commands speak: tables and progress for people, one JSON document for machines.

Answers go to standard output, everything else (progress, hints, errors) to standard error. Names, titles and reasons
come from strangers: they are printed as text, never as markup, and what is unsafe to show is spelled out, here for all.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console, ConsoleDimensions
from rich.text import Text

from api.escape import build_json, show
from api.tables import UNBOUNDED, Listing, made_safe
from api.tables import plain as plain  # noqa: PLC0414 - every verb has it from here
from provenance.errors import AssetTooLargeError, GateError, PackInvalidError
from provenance.storage.scrubbing import redact

if TYPE_CHECKING:
    from rich.progress import Progress

    from provenance.storage.blob import Blob

P = ParamSpec("P")
R = TypeVar("R")

EXIT_ERROR: Final = 2
# As shells report a process that SIGPIPE ended; 1 would say "no provenance found".
EXIT_BROKEN_PIPE: Final = 141
GRAVITY: Final = ("released", "held", "blocked", "refused", "not written", "failed", "error")
"""Words for ends, the gravest last; any other is milder."""

JSON_HELP: Final = "Answer with one JSON document on standard output."
Json = Annotated[bool, typer.Option("--json", help=JSON_HELP)]
"""The flag that every verb has."""


class CommandUsageError(GateError):
    """Arguments that each are fine, but not together."""

    code = "usage"


class FileAccessError(GateError):
    """A file that was named cannot be read or written."""

    code = "file"


def drop_output() -> None:
    """Write no more to standard output, so that what could not be written is not tried again at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def leave_quietly() -> NoReturn:
    """End because whoever read our output has gone, as ``| head`` does."""
    drop_output()
    raise SystemExit(EXIT_BROKEN_PIPE)


class QuietConsole(Console):
    """A console that ends quietly when its reader has gone, prints no text of strangers raw, and wraps for people only.

    Into a pipe or file a line is as long as it is, unless COLUMNS says how wide it may be.
    """

    @property
    def size(self) -> ConsoleDimensions:
        """How wide and high the terminal is; a pipe has no width."""
        known = os.environ.get("COLUMNS", "")
        if known.isdecimal() and int(known):
            return ConsoleDimensions(int(known), super().size.height)
        if self._width is None and not self.is_terminal:
            return ConsoleDimensions(UNBOUNDED, super().size.height)
        return super().size

    @size.setter
    def size(self, new: tuple[int, int]) -> None:
        """Say how wide and high it is, whatever it seems to be."""
        self._width, self._height = new

    def print(self, *objects: Any, crop: bool = False, **options: Any) -> None:  # noqa: ANN401 - what rich can print
        """Print `objects`; strings are taken as text of strangers, and nothing is cut off at the right."""
        super().print(*map(_make_safe, objects), crop=crop, **options)

    def on_broken_pipe(self) -> None:
        """End with the exit code of a broken pipe instead of 1, which `verify` has a meaning for."""
        leave_quietly()


OUT: Final = QuietConsole(highlight=False, emoji=False, markup=False)
"""What was asked for."""
ERR: Final = QuietConsole(stderr=True, highlight=False, emoji=False, markup=False)
"""Progress, hints and errors."""


def print_json(document: Mapping[str, Any]) -> None:
    """Write one JSON document and nothing else to standard output."""
    try:
        sys.stdout.write(build_json(document, ascii_only=not _writes_utf8()) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        leave_quietly()


def print_json_line(document: Mapping[str, Any]) -> None:
    """Write one JSON document as one line to standard output: for a command that answers again and again."""
    try:
        sys.stdout.write(json.dumps(document, default=str) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        leave_quietly()


def build_table(*columns: str, title: str = "") -> Listing:
    """Return an empty table in the house style; see `api.tables` for how it fits where it is printed."""
    table = Listing(title=title or None)
    for column in columns:
        table.add_column(column)
    return table


def print_summary(ends: Iterable[str], *, noun: str = "file", console: Console | None = None) -> None:
    """Print one line that sums up many items, as in ``20 files: 19 released, 1 held``; none for fewer than 2.

    Args:
        ends: for each item the word for how it ended; words are listed by how grave they are, then as they came.
        noun: what an item is, in the singular.
        console: where to; standard output unless a file goes there.
    """
    counts = Counter(ends)
    if counts.total() < 2:
        return
    known = {word: at for at, word in enumerate(GRAVITY)}
    words = sorted(counts, key=lambda word: known.get(word, -1))
    line = f"{counts.total()} {noun}s: " + ", ".join(f"{counts[word]} {word}" for word in words)
    (console or OUT).print(plain(line, "bold"), soft_wrap=True)


def print_line(text: str, style: str = "") -> None:
    """Print one line of an answer; it is not cut at the terminal's width, so that it can be copied."""
    OUT.print(plain(text, style), soft_wrap=True)


def print_hint(text: str) -> None:
    """Print what a person may want to do next; on standard error, so that it is in nobody's pipe."""
    ERR.print(plain(text, "dim"), soft_wrap=True)


def shows_progress(*, quiet: bool = False) -> bool:
    """Say whether anybody sees progress: on a terminal, unless `quiet`; what draws it is imported for those alone."""
    return ERR.is_terminal and not quiet


def build_progress(*, quiet: bool = False, counted: bool = True) -> "Progress":
    """Return a progress display on standard error, shown on a terminal only and gone at the end.

    Args:
        quiet: show nothing, as under ``--json``.
        counted: show how many of how many; else a share.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn() if counted else TaskProgressColumn(),
    )
    return Progress(*columns, console=ERR, disable=not shows_progress(quiet=quiet), transient=True)


def read_input(path: str, *, most_bytes: int | None = None) -> bytes:
    """Return the bytes of a document, or of standard input for ``-``; `take_input` is for what may be large.

    Args:
        path: of the file.
        most_bytes: give up beyond this many, so that an endless pipe does not fill the memory.

    Raises:
        FileAccessError: it cannot be read.
        AssetTooLargeError: there is more than `most_bytes`.
    """
    return take_input(path, most_bytes=most_bytes).read(sys.maxsize)


def take_input(path: str, *, most_bytes: int | None = None) -> "Blob":
    """Take in a file of any size, or standard input for ``-``, as it is now.

    Args:
        path: of the file.
        most_bytes: give up beyond this many; a file that says so itself is not read at all.

    Raises:
        FileAccessError: it cannot be read.
        AssetTooLargeError: there is more than `most_bytes`.
        SpoolError: it is large and could not be kept on disk.
    """
    from provenance.storage.blob import Blob

    try:
        if path == "-":
            if sys.stdin.isatty():
                raise FileAccessError(
                    "expected a file on standard input, got a terminal: cat picture.png | chopmark ... -"
                )
            return Blob.from_stream(sys.stdin.buffer, most_bytes=most_bytes)
        return Blob.from_path(path, most_bytes=most_bytes)
    except AssetTooLargeError as exc:
        raise AssetTooLargeError(
            f"expected at most {most_bytes} bytes, {show(path)} has more (max_bytes in the settings)"
        ) from exc
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise FileAccessError(f"cannot read {show(path)}: {reason.lower()}") from exc


def describe_error(error: GateError) -> dict[str, Any]:
    """Return the JSON form of an error."""
    problems = {"problems": list(error.problems)} if isinstance(error, PackInvalidError) else {}
    return {"error": {"code": error.code, "message": redact(str(error)), "retryable": error.retryable, **problems}}


def print_error(message: str, code: str) -> None:
    """Tell a person what went wrong; lines of the message stay lines."""
    lines = redact(message).split("\n")
    ERR.print(Text.assemble(("error ", "bold red"), plain(lines[0]), " ", plain(f"[{code}]", "dim")), soft_wrap=True)
    for line in lines[1:]:
        ERR.print(plain(line), soft_wrap=True)


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
                print_error(str(exc), exc.code)
            raise typer.Exit(EXIT_ERROR) from exc

    return run


def _make_safe(thing: Any) -> Any:  # noqa: ANN401 - what rich can print
    if isinstance(thing, str):
        return made_safe(Text(thing))
    return made_safe(thing) if isinstance(thing, Text) else thing


def _writes_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
