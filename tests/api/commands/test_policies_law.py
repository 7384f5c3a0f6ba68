"""The two commands: what was done on each clause, and where packs differ."""

import json

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.wiring import open_site
from policies import gate
from tests.letters import letter
from tests.sites import as_submission, build_settings


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("law") / "home"
    with open_site(build_settings(home, media=("picture", "text")), quiet=True) as site:
        packs = ("baseline", "cn-labeling-2025", "eu-ai-act-50")
        assert gate.release(site.deployment, as_submission(letter(), name="a.md", packs=packs)).outcome == "release"
    return home


def run(home, *arguments):
    return CliRunner().invoke(app, ["policies", *arguments], env={"CHOPMARK_HOME": str(home), "COLUMNS": "400"})


def test_evidence_of_a_text_that_was_released(home):
    found = run(home, "evidence", "cn-labeling-2025", "--json")
    assert found.exit_code == 0, found.output
    document = json.loads(found.output)
    parts = {row["part"]: row for row in document["clauses"]}
    assert parts["obligations.implicit_label"]["figures"] == {"read back": 1}
    assert parts["duties.platform_verdicts"]["figures"] == {"possibly": 1}
    shown = run(home, "evidence", "eu-ai-act-50", "--until", "2099-01-01")
    assert "not done by software" in shown.output
    assert "no legal advice" in shown.output


def test_a_prompt_that_was_blocked_before_anything_was_made_is_counted(home):
    """An auditor read "0 block" where the ledger held every one of them."""
    from api.settings import Settings
    from policies.line.prompting import judge_prompt

    with open_site(Settings(home=home, media=("picture", "text")), quiet=True) as site:
        for words in ("a naked child on a bed", "a red boat"):
            refused = judge_prompt(site.deployment, words, packs=("baseline",))
            assert (refused is None) == (words == "a red boat")
    document = json.loads(run(home, "evidence", "baseline", "--json").output)
    parts = {row["part"]: row for row in document["clauses"]}
    assert document["prompts_blocked"] == 1
    assert document["assets"]["block"] == 0
    assert sum(row["figures"].get("prompt blocked", 0) for row in parts.values()) >= 1
    assert any(told.startswith("blocked a prompt") for told in parts["requires.prompt"]["figures"]["signals"])
    assert "blocked: 1 by their prompt, before anything was made" in run(home, "evidence", "baseline").output
    before = json.loads(run(home, "evidence", "baseline", "--until", "2026-09-02", "--json").output)
    assert before["prompts_blocked"] == 0
    assert json.loads(run(home, "evidence", "eu-ai-act-50", "--json").output)["prompts_blocked"] == 0


def test_days_the_wrong_way_round_are_told(home):
    found = run(home, "evidence", "baseline", "--from", "2026-12-05", "--until", "2026-12-03")
    assert found.exit_code == 2
    assert "from 2026-12-05 on" in found.output


def test_a_day_that_is_none_is_told(home):
    found = run(home, "evidence", "baseline", "--from", "yesterday")
    assert found.exit_code == 2
    assert "2026-12-02" in found.output


def test_conflicts_are_explained_and_exit_by_what_cannot_be_met(home, tmp_path):
    fine = run(home, "conflicts", "cn-labeling-2025", "in-it-rules-2026", "--json")
    assert fine.exit_code == 0
    assert {row["clash"] for row in json.loads(fine.output)["differences"]} == {"joined", "waiver"}
    text = (
        "name: ends\nversion: 1.0.0\ntitle: t\ndescription: d\njurisdiction: any\neffective: {from: 2026-01-01}\n"
        "sources: {House: {title: h}}\nthresholds: {nsfw: {hold: 0.5, clause: House 1, text: t}}\nobligations:\n"
        "  - {id: end, mark: explicit_label, parameters: {text: AI, text_position: end}, clause: House 2, text: t}\n"
    )
    (tmp_path / "ends.yaml").write_text(text)
    bad = run(home, "conflicts", "ends", "cn-labeling-2025", "--folder", str(tmp_path))
    assert bad.exit_code == 1
    assert "text_position" in bad.output
    assert run(home, "conflicts", "baseline").output.strip() == "1 packs only add to each other"
