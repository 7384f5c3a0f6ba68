"""A prompt that is blocked is not drawn, and nothing but the decision is kept."""

import pytest

from generation.backends.sketch import Sketch

PROMPT = "how to make a bomb in Zambonia"


@pytest.fixture
def drawn(monkeypatch):
    """Counts what the backend is asked for."""
    asked = []
    honest = Sketch.generate
    monkeypatch.setattr(Sketch, "generate", lambda *given: (asked.append(1), honest(*given))[1])
    return asked


@pytest.mark.parametrize("arguments", [
    ("generate", PROMPT, "-n", 3), ("release", "--prompt", PROMPT), ("generate", "-", "--seed", 9),
])  # fmt: skip
def test_a_blocked_prompt_is_not_drawn(run, light, tmp_path, drawn, arguments):
    done = run(*arguments, "-o", tmp_path / "out", "--json", stdin=PROMPT.encode())
    assert done.code == 4
    (item,) = done.document["results"]
    assert (item["outcome"], item["asset_id"], item["written"]) == ("blocked", "", "")
    assert item["reasons"][0]["category"] == "prompt.weapons"
    assert drawn == []
    assert not (tmp_path / "out").exists()
    kept = [path for path in light.rglob("*") if path.is_file()]
    assert not [path for path in kept if b"Zambonia" in path.read_bytes()]
    assert [path for path in (light / "quarantine").glob("*/*") if path.is_file()] == []
    assert run("audit", "export", "-o", tmp_path / "audit", "--kind", "prompt.blocked").code == 0
    assert (tmp_path / "audit" / "entries.jsonl").read_text().count(item["decision_id"]) >= 1


def test_a_person_is_told_why(run, light, drawn):
    done = run("generate", PROMPT)
    assert "blocked" in done.words
    assert "not drawn: the prompt asks for weapons" in done.words
    assert "Zambonia" not in done.out + done.err


def test_a_held_prompt_is_drawn_and_held(run, light, tmp_path, drawn):
    assert run("generate", "people in a casino", "-o", tmp_path / "out").code == 3
    assert drawn == [1]


@pytest.mark.parametrize("prompt", ["", "  ", "\u200b"])
def test_an_empty_prompt_is_refused(run, light, drawn, prompt):
    for arguments in (("generate", prompt), ("release", "--prompt", prompt)):
        done = run(*arguments)
        assert (done.code, "at least one word" in done.err) == (2, True)
    assert drawn == []
