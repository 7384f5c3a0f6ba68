"""Reviewers' names are in the database, never in the ledger, and in an export only on request."""

import json
import re
from functools import partial

from api.wiring import open_site
from policies.review.judgement import review
from policies.review.verdicts import undo
from policies.rules.decision import Outcome
from tests.api.conftest import _opened, _stocked, _wide_terminal, run, stock  # noqa: F401 - the command line's fixtures
from tests.sites import build_settings

NAME = "Ana María Núñez-O'Hara"


def test_the_ledger_and_its_exports_name_no_reviewer(run, stock, tmp_path):  # noqa: F811
    done = run("review", "refuse", stock.held_id, "--reviewer", NAME, "--reason", "spoken by Núñez", "--json")
    assert done.code == 0, done.err
    for form in ("jsonl", "csv"):
        assert run("audit", "export", "-o", tmp_path / form, "--format", form).code == 0
    assert run("audit", "tiles", tmp_path / "tiles").code == 0
    told = [path for path in tmp_path.rglob("*") if path.is_file() and "home" not in path.parts]
    assert len(told) > 5
    for path in told:
        text = path.read_bytes().decode("utf-8", "replace")
        assert "Ana" not in text, path
        assert "ñez" not in text, path
    rows = [json.loads(line) for line in (tmp_path / "jsonl" / "entries.jsonl").read_text().splitlines()]
    (review,) = (row for row in rows if row["kind"] == "review.made")
    assert "review:reviewer-" in json.dumps(review)


def test_names_are_joined_on_request(run, stock, tmp_path):  # noqa: F811
    assert run("review", "refuse", stock.held_id, "--reviewer", NAME, "--reason", "no").code == 0
    done = run("audit", "export", "-o", tmp_path / "audit", "--with-names", "--json")
    assert done.code == 0, done.err
    names = json.loads((tmp_path / "audit" / "reviewers.json").read_text(encoding="utf-8"))
    assert list(names.values()) == [NAME]
    (pseudonym,) = names
    assert f"review:{pseudonym}" in (tmp_path / "audit" / "entries.jsonl").read_text()
    verified = run("audit", "verify", tmp_path / "audit", "--vkey", done.document["manifest"]["vkey"])
    assert verified.code == 0, verified.err


def test_the_same_reviewer_keeps_one_pseudonym(run, stock, tmp_path):  # noqa: F811
    with open_site(build_settings(tmp_path / "home")) as site:
        for step in (partial(review, outcome=Outcome.BLOCK), undo, partial(review, outcome=Outcome.BLOCK)):
            step(site.deployment, stock.held_id, reviewer=NAME, reason="no")
    run("audit", "export", "-o", tmp_path / "audit")
    said = re.findall(r"review:(reviewer-[0-9a-f]+)", (tmp_path / "audit" / "entries.jsonl").read_text())
    assert len(said) == 3
    assert len(set(said)) == 1
