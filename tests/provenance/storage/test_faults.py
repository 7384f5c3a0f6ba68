"""Foreign errors in words: what failed and what to do, nothing of statements, structures or secrets."""

import errno
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from provenance.errors import DatabaseDamagedError, DatabaseUnavailableError
from provenance.storage.faults import describe_os_error, describe_store_error, translate_database_error

RUST = """Generic S3 error: Error performing PUT http://k:s@host:1/b/x?X-Amz-Signature=1 in 2s - HTTP error: connection refused

Debug source:
Generic { store: "S3", source: RetryError(RetryErrorImpl { method: PUT, uri: Some(http://k:s@host) }) }"""


@pytest.mark.parametrize(("number", "said"), [
    (errno.ENOSPC, "no space left on device: the disk is full: make room"),
    (errno.EROFS, "nothing can be written there"),
    (errno.EACCES, "you have no right to it"),
    (errno.EMFILE, "raise ulimit -n"),
    (errno.EIO, "the disk failed"),
    (errno.ENOTDIR, "not a directory"),
])  # fmt: skip
def test_errors_of_the_system_say_what_to_do(number, said):
    assert said in describe_os_error(OSError(number, ""))


def test_an_error_without_a_number_is_told_as_it_is():
    assert describe_os_error(OSError("Odd")) == "odd"


@pytest.mark.parametrize(("words", "kind", "said"), [
    ("database or disk is full", DatabaseUnavailableError, "make room"),
    ("attempt to write a readonly database", DatabaseUnavailableError, "nothing can be written there"),
    ("unable to open database file", DatabaseUnavailableError, "see that it is there"),
    ("database is locked", DatabaseUnavailableError, "another process holds it"),
    ("disk I/O error", DatabaseUnavailableError, "the disk failed or is full"),
    ("database disk image is malformed", DatabaseDamagedError, "restore it from a backup"),
    ("file is not a database", DatabaseDamagedError, "restore it from a backup"),
    ("no such table: assets", DatabaseDamagedError, "restore it from a backup"),
    ('password authentication failed for user "x"', DatabaseUnavailableError, "the user name and the password"),
    ("connection refused", DatabaseUnavailableError, "see that the address is right"),
    ("something new", DatabaseUnavailableError, "see that the address is right"),
])  # fmt: skip
def test_errors_of_databases_say_what_to_do_and_no_statement(words, kind, said):
    error = OperationalError("INSERT INTO assets VALUES (?)", ("a secret prompt",), sqlite3.OperationalError(words))
    told = translate_database_error(error, "the database x.db")
    assert type(told) is kind
    assert "the database x.db" in str(told)
    assert said in str(told)
    assert words in str(told)
    assert "INSERT" not in str(told)
    assert "prompt" not in str(told)


def test_errors_of_stores_lose_their_debug_dump_and_their_secrets():
    said = describe_store_error(ValueError(RUST))
    assert said.startswith("Generic S3 error: Error performing PUT http://***@host:1/b/x?***")
    assert "see that the address is right" in said
    assert "Debug" not in said
    assert "\n" not in said


@pytest.mark.parametrize(("text", "said"), [
    ("Unable to copy data to file: No space left on device (os error 28)", "make room"),
    ("Server returned non-2xx status code: 403 Forbidden: <xml/>", "see the credentials"),
    ("Client error with status 404 Not Found", "404"),
    ("", "ValueError"),
])  # fmt: skip
def test_errors_of_stores_say_what_to_do(text, said):
    assert said in describe_store_error(ValueError(text))


def test_an_error_of_the_system_in_a_store_is_told_as_one():
    assert describe_store_error(PermissionError(errno.EACCES, "Permission denied")).startswith("permission denied: you")
