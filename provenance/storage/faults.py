"""Errors of disks, databases and blob stores in words: what failed, and what a person can do about it.

Foreign messages name SQL statements, Rust structures or nothing at all. They are sorted here, by what is to be done, at
the place where the foreign call is; of their own words the first line is kept, without secrets.
"""

import errno
import os
import re
from typing import Final

from provenance.errors import DatabaseDamagedError, DatabaseUnavailableError, ProvenanceError
from provenance.storage.scrubbing import redact

_FULL: Final = "the disk is full: make room there and try again; what was recorded is kept"
_READ_ONLY: Final = "nothing can be written there: see that the place is mounted for writing and that you may write"
_HELD: Final = "another process holds it for too long: try again when that has ended"
_RESTORE: Final = "restore it from a backup of the site (docs/storage.md)"
_UNREACHABLE: Final = "see that the address is right, that the network reaches it, and that it is up"

_BY_ERRNO: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: "the quota is used up: make room and try again; what was recorded is kept",
    errno.EFBIG: "the file would be larger than this process may write (ulimit -f)",
    errno.EROFS: _READ_ONLY,
    errno.EACCES: "you have no right to it: see who owns it",
    errno.EPERM: "you have no right to it: see who owns it",
    errno.EIO: "the disk failed: see the system's log",
    errno.EMFILE: "too many files are open: raise ulimit -n",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOENT: "it is not there",
    errno.ENAMETOOLONG: "its name is too long",
}

# What SQLite and PostgreSQL say, lower case, and what is to be done; the first that is found counts.
_DAMAGED: Final = ("malformed", "not a database", "no such table", "no such column", "is corrupt", "invalid page")
_BY_WORDS: Final = (
    (("disk is full", "no space left", "could not extend", "disk full"), _FULL),
    (("readonly database", "read-only"), _READ_ONLY),
    (("unable to open", "permission denied", "not authorized"), "see that it is there and that you may read and write"),
    (("locked", "busy", "could not obtain lock", "deadlock"), _HELD),
    (("disk i/o error", "input/output error"), "the disk failed or is full: see the system's log, make room"),
    (("password", "authentication", "role"), "see the user name and the password in the database url"),
    (("connection", "resolve", "timeout", "refused", "server"), _UNREACHABLE),
)

_OS_ERROR: Final = re.compile(r"os error (\d+)")
_STATUS: Final = re.compile(r"(?:status(?: code)?:? |server returned non-2xx status code: )(\d{3})", re.IGNORECASE)


def describe_os_error(error: OSError) -> str:
    """Return what the system said, and what to do, in one line without a name of a file."""
    said = (error.strerror or (os.strerror(error.errno) if error.errno else str(error))).lower()
    hint = _BY_ERRNO.get(error.errno or 0)
    return redact(f"{said}: {hint}" if hint and hint not in said else said)


def translate_database_error(error: Exception, where: str) -> ProvenanceError:
    """Return the error of ours that tells what a driver's error means.

    Args:
        error: of SQLAlchemy or of the driver; its statement and parameters are not shown.
        where: the database, without secrets.
    """
    cause = getattr(error, "orig", None) or error
    said = redact((str(cause).strip().splitlines() or [type(cause).__name__])[0])
    words = str(cause).lower()
    if any(word in words for word in _DAMAGED):
        return DatabaseDamagedError(f"{where} is damaged or of another kind ({said}): {_RESTORE}")
    hint = next((hint for known, hint in _BY_WORDS if any(word in words for word in known)), _UNREACHABLE)
    return DatabaseUnavailableError(f"{where} cannot be used now ({said}): {hint}")


def describe_store_error(error: Exception) -> str:
    """Return what a blob store's error means, in one line: what was said first, and what to do."""
    if isinstance(error, OSError) and error.strerror:
        return describe_os_error(error)
    text = str(error).strip() or type(error).__name__
    number = _OS_ERROR.search(text)
    if number:
        return describe_os_error(OSError(int(number[1]), ""))
    said = redact(re.split(r"\n|Debug source", text)[0].strip())[:300]
    status = _STATUS.search(text)
    if status and status[1] in {"401", "403"}:
        return f"{said}: see the credentials in the environment, and what they may do"
    if status and status[1] == "404":
        return f"{said}: see that the bucket is there"
    return f"{said}: {_UNREACHABLE}" if "error" in said.lower() else said
