"""An export as one file: a ZIP of its folder, and the way back, which trusts nothing that the ZIP says."""

import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from policies.audit.exporting import Order, write_export
from policies.audit.source import Holder
from provenance.errors import LedgerError, VerificationError
from provenance.ledger.attachments import list_files
from provenance.ledger.export import ExportManifest

ENDING: Final = ".zip"
MEDIA_TYPE: Final = "application/zip"

MOST_FILES: Final = 200_000
MOST_UNPACKED_BYTES: Final = 64 << 30
"""Bounds on what is unpacked."""

# ZIP keeps no time before this one; the same export gives the same bytes.
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_CHUNK: Final = 1 << 20


def write_to(here: Holder, order: Order, out: Path, *, tell: Callable[[int], None] | None = None) -> ExportManifest:
    """Carry out an order into a folder, or into a ZIP where `out` ends in .zip; it appears whole or not at all.

    Raises:
        LedgerError: something is there already.
        PolicyError: see `verify_order`.
    """
    if out.suffix.lower() != ENDING:
        return write_export(here, order, out, tell=tell)
    if out.exists():
        raise LedgerError(f"an export overwrites nothing, and {out} is there: name another file")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".chopmark-", suffix=".part", dir=out.parent) as folder:
        manifest = write_export(here, order, Path(folder) / "export", tell=tell)
        packed = Path(folder) / "packed"
        pack(Path(folder) / "export", packed)
        packed.replace(out)
    return manifest


def pack(folder: Path, path: Path) -> None:
    """Write a ZIP of everything in `folder` to `path`, which must not exist."""
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for name in list_files(folder):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            with (folder / name).open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, _CHUNK)


@contextmanager
def unpacking(path: Path) -> Iterator[Path]:
    """Give the folder of an export: `path` itself, or what is in the ZIP at `path`, for as long as the block lasts.

    Raises:
        VerificationError: it is no ZIP, a name in it leads outside, or it holds more than any export.
    """
    if not path.is_file():
        yield path
        return
    with TemporaryDirectory(prefix="chopmark-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, Path(folder))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as exc:
            raise VerificationError(f"{path.name} is no ZIP of an export", codes=("export.format",)) from exc
        yield Path(folder)


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES:
        raise VerificationError("the ZIP holds more than any export", codes=("export.format",))
    for entry in entries:
        target = (folder / entry.filename).resolve()
        if not target.is_relative_to(folder.resolve()) or target.exists():
            raise VerificationError("a name in the ZIP leads outside, or stands there twice", codes=("export.format",))
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as source, target.open("xb") as file:
            left = entry.file_size
            while chunk := source.read(min(_CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    raise VerificationError("the ZIP holds more than it says", codes=("export.format",))
                file.write(chunk)
