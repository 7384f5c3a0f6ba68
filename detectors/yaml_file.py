"""Reads the YAML of banks: libyaml where PyYAML has it, ten times as fast as PyYAML alone."""

from pathlib import Path
from typing import Any, Final

import yaml

from provenance.errors import ConfigurationError

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - whatever the YAML holds; the callers check it
    """Return what a file spells, of plain types only.

    Raises:
        ConfigurationError: it cannot be read, or is no YAML; the message names it.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader, see above
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as exc:
        raise ConfigurationError(f"{path.name} cannot be read as YAML: {exc}") from exc
