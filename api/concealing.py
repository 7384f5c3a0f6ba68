"""The last word of the command line: what nobody foresaw is told by kind and place, and no more of our insides."""

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.storage.faults import describe_os_error
from provenance.storage.scrubbing import redact

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping


def run_concealing(command: "Callable[[], int]", tell: "Callable[[str], int]", *, is_verbose: bool) -> int:
    """Run a command; give an unforeseen error to `tell` as kind and place only, and return what it returns.

    The message of a foreign error may quote a prompt, so nobody is shown it unless they ask for the whole trace.
    """
    try:
        return command()
    except Exception as exc:  # noqa: BLE001 - the last resort of the command line
        if is_verbose:
            sys.stderr.write(redact(traceback.format_exc()))
        if isinstance(exc, OSError) and exc.errno is not None:
            name = f" {exc.filename}" if isinstance(exc.filename, str) else ""
            return tell(f"the system refused{name} ({describe_os_error(exc)}), at {find_place(exc)}")
        hint = "" if is_verbose else "; run it again as chopmark -v ... for the whole trace, which may quote your input"
        return tell(f"a defect of chopmark: {type(exc).__name__} at {find_place(exc)}{hint}")


def redact_event(_: Any, __: str, event: "MutableMapping[str, Any]") -> "MutableMapping[str, Any]":  # noqa: ANN401 - as structlog has it
    """Keep secrets out of a log line; a processor of structlog."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = redact(value)
    return event


def find_place(error: BaseException) -> str:
    """Return where `error` was raised, as file and line."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
