"""The outside: settings, wiring, the command line and HTTP."""

from typing import Final

VERSION: Final = "0.11.0"
"""Of this software; tests hold it to pyproject.toml, the changelog and the pages."""
