"""What old cases say of people and show of files goes; outcome, rules and scores stay, and the ledger still proves them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from api.wiring import open_site
from policies import gate
from policies.audit.concordance import compare_records
from policies.line.retention import Expired, Rules, find_expired, let_go
from policies.review.fading import EVIDENCE_ERASED, NAMES_ERASED
from policies.review.judgement import review
from policies.rules.decision import Outcome
from provenance.ledger.audit import verify_log
from provenance.storage.database import METADATA
from provenance.storage.tables import DECISIONS, REVIEWERS, REVIEWS, SIGNALS
from tests.policies.deployments import SIDE, entries_of
from tests.sites import build_light_settings, submission

LATER = datetime.now(UTC) + timedelta(days=31)
RULES = Rules(reviewers_days=30, evidence_days=30)
NAME, WORDS = "Ada Lovelace", "it shows my neighbour Grace"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def here(request, tmp_path):
    url = "" if request.param == "sqlite" else request.getfixturevalue("emptied_postgres_url")
    settings = build_light_settings(tmp_path / "home", tenants={"blue": {}}, database_url=url)
    with open_site(settings, quiet=True) as site:
        yield site.deployment


def decide(here, outcome=Outcome.BLOCK):
    held = gate.release(here, submission(side=SIDE, prompt="a casino at night")).asset_id
    return review(here, held, outcome=outcome, reviewer=NAME, reason=WORDS).asset_id


def dump(here):
    """Return every row of every table but the ledger's, as text."""
    with here.database.read() as connection:
        tables = [table for name, table in METADATA.tables.items() if not name.startswith("ledger")]
        return "\n".join(
            f"{table.name} {dict(row)}" for table in tables for row in connection.execute(select(table)).mappings()
        )


def test_names_and_words_of_old_cases_go_and_everything_is_still_held_against_the_ledger(here):
    refused, released, other = decide(here), decide(here, Outcome.RELEASE), decide(here.tenancy("blue"))
    waiting = gate.release(here, submission(side=SIDE, prompt="a casino at noon")).asset_id
    assert find_expired(here, RULES) == Expired()
    before = dump(here)
    assert (NAME in before, WORDS in before) == (True, True)
    found = let_go(here, RULES, LATER)
    assert set(found.reviewers) == set(found.evidence) == {refused, released}
    with here.database.read() as connection:
        rows = connection.execute(select(REVIEWS).where(REVIEWS.c.asset_id == refused)).all()
        assert [(row.outcome, row.reason) for row in rows] == [("block", "")]
        assert rows[0].reviewer.startswith("reviewer-")
        bodies = connection.execute(select(SIGNALS.c.body).where(SIGNALS.c.asset_id == refused)).scalars().all()
        assert any(body["scores"] for body in bodies)
        assert not any(body["evidence"] or body["reason"] for body in bodies)
        kept = connection.execute(select(SIGNALS.c.body).where(SIGNALS.c.asset_id == waiting)).scalars().all()
        assert any(body["reason"] or body["evidence"] for body in kept)
        theirs = connection.execute(select(REVIEWS.c.reviewer).where(REVIEWS.c.asset_id == other)).scalars().all()
        assert theirs == [NAME]
    assert {EVIDENCE_ERASED, NAMES_ERASED} <= set(entries_of(here, refused))
    assert list(compare_records(here.database)) == []
    verify_log(here.log)
    assert let_go(here, RULES, LATER) == Expired()
    let_go(here.tenancy("blue"), RULES, LATER)
    after = dump(here)
    assert (NAME in after, WORDS in after) == (False, False)
    with here.database.read() as connection:
        assert connection.execute(select(REVIEWERS)).all() == []
    assert list(compare_records(here.database)) == []


def test_what_is_left_is_held_against_the_tombstone(here):
    asset_id = decide(here)
    let_go(here, RULES, LATER)
    with here.database.write() as connection:
        row = connection.execute(select(SIGNALS).where(SIGNALS.c.asset_id == asset_id)).first()
        forged = {**row.body, "scores": {**row.body["scores"], "forged": 0.5}}
        this = (SIGNALS.c.asset_id == asset_id, SIGNALS.c.detector == row.detector)
        connection.execute(SIGNALS.update().where(*this).values(body=forged))
    assert any("signals_sha256" in one.text for one in compare_records(here.database))


def test_each_rule_goes_by_itself(here):
    asset_id = decide(here)
    let_go(here, Rules(evidence_days=30), LATER)
    after = dump(here)
    assert (NAME in after, WORDS in after) == (True, False)
    let_go(here, Rules(reviewers_days=30), LATER + timedelta(seconds=1))
    assert NAME not in dump(here)
    assert list(compare_records(here.database)) == []
    with here.database.read() as connection:
        outcomes = (
            connection.execute(select(DECISIONS.c.outcome).where(DECISIONS.c.asset_id == asset_id)).scalars().all()
        )
    assert outcomes == ["hold", "block"]
