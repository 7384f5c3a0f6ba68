from api.cli import COMMANDS
from api.reference import build_reference
from tests.architecture.checkout import ROOT


def test_the_page_is_current():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert page == build_reference(), "run: .venv/bin/python -m api.reference > docs/commands.md"


def test_every_verb_and_option_is_there():
    page = build_reference()
    assert all(f"`chopmark {verb}`" in page for verb in COMMANDS)
    for text in ("chopmark review approve [OPTIONS]", "| `--reviewer <str>` |", "`-o, --out"):
        assert text in page
