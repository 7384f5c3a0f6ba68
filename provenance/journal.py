"""The log: events with fields, as structlog writes them, which is imported at the first event that anybody will see.

A command line says nothing of what goes on unless it is asked to, and importing structlog takes longer than most verbs
take to answer. Whoever configures structlog, as a server, `-v` or a test does, gets every event.
"""

import sys
import traceback
from pathlib import Path
from typing import Any

_silenced = False


class Journal:
    """Where one module writes what happens; never a prompt, a key or pixels."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def info(self, event: str, **fields: Any) -> None:  # noqa: ANN401 - as structlog has it
        """Write what went as it should."""
        self._write("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:  # noqa: ANN401 - as structlog has it
        """Write what somebody may have to look at."""
        self._write("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:  # noqa: ANN401 - as structlog has it
        """Write what somebody has to look at."""
        self._write("error", event, fields)

    def _write(self, level: str, event: str, fields: dict[str, Any]) -> None:
        if is_silent():
            return
        import structlog

        getattr(structlog.get_logger(self._name), level)(event, **fields)


def spell_surprise(exc: BaseException) -> str:
    """Return kind and place of an error that nobody foresaw; its text may quote a prompt, so it is left out."""
    frames = traceback.extract_tb(exc.__traceback__)
    return (
        f"{type(exc).__name__} at {Path(frames[-1].filename).name}:{frames[-1].lineno}"
        if frames
        else type(exc).__name__
    )


def silence() -> None:
    """Write nothing from here on, until somebody configures structlog."""
    global _silenced  # noqa: PLW0603 - one log a process
    _silenced = True
    if _is_configured():
        sys.modules["structlog"].reset_defaults()


def is_silent() -> bool:
    """Say whether nobody sees what is written."""
    return _silenced and not _is_configured()


def _is_configured() -> bool:
    library = sys.modules.get("structlog")
    return library is not None and bool(library.is_configured())
