"""A person is forgotten: no row of their tenant has the name any more, and the ledger still proves all that they did."""

import pytest
from sqlalchemy import String, select

from api.wiring import open_site
from policies import gate
from policies.audit.concordance import compare_records
from policies.line.retention import ORIGINAL_DELETED
from policies.review import forgetting
from policies.review.claim import claim
from policies.review.forgetting import Uploads, blind_decisions, blind_records, drop_uploads, list_named
from policies.review.job import Reviewer, find_job
from policies.review.judgement import decide, escalate, review
from policies.review.note import list_notes, write_note
from policies.review.reviewers import name_reviewer
from policies.review.wellness import Wellness, keep_wellness
from policies.rules.decision import Outcome
from provenance.ledger.audit import verify_log
from provenance.storage.database import METADATA
from provenance.storage.tables import ASSETS
from tests.policies.deployments import entries_of
from tests.policies.review.people import MIA, NO, NOA, YES, held
from tests.policies.review.test_fading import dump
from tests.sites import build_light_settings

PEOPLE_OF_THE_GATE = {"reviewer", "author", "holder", "decided_by", "ordered_by"}
NO_COLLEAGUES = {("reviewers", "name"), ("people", "name"), ("sign_in_flows", "made_by")}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def here(request, tmp_path):
    url = "" if request.param == "sqlite" else request.getfixturevalue("emptied_postgres_url")
    settings = build_light_settings(tmp_path / "home", tenants={"blue": {}}, database_url=url)
    with open_site(settings, quiet=True) as site:
        yield site.deployment


def forget(here, who):
    with here.database.write() as connection:
        pseudonym = name_reviewer(connection, who.name, here.tenant)
    count = blind_decisions(here, who.name, pseudonym)
    with here.database.write() as connection:
        blind_records(here, connection, name=who.name, person_id=who.id, pseudonym=pseudonym)
    return pseudonym, count


def test_every_column_that_names_a_colleague_is_blinded():
    columns = {
        (table.name, column.name)
        for name, table in METADATA.tables.items()
        if not name.startswith("ledger")
        for column in table.columns
        if isinstance(column.type, String) and column.type.length == 128
        and (column.name in PEOPLE_OF_THE_GATE or column.name.endswith("_by"))
    }  # fmt: skip
    assert columns - NO_COLLEAGUES == set(list_named())


def test_nobody_is_found_by_a_name_and_all_is_still_held_against_the_ledger(here, monkeypatch):
    monkeypatch.setattr(forgetting, "_CHUNK", 2)
    blocked, other, claimed, handed_up = (held(here, name=f"{n}.jpg") for n in range(4))
    decide(here, blocked, MIA, NO)
    for _ in range(3):
        review(here, held(here), outcome=Outcome.BLOCK, reviewer=MIA.name, reason="no")
    decide(here, other, NOA, YES)
    claim(here, claimed, MIA)
    escalate(here, handed_up, MIA, "too hard")
    write_note(here, claimed, MIA, "seen before")
    write_note(here, claimed, NOA, "@MiaChen and @Noa: is this yours?")
    keep_wellness(here, MIA, Wellness())
    theirs = held(here.tenancy("blue"))
    decide(here.tenancy("blue"), theirs, MIA, NO)
    pseudonym, count = forget(here, MIA)
    assert count == 4
    left = [line for line in dump(here).splitlines() if MIA.name in line or "miachen" in line]
    assert left
    assert [
        line for line in left if "blue" not in line and theirs not in line
    ] == []  # people of one name at two tenants are two
    with here.database.read() as connection:
        assert not find_job(connection, claimed, here.tenant, NOA).is_held
    texts = {note.author: note.text for note in list_notes(here, claimed, NOA)}
    assert texts["Noa"] == f"@{pseudonym} and @Noa: is this yours?"
    said = [one.fields().get("decided_by") for one in here.log.entries(subject=blocked)]
    assert f"review:{pseudonym}" in said
    assert list(compare_records(here.database)) == []
    verify_log(here.log)
    assert forget(here, Reviewer(MIA.id, MIA.name))[1] == 0


def test_who_comes_again_under_the_name_is_somebody_else(here):
    decide(here, held(here), MIA, NO)
    pseudonym, _ = forget(here, MIA)
    with here.database.write() as connection:
        assert name_reviewer(connection, pseudonym, here.tenant) == pseudonym
        assert name_reviewer(connection, MIA.name, here.tenant) != pseudonym


def test_what_somebody_handed_in_goes_with_its_tombstones(here):
    waits = held(here, name="diary.jpg", submitter="person-x")
    blocked = held(here, name="letter.jpg", submitter="person-x")
    review(here, blocked, outcome=Outcome.BLOCK, reviewer="Noa", reason="no")
    released = held(here, name="cup.jpg", submitter="person-x")
    review(here, released, outcome=Outcome.RELEASE, reviewer="Noa", reason="a board game")
    others = held(here, name="others.jpg", submitter="person-y")
    found = drop_uploads(here, "person-x", by="operator")
    assert found == Uploads(refused=1, deleted=2, released=1, waiting=0)
    for asset_id in (waits, blocked):
        assert ORIGINAL_DELETED in entries_of(here, asset_id)
        assert list(here.blobs.quarantine.keys(f"{asset_id}/")) == []
    assert list(here.blobs.public.keys(f"{released}/"))
    assert list(here.blobs.quarantine.keys(f"{others}/"))
    with here.database.read() as connection:
        names = dict(connection.execute(select(ASSETS.c.id, ASSETS.c.name)).all())
    assert (names[waits], names[released], names[others]) == ("", "", "others.jpg")
    assert drop_uploads(here, "person-x", by="operator") == Uploads(deleted=2, released=1)
    assert list(compare_records(here.database)) == []
    verify_log(here.log)


def test_what_is_on_its_way_is_told(here):
    asset_id = gate.intake(here, held_submission())
    assert drop_uploads(here, "person-x", by="operator") == Uploads(waiting=1)
    assert list(here.blobs.quarantine.keys(f"{asset_id}/"))


def held_submission():
    from tests.sites import submission

    return submission(submitter="person-x")
