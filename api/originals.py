"""Which originals a person means: files, folders of them, and lists in CSV; each with its title, owner and bank.

A list has a header with a column ``file``, and any of ``title``, ``owner``, ``bank`` and ``id``; what it leaves open is
as the command line says. Paths in it begin at the list's own folder. It is read as spreadsheets write it: separated by
commas, semicolons or tabs, in UTF-8 or, with a byte order mark, UTF-16.
"""

import codecs
import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from api.console import CommandUsageError, FileAccessError, read_input
from provenance.errors import GateError
from provenance.ledger.canonical import Json
from provenance.media.sniff import find_named_type
from provenance.works.intake import TITLE_LIMIT
from provenance.works.naming import build_title

MOST_LIST_BYTES: Final = 256 << 20

LISTS: Final = frozenset({".csv", ".tsv"})
"""Endings of lists."""

CLIPS: Final = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv"})
"""Endings of clips, which a site takes that has the medium."""

SOUNDS: Final = frozenset({".wav", ".flac", ".mp3", ".m4a", ".ogg", ".oga", ".opus"})
"""Endings of sound, the same."""

COLUMNS: Final = ("file", "title", "owner", "bank", "id")

_DELIMITERS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class Original:
    """One picture that is to be registered.

    Attributes:
        path: of the file; ``-`` for standard input.
        title, owner, bank: as stated; the title is the file's name otherwise.
        work_id: of the owner's own, or "".
        claim: whatever the owner states.
        error: why it cannot be registered.
    """

    path: str
    title: str = ""
    owner: str = ""
    bank: str = "works"
    work_id: str = ""
    claim: Mapping[str, Json] = field(default_factory=dict)
    error: GateError | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """What was found.

    Attributes:
        originals: in the order of the arguments; folders by name.
        notes: what was passed over, for a person.
    """

    originals: tuple[Original, ...]
    notes: tuple[str, ...] = ()


def list_originals(arguments: Iterable[str], stated: Original) -> Listed:
    """Return every original that the arguments name.

    Args:
        arguments: files, folders, lists that end in ``.csv`` or ``.tsv``, or ``-``.
        stated: what the command line says of all of them.

    Raises:
        CommandUsageError: a list cannot be read as one, or has no column ``file``.
    """
    found: list[Original] = []
    notes: list[str] = []
    for path in arguments:
        if os.path.isdir(path):  # noqa: PTH112 - pathlib raises for a name that is too long
            found += _list_folder(path, stated, notes)
        elif Path(path).suffix.lower() in LISTS:
            found += _read_list(path, stated, notes)
        else:
            found.append(replace(stated, path=path, title=stated.title or _title_of(path)))
    return Listed(tuple(found), tuple(notes))


def _title_of(path: str) -> str:
    return "untitled" if path == "-" else build_title(Path(path).stem, TITLE_LIMIT)


def _list_folder(folder: str, stated: Original, notes: list[str]) -> Iterator[Original]:
    """Yield the pictures below a folder, by name; hidden ones, other types, pipes and devices are passed over."""
    troubles: list[OSError] = []
    taken, passed = 0, 0
    for where, folders, files in os.walk(folder, onerror=troubles.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.startswith(".") or not _may_be_original(name) or _would_wait(Path(where) / name):
                passed += 1
                continue
            taken += 1
            yield replace(stated, path=str(Path(where) / name), title=_title_of(name))
    for trouble in troubles:
        error = FileAccessError(f"cannot read {trouble.filename}: {(trouble.strerror or str(trouble)).lower()}")
        yield replace(stated, path=str(trouble.filename), error=error)
    if not taken and not troubles:
        yield replace(stated, path=folder, error=FileAccessError(f"there is no picture in {folder}"))
    elif passed:
        notes.append(f"{folder}: {passed} other {'file was' if passed == 1 else 'files were'} passed over")


def _may_be_original(name: str) -> bool:
    return find_named_type(name) is not None or Path(name).suffix.lower() in CLIPS | SOUNDS


def _would_wait(path: Path) -> bool:
    """Return whether `path` is a pipe, socket or device, which may never end; a link into nothing is an error later."""
    return path.exists() and not path.is_file()


def _read_list(path: str, stated: Original, notes: list[str]) -> Iterator[Original]:
    text = _decode(path, read_input(path, most_bytes=MOST_LIST_BYTES))
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = {name: (name or "").strip().casefold() for name in reader.fieldnames or ()}
        _verify_columns(path, tuple(names[name] for name in reader.fieldnames or ()), notes)
        for row in reader:
            cells = {names[key]: (value or "").strip() for key, value in row.items() if key is not None}
            yield _build_original(path, reader.line_num, cells, stated, is_whole=None not in row)
    except csv.Error as exc:
        raise CommandUsageError(f"{path}, line {reader.line_num}: not CSV: {exc}") from exc


def _decode(path: str, data: bytes) -> str:
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data[: exc.start].count(b"\n") + 1
        raise CommandUsageError(f"{path}, line {line}: expected UTF-8 text: save the list as CSV in UTF-8") from exc


def _verify_columns(path: str, names: tuple[str, ...], notes: list[str]) -> None:
    """Refuse a header without files, and one with a column that looks like a known one by another name."""
    others = [name for name in names if name and name not in COLUMNS]
    for name in others:
        if near := get_close_matches(name, set(COLUMNS) - set(names), n=1, cutoff=0.75):
            raise CommandUsageError(f"{path}, line 1: no column is called {name!r}, did you mean {near[0]!r}?")
    if "file" not in names:
        got = ", ".join(name for name in names if name) or "none"
        raise CommandUsageError(f"{path}, line 1: expected a header out of {', '.join(COLUMNS)}, file first; got {got}")
    named = [name for name in names if name]
    if len(set(named)) < len(named):
        raise CommandUsageError(f"{path}, line 1: a column comes twice")
    if others:
        notes.append(f"{path}: columns passed over: {', '.join(others)}")


def _build_original(path: str, line: int, cells: Mapping[str, str], stated: Original, *, is_whole: bool) -> Original:
    error: GateError | None = None
    if not is_whole:
        error = CommandUsageError(f"{path}, line {line}: more cells than columns")
    elif not cells.get("file"):
        error = CommandUsageError(f"{path}, line {line}: no file")
    file = str(Path(path).parent / cells.get("file", ""))
    return Original(
        path=file if error is None else f"{path}:{line}",
        title=cells.get("title") or _title_of(file),
        owner=cells.get("owner") or stated.owner,
        bank=cells.get("bank") or stated.bank,
        work_id=cells.get("id", ""),
        error=error,
    )
