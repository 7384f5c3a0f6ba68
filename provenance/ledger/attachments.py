"""What goes with an export besides its rows: files that the log signs by their digests.

A row is proven to be in the log. An attachment is only what whoever exported it says of the rows, signed with the log's
key, so that nobody can change it afterwards.
"""

from hashlib import file_digest
from pathlib import Path
from re import compile as compile_pattern
from typing import Final

from pydantic import BaseModel, ConfigDict, field_validator

from provenance.errors import VerificationError

# No dot first, so that no name climbs out of the folder.
_SEGMENT: Final = r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,199}"
_NAME: Final = compile_pattern(rf"{_SEGMENT}(?:/{_SEGMENT}){{0,4}}")

MOST_UNSIGNED: Final = 20
"""Names of unsigned files that are told."""


class Attachment(BaseModel):
    """One file beside the rows.

    Attributes:
        file: below the export's folder, with / between folders.
        sha256: of the file, hexadecimal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    file: str
    sha256: str

    @field_validator("file")
    @classmethod
    def _stays_inside(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError("expected the name of a file below the export's folder")
        return name


def list_files(folder: Path) -> list[str]:
    """Return the names of all files below `folder`, in order."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def build_attachments(folder: Path, rows: frozenset[str]) -> list[Attachment]:
    """Return every file in `folder` that is not one of the export's own `rows` and proofs."""
    names = [name for name in list_files(folder) if name not in rows and not name.startswith("proofs/")]
    return [Attachment(file=name, sha256=digest_file(folder / name)) for name in names]


def verify_attachments(folder: Path, attachments: list[Attachment]) -> None:
    """Check each attachment against the digest that the log signed.

    Raises:
        VerificationError: one is missing, changed, or no plain file.
    """
    for one in attachments:
        path = folder / one.file
        if path.is_symlink() or not path.is_file():
            raise VerificationError(f"{one.file} is missing", codes=("export.missing",))
        if digest_file(path) != one.sha256:
            message = f"{one.file} is not the file that the log signed: it was changed"
            raise VerificationError(message, codes=("export.attachment",))


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
