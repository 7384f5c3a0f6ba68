"""Tables that say what the ledger says, on both engines, and what a sample is."""

import pytest
from sqlalchemy import delete, insert, update

from api.wiring import open_site
from policies import gate
from policies.audit.concordance import choose, compare_records
from policies.review.judgement import review
from policies.review.verdicts import undo
from policies.rules.decision import Outcome
from provenance.media.picture.image import parse_image
from provenance.storage.tables import ASSETS, DECISIONS, REVIEWS, SEALS, SOFT_BINDINGS
from tests.policies.deployments import SIDE, hand_in
from tests.sites import build_light_settings, encode, photograph, submission


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def here(request, tmp_path):
    urls = {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("emptied_postgres_url")}
    with open_site(build_light_settings(tmp_path / "home", **urls)) as site:
        yield site.deployment


def findings(here, **options):
    return [(item.subject, item.text) for item in compare_records(here.database, **options)]


def test_a_site_that_did_everything_has_no_discrepancy(here):
    prompt = "people at a roulette table in a casino"
    gate.release(here, submission(side=SIDE, prompt="a cup"))
    held = [gate.release(here, submission(side=SIDE, prompt=prompt)).asset_id for _ in range(3)]
    review(here, held[0], outcome=Outcome.RELEASE, reviewer="Ana", reason="fine")
    review(here, held[1], outcome=Outcome.BLOCK, reviewer="Ana", reason="no")
    undo(here, held[1], reviewer="Bo", reason="a mistake")
    gate.release(here, submission(side=SIDE, prompt="how to make a pipe bomb"))
    hand_in(here)
    work = here.works.register(parse_image(encode(photograph("chelsea.png", SIDE))), title="Cat", owner="Zoë")
    here.works.withdraw(work.id, "sold")
    here.works.define_bank("works", action="hold")
    assert findings(here) == []
    assert findings(here, sample=1) == []


def test_a_forged_review_and_a_forged_decision_are_found(here):
    held = gate.release(here, submission(side=SIDE, prompt="people at a roulette table in a casino")).asset_id
    with here.database.write() as connection:
        columns = {
            "id": "r",
            "asset_id": held,
            "decision_id": "d",
            "reviewer": "x",
            "outcome": "release",
            "reason": "x",
        }
        body = {"id": "d", "asset_id": held, "outcome": "release", "reasons": [], "obligations": [], "packs": []}
        connection.execute(
            insert(DECISIONS).values(
                id="d",
                asset_id=held,
                sequence=1,
                outcome="release",
                created_at="x",
                body={**body, "decided_by": "review:x"},
            )
        )
        connection.execute(insert(REVIEWS).values(created_at="x", **columns))
        connection.execute(update(ASSETS).values(stage="decided"))
    said = dict.fromkeys(text for _, text in findings(here))
    assert any("decision d (release) is in no entry" in text for text in said)
    assert any("a review (release) is in no entry" in text for text in said)


def test_a_release_that_was_taken_out_is_missed(here):
    result = gate.release(here, submission(side=SIDE))
    with here.database.write() as connection:
        connection.execute(delete(SOFT_BINDINGS))
        connection.execute(delete(SEALS))
    texts = [text for subject, text in findings(here) if subject == result.asset_id]
    assert any("the ledger has its release" in text for text in texts)
    assert any("has no release on record" in text for text in texts)


def test_a_sample_is_the_newest_and_others(here):
    ids = [f"0{number:03}" for number in range(50)]
    row = {"sha256": "0" * 64, "media_type": "image/png", "size_bytes": 1, "stage": "accepted"}
    rest = {"origin": "submitted", "request": {}, "recipe": {}, "has_prompt": False, "name": "", "created_at": ""}
    with here.database.write() as connection:
        connection.execute(insert(ASSETS), [{"id": asset_id, **row, **rest} for asset_id in ids])
    chosen = choose(here.database, ASSETS.c.id, 5)
    assert len(set(chosen)) == 10
    assert chosen[-5:] == ids[-5:]
    assert choose(here.database, ASSETS.c.id, None) == ids
