"""The seam: an engine by its name, and an error that says what to do where none is installed."""

import pytest

from generation.voices.engine import VOICES, load_engine
from provenance.errors import GateError, MissingExtraError


def test_without_the_extra_the_error_teaches(monkeypatch):
    monkeypatch.setattr("generation.voices.hibari.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'chopmark\[voices\]'"):
        load_engine()


def test_an_engine_that_nobody_knows_is_refused():
    assert "hibari" in VOICES.names()
    with pytest.raises(GateError):
        load_engine("none-such")
