"""Tables for people: as wide as the terminal at most, wrapped between words, and stacked where that is too narrow.

Into a pipe or file a table is plain text: aligned, one line a row, without rules, colours or wrapping, unless COLUMNS
says how wide it may be. Ids are never cut, however narrow it gets: they are there to be copied.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from provenance.text import is_safe, show

UNBOUNDED: Final = 1 << 20
"""Columns of what has no width, such as a pipe."""
GAP: Final = 2
"""Blank columns between two columns."""
NARROWEST: Final = 12
"""Of a column of prose; where there is less room than that for each, rows are stacked."""
LONGEST_WORD: Final = 40
"""Words up to here are never cut; longer ones are, unless they are ids."""

# UUIDs, digests, and public keys of the C2SP signed-note form
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{12,}|\+[0-9a-f]{8}\+")


def plain(text: str, style: str = "") -> Text:
    """Return `text` on one line, what is unsafe spelled out, and no markup: names and titles come from strangers."""
    return Text(show(text), style=style)


def made_safe(text: Text) -> Text:
    """Return `text` as it is when it is safe to print, else spelled out; its own ends of lines stay."""
    lines = text.plain.split("\n")
    if all(map(is_safe, lines)):
        return text
    return Text("\n", end=text.end).join(plain(line, str(text.style)) for line in lines)


class Listing(Table):
    """A table whose cells are texts; strings are taken as strangers' text. Facts are two columns without names."""

    def add_row(self, *cells: str | Text, **_: object) -> None:  # type: ignore[override]  # texts are all we print
        """Add a row; missing cells are empty."""
        super().add_row(*(plain(cell) if isinstance(cell, str) else made_safe(cell) for cell in cells))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines that fit where this is printed."""
        yield from (_uncut(line) for line in self._lines(console, options.max_width, framed=console.is_terminal))

    def _lines(self, console: Console, room: int, *, framed: bool) -> Iterator[Text]:
        heads = [str(column.header) for column in self.columns]
        cells = [[_as_text(cell) for cell in column.cells] for column in self.columns]
        rows = [list(row) for row in zip(*cells, strict=True)]
        if room >= UNBOUNDED:
            rows = [[Text("; ").join(cell.split("\n")) for cell in row] for row in rows]
        if self.title:
            yield Text(str(self.title), style="bold")
        widths = self._widths(heads, rows, room)
        if widths is None and not any(heads):  # facts, each with its name before it
            yield from _stack(console, [row[0].plain for row in rows], [[row[1] for row in rows]], room)
        elif widths is None:
            yield from _stack(console, heads, rows, room)
        else:
            if any(heads):
                yield from _align(console, [[Text(head, style="dim") for head in heads]], widths)
            if framed and any(heads):
                yield Text("─" * (sum(widths) + GAP * (len(widths) - 1)), style="dim")
            yield from _align(console, rows, widths)

    def _widths(self, heads: Sequence[str], rows: Sequence[Sequence[Text]], room: int) -> list[int] | None:
        """Return how wide each column is, or None where they do not fit side by side."""
        wanted, least = [], []
        for at, (head, column) in enumerate(zip(heads, self.columns, strict=True)):
            lines = [line for row in rows for line in row[at].plain.split("\n")]
            inner = max(map(cell_len, lines), default=0)
            full = max(inner, cell_len(head))
            words = max((_least_width(word) for line in (*lines, head) for word in line.split()), default=0)
            narrow = max(words, min(inner, NARROWEST), min(full, column.min_width or 0))
            wanted.append(full)
            least.append(full if column.no_wrap else narrow)
        spare = room - sum(least) - GAP * (len(least) - 1)
        if spare < 0:
            return None
        for left, at in enumerate(sorted(range(len(least)), key=lambda at: wanted[at] - least[at])):
            given = min(wanted[at] - least[at], spare // (len(least) - left))
            least[at] += given
            spare -= given
        return least


def _align(console: Console, rows: Sequence[Sequence[Text]], widths: Sequence[int]) -> Iterator[Text]:
    for row in rows:
        parts = [cell.wrap(console, width, overflow="fold") for cell, width in zip(row, widths, strict=True)]
        for number in range(max(1, *map(len, parts))):
            line = Text()
            for part, width in zip(parts, widths, strict=True):
                piece = part[number].copy() if number < len(part) else Text()
                piece.rstrip()
                line.append_text(piece)
                line.append(" " * (width + GAP - cell_len(piece.plain)))
            line.rstrip()
            yield line


def _stack(console: Console, heads: Sequence[str], rows: Sequence[Sequence[Text]], room: int) -> Iterator[Text]:
    """Yield one line a cell, its column's name before it; a blank line parts two rows."""
    margin = max(map(cell_len, heads)) + GAP
    for number, row in enumerate(rows):
        if number:
            yield Text()
        for head, cell in zip(heads, row, strict=True):
            if not cell.plain:
                continue
            longest = max((_least_width(word) for word in cell.plain.split()), default=0)
            indent = margin if max(longest, NARROWEST) <= room - margin else GAP
            if indent == GAP and head:
                yield Text(head, style="dim")
            ids = max((cell_len(word) for word in cell.plain.split() if _ID.search(word)), default=1)
            for at, part in enumerate(cell.wrap(console, max(room - indent, ids), overflow="fold")):
                label = head if at == 0 and indent == margin else ""
                part.rstrip()
                yield Text.assemble((label, "dim"), " " * (indent - cell_len(label)), part)


def _least_width(word: str) -> int:
    width = cell_len(word)
    return width if _ID.search(word) else min(width, LONGEST_WORD)


def _as_text(cell: object) -> Text:
    return cell if isinstance(cell, Text) else plain(str(cell))


def _uncut(line: Text) -> Text:
    line.no_wrap, line.overflow = True, "ignore"
    return line
