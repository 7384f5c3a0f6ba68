"""Where a command's files go: the one rule that every verb follows which writes some.

An output is exactly the path asked for. A path that ends in a slash, is a folder, or has no ending, is a folder; what
goes there is named after what it was made from. ``-`` is standard output, for one file. An ending has to fit the type
that ships. What lies there already is never replaced unless ``--force`` says so, an input of the same command never at
all, and neither is anything that is no file. All of this is checked before the work begins.
"""

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Final
from unicodedata import normalize

import typer

from api.console import CommandUsageError, FileAccessError
from api.durable import verify_writable, write_whole
from provenance.asset import Digest, MediaType
from provenance.media.sniff import find_named_type
from provenance.storage.blob import Blob

OUT_HELP: Final = "File, FOLDER/ or - for standard output."
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there already; never an input.")]
"""The flag of every verb that writes files."""

# Of most file systems, in bytes; the folder itself is asked before anything is written.
_NAME_LIMIT: Final = 255
# What marks and labels add to a file at most, as a share, and the manifest: for the look at the room that is left.
_GROWTH: Final = 4
_OWN_BYTES: Final = 64 << 10
# Room for "-999" beside the shortened name.
_NUMBER_ROOM: Final = 4

Identity = tuple[int, int]
"""Device and inode: what a file is, whatever links and spellings lead to it."""


class _Kind(Enum):
    NOWHERE = "nowhere"
    STREAM = "stream"
    FILE = "file"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one file goes.

    Attributes:
        path: None for nowhere, or for standard output.
        is_stream: it goes to standard output.
        replace: what lies there may be replaced.
        media_type: that its name was chosen for; None where any will do, or where it is not known yet.
        inputs: what must never be replaced.
    """

    path: Path | None = None
    is_stream: bool = False
    replace: bool = False
    media_type: MediaType | None = None
    inputs: frozenset[Identity] = frozenset()

    @property
    def is_wanted(self) -> bool:
        """Whether the file goes anywhere."""
        return self.is_stream or self.path is not None

    def verify(self, size_bytes: int) -> None:
        """Check that a file of about `size_bytes` can be written here; nothing is made.

        Raises:
            FileAccessError: it cannot, or something lies there that may not be replaced.
        """
        if self.path is None:
            return
        try:
            self._verify_free(self.path)
            verify_writable(self.path, size_bytes + size_bytes // _GROWTH + _OWN_BYTES)
        except OSError as exc:
            raise _unwritable(self.path, exc) from exc

    def verify_no_input(self) -> None:
        """Check that this is nothing that the command reads, by whatever link or spelling.

        Raises:
            FileAccessError: it is.
        """
        with suppress(OSError, ValueError):  # what is not there is no input
            if self.path is not None and _leads_to(self.path, self.path.lstat()) & self.inputs:
                raise FileAccessError(
                    f"{self.path} is what this command reads: it is never replaced, name another output"
                )

    def verify_type(self, media_type: MediaType) -> None:
        """Check that the name fits what ships.

        Raises:
            CommandUsageError: it says another type.
        """
        if self.path is not None and self.media_type not in {None, media_type}:
            raise _misnamed(str(self.path), media_type)
        if self.path is not None and self.media_type is None:
            _verify_ending(str(self.path), media_type)

    def holds(self, file: Blob) -> bool:
        """Say whether exactly what is in `file` lies here already, in a file that is no input."""
        try:
            if self.path is None or self.path.lstat().st_size != file.size_bytes:
                return False
        except OSError:
            return False
        return self.find_digest() == file.sha256

    def find_digest(self) -> Digest | None:
        """Return the digest of the file that lies here already; None where none does, or it is an input or a link."""
        if self.path is None:
            return None
        try:
            found = self.path.lstat()
            if not stat.S_ISREG(found.st_mode) or _identify(found) in self.inputs:
                return None
            with self.path.open("rb") as there:
                return Digest(file_digest(there, "sha256").hexdigest())
        except OSError:
            return None

    def write(self, data: bytes | Blob) -> str:
        """Write the file and return where, ``-`` for standard output, or "" when it is wanted nowhere.

        Raises:
            FileAccessError: it cannot be written; nothing is left behind.
        """
        if self.is_stream:
            _write_stream((data,) if isinstance(data, bytes) else data.parts())
            return "-"
        if self.path is None:
            return ""
        try:
            self._verify_free(self.path)
            write_whole(self.path, data, replace=self.replace)
        except OSError as exc:
            raise _unwritable(self.path, exc) from exc
        return str(self.path)

    def write_beside(self, manifest: bytes) -> None:
        """Write a manifest that is not in the file beside it, as FILE.c2pa, where verification looks for it.

        Raises:
            FileAccessError: it cannot be written.
        """
        if self.path is not None:
            beside = self.path.with_name(f"{self.path.name}.c2pa")
            with telling_os_errors(beside):
                write_whole(beside, manifest, replace=True)

    def _verify_free(self, path: Path) -> None:
        """Refuse what may not be replaced."""
        try:
            there = path.lstat()
        except FileNotFoundError:
            return
        self.verify_no_input()
        if not (stat.S_ISREG(there.st_mode) or stat.S_ISLNK(there.st_mode)):
            raise FileAccessError(f"{path} is there already and no file: name another output, or - for a pipe")
        if not self.replace:
            raise FileAccessError(f"{path} is there already: --force replaces it, or name another output")


NOWHERE: Final = Place()
"""For what is wanted nowhere beside the public store."""


@dataclass(slots=True)
class Output:
    """What ``-o`` of one command means; made by `parse_output`.

    Attributes:
        asked: as typed.
        is_folder: files are named after what they were made from.
        is_stream: standard output is taken: tables and hints go to standard error.
    """

    asked: str
    _kind: _Kind
    _replace: bool
    _inputs: frozenset[Identity]
    _taken: set[str] = field(default_factory=set)

    @property
    def is_wanted(self) -> bool:
        """Whether files go anywhere."""
        return self._kind is not _Kind.NOWHERE

    @property
    def is_folder(self) -> bool:
        """Whether files are named after what they were made from."""
        return self._kind is _Kind.FOLDER

    @property
    def is_stream(self) -> bool:
        """Whether standard output is taken."""
        return self._kind is _Kind.STREAM

    def choose(self, name: str, media_type: MediaType | None = None, *, suffix: str = "") -> Place:
        """Return the place of one file; of two with one name, the second gets a number.

        Args:
            name: of what it was made from; used in a folder only.
            media_type: that ships, or None when it is not known yet, or when any name will do.
            suffix: of the name in a folder, where there is no media type.

        Raises:
            CommandUsageError: the ending of the path asked for says another type; the message names the right one.
            FileAccessError: it is an input of the same command.
        """
        if self._kind is _Kind.NOWHERE:
            return NOWHERE
        if self._kind is _Kind.STREAM:
            return Place(is_stream=True, media_type=media_type)
        if self._kind is _Kind.FILE:
            if media_type is not None:
                _verify_ending(self.asked, media_type)
            path = Path(self.asked)
        else:
            suffix = media_type.extension if media_type else suffix
            path = Path(self.asked) / self._choose_name(name, suffix)
        place = Place(_settle(path), replace=self._replace, media_type=media_type, inputs=self._inputs)
        place.verify_no_input()
        return place

    def _choose_name(self, name: str, suffix: str) -> str:
        stem = Path(name.replace("\0", "")).stem or "picture"
        number = 1
        while True:
            tail = suffix if number == 1 else f"-{number}{suffix}"
            chosen = _shorten(stem, _NAME_LIMIT - len(tail) - (_NUMBER_ROOM if number > 1 else 0)) + tail
            # Some file systems keep one name for both spellings, of case or of accents.
            key = normalize("NFC", chosen).casefold()
            if key not in self._taken:
                self._taken.add(key)
                return chosen
            number += 1


def parse_output(
    asked: str | None,
    *,
    inputs: Iterable[str] = (),
    several: bool = False,
    force: bool = False,
    any_ending: bool = False,
) -> Output:
    """Return what ``-o`` means.

    Args:
        asked: as typed; None where it was not given.
        inputs: paths that the command reads, ``-`` for standard input.
        several: whether more than one file may come.
        force: whether files that are there may be replaced.
        any_ending: what comes is no picture: a path without an ending is a file, too.

    Raises:
        CommandUsageError: several files cannot go there, or it names nothing.
    """
    kind = _Kind.NOWHERE if asked is None else _find_kind(asked, several=several, any_ending=any_ending)
    identities = frozenset(one for path in inputs for one in _identities_of(path))
    return Output(asked or "", kind, force, identities)


@contextmanager
def telling_os_errors(path: Path) -> Iterator[None]:
    """Say of a folder that a library fills what `Place.write` says of a file.

    Raises:
        FileAccessError: it cannot be written.
    """
    try:
        yield
    except OSError as exc:
        raise _unwritable(path, exc) from exc


def _find_kind(asked: str, *, several: bool, any_ending: bool) -> _Kind:
    if not asked or "\0" in asked:
        raise CommandUsageError("expected a file, a folder or - after -o, got nothing")
    if asked == "-":
        if several:
            raise CommandUsageError("standard output takes one file, got several: -o FOLDER/")
        if sys.stdout.isatty():
            raise CommandUsageError("standard output is a terminal, not a pipe: chopmark ... -o - > FILE, or -o FILE")
        return _Kind.STREAM
    last = asked.rpartition("/")[2]
    # Of os.path: pathlib's own raise for a name that is too long.
    is_there, is_folder = os.path.lexists(asked.rstrip("/") or "/"), os.path.isdir(asked)  # noqa: PTH112
    if last in {"", ".", ".."} or is_folder:
        if is_there and not is_folder:
            raise CommandUsageError(f"{asked} is there already and no folder: name another output")
        return _Kind.FOLDER
    if several and (is_there or Path(asked).suffix):
        folder = Path(asked).with_suffix("")
        raise CommandUsageError(f"several files need a folder, {asked} is the name of a file: -o {folder}/")
    if any_ending or Path(asked).suffix:
        return _Kind.FILE
    if is_there:
        raise CommandUsageError(
            f"{asked} is there already, and no folder: expected a name with an ending, such as {asked}.png, or a folder"
        )
    return _Kind.FOLDER


def _verify_ending(asked: str, media_type: MediaType) -> None:
    if Path(asked).suffix.lower() != media_type.extension and find_named_type(asked) is not media_type:
        raise _misnamed(asked, media_type)


def _misnamed(asked: str, media_type: MediaType) -> CommandUsageError:
    path = Path(asked)
    if find_named_type(asked) is None:
        right = f"{asked}{media_type.extension} for a file, {asked}/ for a folder"
    else:
        right = str(path.with_suffix(media_type.extension))
    return CommandUsageError(
        f"{asked} does not fit: this ships as {media_type.value} and never under the name of another type: -o {right}"
    )


def _settle(path: Path) -> Path:
    """Return a path that leads now where it leads once its folders are made: ``new/..`` is the folder above."""
    if ".." in path.parts and not path.parent.exists():
        return Path(os.path.realpath(path.parent)) / path.name
    return path


def _shorten(stem: str, most: int) -> str:
    """Return `stem` within `most` bytes, cut between characters."""
    while len(os.fsencode(stem)) > most:
        stem = stem[:-1]
    return stem


def _identities_of(path: str) -> frozenset[Identity]:
    try:
        if path == "-":  # a file that the shell opened is an input like one that is named
            return frozenset({_identify(os.fstat(sys.stdin.fileno()))})
        return frozenset({_identify(os.stat(path)), _identify(os.lstat(path))})  # noqa: PTH116 - any name will do
    except (OSError, ValueError):
        return frozenset()  # what cannot be read is told when it is read


def _leads_to(path: Path, there: os.stat_result) -> set[Identity]:
    """Return what would be lost: what lies there, and what a link there leads to."""
    found = {_identify(there)}
    with suppress(OSError):  # a link that leads nowhere
        found.add(_identify(path.stat()))
    return found


def _identify(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino


def _unwritable(path: Path, exc: OSError) -> FileAccessError:
    if isinstance(exc, FileExistsError):
        return FileAccessError(f"{path} is there already: --force replaces it, or name another output")
    return FileAccessError(f"cannot write {path}: {(exc.strerror or str(exc)).lower()}")


def _write_stream(parts: Iterable[bytes]) -> None:
    try:
        sys.stdout.buffer.writelines(parts)
        sys.stdout.buffer.flush()
    except OSError as exc:
        raise FileAccessError(f"cannot write to standard output: {(exc.strerror or str(exc)).lower()}") from exc
