"""Ledger entries as rows of a file: JSON lines, CSV or Parquet, each enough to rebuild the very bytes that were hashed.

JSON lines: canonical JSON, what opens the leaf, with its index and hash. CSV: safe to open in a spreadsheet. Parquet:
typed.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from provenance.errors import MissingExtraError, VerificationError
from provenance.ledger.canonical import canonical_text
from provenance.ledger.entry import ENTRY_VERSION, MAX_ENTRY_BYTES, PLAIN_VERSION, LedgerEntry, format_time
from provenance.text import escape_as_json, respell

OLD_COLUMNS: Final = ("index", "created_at", "kind", "subject", "key", "leaf_hash", "body")
"""Of exports that versions before 0.7 made."""
COLUMNS: Final = (*OLD_COLUMNS, "salt")

# OWASP, CSV injection: cells that begin with one of these are formulas to a spreadsheet, the full-width forms too. The
# apostrophe is ours: it is what guards, so a cell that begins with one is guarded as well and reading can undo it.
_GUARDED: Final = tuple("=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20")
_LINE_LIMIT: Final = 8 * MAX_ENTRY_BYTES
_PARQUET_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class RowFormat:
    """A file format for entries.

    Attributes:
        name: as on the command line.
        write: entries to a file that does not exist yet.
        read: a file to its entries; raises VerificationError, naming the row, for what is no row.
        is_text: read by Python alone, so that a file which the log did not sign can be read to say where it differs.
    """

    name: str
    write: Callable[[Path, Iterable[LedgerEntry]], None]
    read: Callable[[Path], Iterator[LedgerEntry]]
    is_text: bool = True


def write_jsonl(path: Path, entries: Iterable[LedgerEntry]) -> None:
    """Write one canonical JSON object a line."""
    with path.open("xb") as file:
        for entry in entries:
            file.write(b'{"body":' + entry.body + b"," + _line_tail(entry) + b"\n")


def read_jsonl(path: Path) -> Iterator[LedgerEntry]:
    """Yield the entries of a file of JSON lines."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LINE_LIMIT):
            number += 1
            with _row(path, number):
                yield _parse_line(line)


def write_csv(path: Path, entries: Iterable[LedgerEntry]) -> None:
    """Write a header and one quoted line an entry.

    A cell that a spreadsheet would run starts with an apostrophe; in bodies, what is unsafe to show is a JSON escape.
    """
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(COLUMNS)
        for entry in entries:
            cells = {**_texts(entry), "index": str(entry.index), "leaf_hash": entry.leaf_hash.hex()}
            cells["body"] = respell(cells["body"], escape_as_json)
            writer.writerow([guard_cell(cells[name]) for name in COLUMNS])


def read_csv(path: Path) -> Iterator[LedgerEntry]:
    """Yield the entries of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        number, columns = 0, tuple[str, ...]()
        lines = csv.reader(file, strict=True)
        while True:
            with _row(path, number):
                cells = next(lines, None)
                if cells is None and number:
                    return
                if number == 0:
                    columns = tuple(cells or ())
                    if columns not in {COLUMNS, OLD_COLUMNS}:
                        raise ValueError(f"columns {', '.join(COLUMNS)}")
                else:
                    yield _parse_cells(dict(zip(columns, map(unguard_cell, cells or []), strict=True)))
            number += 1


def write_parquet(path: Path, entries: Iterable[LedgerEntry]) -> None:
    """Write typed columns: 64-bit index, time in UTC, 32-byte hash, the rest as text.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    pa, pq = _pyarrow()
    types = {"index": pa.int64(), "created_at": pa.timestamp("ms", tz="UTC"), "leaf_hash": pa.binary(32)}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
    rest = iter(entries)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(rest, _PARQUET_BATCH)):
            columns = [{**_texts(entry), "index": entry.index, "leaf_hash": entry.leaf_hash} for entry in batch]
            for cells in columns:
                cells["created_at"] = datetime.fromisoformat(cells["created_at"])
            writer.write_table(pa.Table.from_pylist(columns, schema=schema))


def read_parquet(path: Path) -> Iterator[LedgerEntry]:
    """Yield the entries of a Parquet file.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    pa, pq = _pyarrow()
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            if tuple(file.schema_arrow.names) not in {COLUMNS, OLD_COLUMNS}:
                raise VerificationError(f"{path.name} has not the columns {', '.join(COLUMNS)}", codes=("export.row",))
            for batch in file.iter_batches(_PARQUET_BATCH):
                for cells in batch.to_pylist():
                    number += 1
                    with _row(path, number):
                        moment = format_time(cells["created_at"])
                        yield _build({**cells, "created_at": moment}, _parse_body(cells["body"]))
    except (pa.ArrowException, OSError, ValueError) as exc:
        raise VerificationError(f"{path.name} is not a whole Parquet file", codes=("export.row",)) from exc


def guard_cell(text: str) -> str:
    """Return `text` so that a spreadsheet shows it instead of running it."""
    return f"'{text}" if text.startswith(_GUARDED) else text


def unguard_cell(cell: str) -> str:
    """Return what `guard_cell` was given."""
    return cell.removeprefix("'")


FORMATS: Final[Mapping[str, RowFormat]] = {
    "jsonl": RowFormat("jsonl", write_jsonl, read_jsonl),
    "csv": RowFormat("csv", write_csv, read_csv),
    "parquet": RowFormat("parquet", write_parquet, read_parquet, is_text=False),
}
"""By name, which is also the file's suffix."""


@contextmanager
def _row(path: Path, number: int) -> Iterator[None]:
    """Turn whatever is wrong with a row into an error that names the row."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, csv.Error) as exc:
        message = f"{path.name} row {number} is no ledger entry: {exc}"
        raise VerificationError(message, codes=("export.row",)) from exc


def _line_tail(entry: LedgerEntry) -> bytes:
    """Return what follows the body on the entry's line."""
    salted, version = (f'"salt":"{entry.salt.hex()}",', ENTRY_VERSION) if entry.salt else ("", PLAIN_VERSION)
    rest = (
        f'"created_at":{canonical_text(entry.created_at)},"index":{entry.index},"key":{canonical_text(entry.key)},'
        f'"kind":{canonical_text(entry.kind)},"leaf_hash":"{entry.leaf_hash.hex()}",'
        f'{salted}"subject":{canonical_text(entry.subject)},"v":{version}}}'
    )
    return rest.encode()


def _parse_line(line: bytes) -> LedgerEntry:
    fields = json.loads(line)
    entry = _build({**fields, "leaf_hash": bytes.fromhex(fields["leaf_hash"])}, b"")
    start, tail = b'{"body":', b"," + _line_tail(entry) + b"\n"
    if not (line.startswith(start) and line.endswith(tail)):
        raise ValueError("expected canonical JSON with the fields of an entry")
    return replace(entry, body=_parse_body(line[len(start) : -len(tail)].decode()))


def _parse_cells(named: Mapping[str, str]) -> LedgerEntry:
    if str(int(named["index"])) != named["index"]:
        raise ValueError("expected a plain decimal index")
    body = _parse_body(_ESCAPE.sub(_unescape, named["body"]))
    return _build({**named, "leaf_hash": bytes.fromhex(named["leaf_hash"])}, body)


# RFC 8785 s3.2.2.2: canonical JSON escapes nothing above U+001F but the quote and the backslash, so what is escaped
# beyond was escaped for the eye.
_ESCAPE: Final = re.compile(r"\\(?:(u(?:d[89ab][0-9a-f]{2}\\u)?[0-9a-f]{4})|.)")


def _unescape(found: re.Match[str]) -> str:
    units = [int(unit, 16) for unit in (found[1] or "u0000").removeprefix("u").split("\\u")]
    if units[0] < ord(" "):
        return found[0]
    return b"".join(unit.to_bytes(2, "big") for unit in units).decode("utf-16-be")


def _parse_body(text: str) -> bytes:
    """Return the body's bytes; a leaf is spliced from it, so it must be one object and nothing more."""
    if not isinstance(json.loads(text), dict):
        raise ValueError("expected a JSON object as body")  # noqa: TRY004 - caught where the row is named
    return text.encode()


def _build(fields: Mapping[str, Any], body: bytes) -> LedgerEntry:
    texts = {name: str(fields[name]) for name in ("kind", "subject", "key", "created_at")}
    salt = bytes.fromhex(fields.get("salt", ""))
    return LedgerEntry(index=int(fields["index"]), leaf_hash=bytes(fields["leaf_hash"]), body=body, salt=salt, **texts)


def _texts(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "created_at": entry.created_at,
        "kind": entry.kind,
        "subject": entry.subject,
        "key": entry.key,
        "body": entry.body.decode(),
        "salt": entry.salt.hex(),
    }


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as exc:
        raise MissingExtraError("Parquet needs the extra: pip install 'chopmark[export]'") from exc
    return pa, pq
