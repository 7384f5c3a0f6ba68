"""Results as JSON lines, one file for each kind of run, so that a run can stop anywhere and go on."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Journal:
    """Rows that were written, and a place to write more."""

    def __init__(self, folder: Path, kind: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{kind}.jsonl"

    def rows(self) -> Iterator[Row]:
        """Yield what was written; a line cut off by a crash is left out."""
        if not self.path.exists():
            return
        for line in self.path.read_text("utf-8").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue

    def done(self, fields: Sequence[str]) -> set[tuple[Any, ...]]:
        """Return the identities of the rows that were written."""
        return {tuple(row.get(field) for field in fields) for row in self.rows()}

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows and flush them."""
        with self.path.open("ab+") as file:
            if file.tell():
                file.seek(-1, 2)
                if file.read() != b"\n":
                    file.write(b"\n")
            file.writelines((json.dumps(row, separators=(",", ":")) + "\n").encode() for row in rows)


def grouped(rows: Iterable[Row], by: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    """Return rows by a key, in the order of their first appearance."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(by(row), []).append(row)
    return groups
