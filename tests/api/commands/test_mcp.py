"""`chopmark mcp`: what it asks for before it serves; what it serves is tested in tests/api/test_agents.py."""

import pytest

from api.commands.mcp import _parse_place


def test_it_works_under_a_key_only(run, monkeypatch, tmp_path):
    monkeypatch.delenv("CHOPMARK_KEY", raising=False)
    done = run("mcp", "--folder", tmp_path)
    assert done.code == 2
    assert "access key create" in done.err


@pytest.mark.parametrize("arguments", [["--url", "gate.example"], ["--http", "8601"], ["--http", "host:99999"]])
def test_mistakes_teach(run, monkeypatch, arguments):
    monkeypatch.setenv("CHOPMARK_KEY", "k")
    done = run("mcp", *arguments)
    assert done.code == 2
    assert arguments[0] in done.err


def test_a_folder_has_to_be_there(run, tmp_path):
    assert run("mcp", "--folder", tmp_path / "nonesuch").code == 2


def test_a_place_may_be_of_either_kind_of_address():
    assert _parse_place("127.0.0.1:8601") == ("127.0.0.1", 8601)
    assert _parse_place("[::1]:8601") == ("::1", 8601)
