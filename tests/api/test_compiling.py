"""What is compiled once is compiled before anybody waits for an answer."""

import pytest

import provenance.warming
from api.compiling import compile_once
from api.wiring import open_site
from tests.sites import build_light_settings


@pytest.fixture
def cold(monkeypatch):
    """An installation that pip made: nothing is compiled yet. Compiling itself takes a minute and is left out here."""
    compiled = []
    monkeypatch.setattr(provenance.warming, "are_kernels_warm", lambda: bool(compiled))
    monkeypatch.setattr(provenance.warming, "warm_kernels", lambda: compiled.append(True))
    return compiled


def test_a_site_that_is_warmed_compiles_first_and_says_so(cold, tmp_path, capsys):
    with open_site(build_light_settings(tmp_path / "home"), quiet=True) as site:
        site.warm()
        site.warm()
    assert cold == [True]
    assert "once on this machine" in capsys.readouterr().err


@pytest.mark.parametrize("with_bar", [False, True])
def test_nobody_hears_of_it_who_asked_for_json(cold, capsys, with_bar):
    compile_once(with_bar=with_bar, quiet=True)
    assert cold == [True]
    assert capsys.readouterr() == ("", "")


def test_without_a_place_to_keep_it_nothing_is_compiled_ahead(cold, monkeypatch):
    monkeypatch.setattr(provenance.warming, "have_kernels_a_place", lambda: False)
    compile_once()
    assert cold == []
