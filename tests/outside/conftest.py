"""The command line in this process, as the tests of the verbs have it, and a site that answers quickly."""

import pytest

from tests.api.conftest import _opened, _stocked, _wide_terminal, coffee, copy_of_the_work, home, run, stock
from tests.sites import DETECTORS, LIGHT_PACKS

__all__ = ["_opened", "_stocked", "_wide_terminal", "coffee", "copy_of_the_work", "home", "run", "stock"]


@pytest.fixture
def light(home, monkeypatch):
    """The data directory of an empty site whose detectors load no weights, under the pack `light`."""
    monkeypatch.setenv("CHOPMARK_DETECTORS", ",".join(DETECTORS[:3]))
    monkeypatch.setenv("CHOPMARK_PACKS", "light")
    monkeypatch.setenv("CHOPMARK_PACK_FOLDERS", str(LIGHT_PACKS))
    return home
