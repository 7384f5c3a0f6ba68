"""What every bench prints: the machine, and rows as a table."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table


def machine() -> str:
    """Name the machine."""
    model = next(
        (
            row.partition(":")[2].strip()
            for row in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in row
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"
    )


def build_table(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    """Return the rows as a terminal table."""
    table = Table(title=title, title_justify="left")
    for column in rows[0]:
        table.add_column(column)
    for row in rows:
        table.add_row(*(str(cell) for cell in row.values()))
    return table
