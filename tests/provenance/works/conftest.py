"""A registry on each engine, and real photographs that scikit-image brings along."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.media.picture.image import Picture, parse_image
from provenance.works.registry import Works


@cache
def load_photo(name):
    folder = Path(find_spec("skimage").origin).parent / "data"
    return Picture.from_frame(parse_image((folder / name).read_bytes()).reduced(320))  # small ones hash faster


@pytest.fixture
def photo():
    """Return a photograph by the name of its file."""
    return load_photo


def open_registry(database, tmp_path):
    """Return the registry of a database, its index and keys beside it."""
    signer = load_signer(tmp_path / "keys" / "ledger.key", origin="example.com/ledger")
    return Works(database, tmp_path / "index", Log(database, signer))


@pytest.fixture
def works(database, tmp_path):
    """An empty registry, once on each engine."""
    registry = open_registry(database, tmp_path)
    yield registry
    registry.close()


@pytest.fixture
def sqlite_works(sqlite_database, tmp_path):
    """An empty registry on SQLite only, for what does not differ between engines."""
    registry = open_registry(sqlite_database, tmp_path)
    yield registry
    registry.close()
