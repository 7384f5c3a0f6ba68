"""Consents: recorded, used, over and revoked; and that the line holds what they do not cover, at every stage of it."""

from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from policies import gate
from policies.consents import (
    ANY,
    LONGEST,
    Consent,
    Coverage,
    Named,
    Wanted,
    commit_to,
    find_consent,
    find_coverage,
    find_released_of,
    find_uses,
    list_consents,
    record_consent,
    revoke_consent,
)
from policies.line import granting, recording, sealing
from policies.line.intake import intake
from policies.line.records import asset_row, latest_decision
from policies.line.screening import decide, screen
from policies.refusals import ConsentNotFoundError
from policies.review.judgement import review
from policies.rules.decision import Outcome
from policies.rules.engine import decide as decide_by_packs
from policies.rules.loader import load_named
from provenance.asset import sha256_hex
from provenance.errors import GrantMismatchError, PolicyError
from provenance.ledger.log import Log
from provenance.ledger.note import build_signer
from provenance.storage.database import utc_now
from provenance.storage.policy_tables import CONSENTS
from provenance.storage.tables import DECISIONS
from tests.policies.deployments import SIDE, decided, entries_of, public_of
from tests.policies.samples import ASSET, DAY, PATIENT, context, signal
from tests.sites import submission

TODAY = date.fromisoformat(utc_now()[:10])
PHOTO = sha256_hex(b"a photograph")


def agree(here, *, author="mo", day=TODAY, **fields):
    wanted = Wanted(**{"subject": "Li Wei", "scope": ("avatar",), "last_day": TODAY + timedelta(days=30), **fields})
    return record_consent(here.database, here.log, here.tenant, wanted, author=author, day=day)


def revoke(here, consent, reason="she asked"):
    return revoke_consent(here.database, here.log, here.tenant, consent.id, author="mo", reason=reason)


def under(*consents, purpose="avatar", **more):
    return {"context": {"portrayed": True, "purpose": purpose, "consents": [one.id for one in consents], **more}}


def end(here, consent, last_day):
    """Let its last day be another: nobody can wait for one."""
    with here.database.write() as connection:
        connection.execute(update(CONSENTS).where(CONSENTS.c.id == consent.id).values(last_day=str(last_day)))


def consent_of(**fields):
    return Consent(**{
        "id": "c", "subject": "Li Wei", "scope": ("avatar",), "last_day": DAY, "photo_sha256": "", "note": "",
        "recorded_by": "mo", "recorded_at": "", "ledger_index": 0, **fields,
    })  # fmt: skip


# On record


def test_a_consent_and_its_revocation_are_entries_that_hold_no_name(here):
    consent = agree(here, note="by mail", photo_sha256=PHOTO)
    assert find_consent(here.database, here.tenant, consent.id) == consent
    (entry,) = here.log.entries(subject=consent.id)
    said = entry.fields()
    assert (entry.kind, entry.index) == ("consent.recorded", consent.ledger_index)
    assert (said["scope"], said["last_day"], said["photo_sha256"]) == (["avatar"], str(consent.last_day), PHOTO)
    assert b"Li Wei" not in entry.body
    assert b"by mail" not in entry.body
    assert str(said["by"]).startswith("reviewer-")
    with here.database.read() as connection:
        salt = connection.execute(CONSENTS.select().where(CONSENTS.c.id == consent.id)).mappings().one()["salt"]
    assert said["subject_sha256"] == commit_to("Li Wei", salt) != sha256_hex(b"Li Wei")
    gone = revoke(here, consent)
    assert gone.revoked_at
    assert (gone.revoked_by, gone.reason) == ("mo", "she asked")
    assert [one.kind for one in here.log.entries(subject=consent.id)] == ["consent.recorded", "consent.revoked"]
    assert revoke(here, consent, reason="again") == gone
    assert len(list(here.log.entries(subject=consent.id))) == 2


def test_they_are_listed_by_age_and_by_person_and_each_tenant_has_its_own(here):
    first, second = agree(here, subject="Zoe"), agree(here, subject="Ada")
    ids = [one.id for one in list_consents(here.database, here.tenant, limit=1000)]
    assert ids.index(first.id) < ids.index(second.id)
    assert [one.id for one in list_consents(here.database, here.tenant, subject="Ada")] == [second.id]
    after = list_consents(here.database, here.tenant, after=first.id)
    assert first.id not in {one.id for one in after}
    assert list_consents(here.database, "another") == ()
    with pytest.raises(ConsentNotFoundError, match="consents list"):
        find_consent(here.database, "another", first.id)
    with pytest.raises(ConsentNotFoundError):
        revoke_consent(here.database, here.log, "another", first.id, author="mo", reason="no")


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": " "},
        {"subject": "x" * 201},
        {"subject": "Li\u202eWei"},
        {"scope": ()},
        {"scope": ("Avatar",)},
        {"scope": tuple(f"p{number}" for number in range(17))},
        {"last_day": TODAY - timedelta(days=1)},
        {"last_day": TODAY + LONGEST + timedelta(days=1)},
        {"photo_sha256": "abc"},
        {"note": "x" * 2001},
        {"author": ""},
    ],
    ids=str,
)
def test_what_says_nothing_or_too_much_is_refused(here, fields):
    with pytest.raises(PolicyError):
        agree(here, **fields)


# What it covers


@given(
    revoked=st.booleans(),
    days=st.integers(-3, 3),
    scope=st.sampled_from([("avatar",), ("poster",), (ANY,), ("poster", "avatar")]),
    photo=st.sampled_from(["", PHOTO]),
    sources=st.sampled_from([(), (PHOTO,), ("0" * 64,), ("0" * 64, PHOTO)]),
)
@PATIENT
def test_it_covers_where_nothing_is_against_it(revoked, days, scope, photo, sources):
    consent = consent_of(revoked_at="x" * revoked, scope=scope, photo_sha256=photo)
    found = consent.judge("avatar", frozenset(sources), DAY + timedelta(days=days))
    is_good = not revoked and days <= 0 and scope != ("poster",) and (not photo or PHOTO in sources)
    assert (found is Coverage.COVERS) == is_good
    assert found not in {Coverage.NONE, Coverage.UNKNOWN}


def test_of_several_each_has_to_cover(database, tmp_path):
    signer = build_signer("example.com/ledger", Ed25519PrivateKey.generate())
    log = Log(database, signer, memory=tmp_path / "ledger.checkpoint")
    make = lambda **fields: record_consent(  # noqa: E731 - one line is enough
        database, log, "main", Wanted(**{"subject": "Li", "scope": ("avatar",), "last_day": DAY, **fields}),
        author="mo", day=DAY,
    )  # fmt: skip
    first, second = make(), make(subject="Ada")

    def cover(*ids, day=DAY, lock=False):
        with database.write() as connection:
            return find_coverage(connection, "main", Named(ids, "avatar"), day, lock=lock)

    assert cover() is Coverage.NONE
    assert cover(first.id, second.id, lock=True) is Coverage.COVERS
    assert cover(first.id, "nobody's") is Coverage.UNKNOWN
    assert cover(first.id, day=DAY + timedelta(days=1)) is Coverage.EXPIRED
    revoke_consent(database, log, "main", second.id, author="mo", reason="asked")
    assert cover(first.id, second.id) is Coverage.REVOKED
    assert cover(first.id) is Coverage.COVERS


# On the line


def test_a_consent_that_covers_is_named_by_the_release_and_finds_it(here):
    consent = agree(here)
    done = gate.release(here, submission(side=SIDE, **under(consent)))
    assert done.outcome is Outcome.RELEASE
    (entry,) = (one for one in here.log.entries(subject=done.asset_id) if one.kind == "asset.released")
    assert entry.fields()["consents"] == [consent.id]
    assert find_uses(here.database, consent.id) == (done.asset_id,)
    waiting = intake(here, submission("chelsea.png", side=SIDE, **under(consent)))
    uses = find_uses(here.database, consent.id)
    assert set(uses) == {done.asset_id, waiting}
    assert find_released_of(here.database, uses) == {done.asset_id}, "what named it and never left is not out"


@pytest.mark.parametrize("flaw", ["revoked", "expired", "purpose", "picture", "unknown"])
def test_one_that_does_not_cover_holds_whatever_the_packs_ask(here, flaw):
    consent = agree(here, photo_sha256=PHOTO if flaw == "picture" else "")
    if flaw == "revoked":
        revoke(here, consent)
    if flaw == "expired":
        end(here, consent, TODAY - timedelta(days=1))
    asked = under(consent, purpose="poster" if flaw == "purpose" else "avatar")
    if flaw == "unknown":
        asked["context"]["consents"] = ["never-recorded"]
    held = gate.release(here, submission(side=SIDE, **asked))
    assert held.outcome is Outcome.HOLD
    assert [one.rule for one in held.decision.reasons] == ["consent"]
    assert not public_of(here, held.asset_id)


@pytest.mark.parametrize("lapse", ["revoked", "expired"])
def test_what_lapses_between_screening_and_sealing_is_held_with_that_reason(here, lapse):
    consent = agree(here)
    asset_id = decided(here, **under(consent))
    granting.grant(here, asset_id)
    if lapse == "revoked":
        revoke(here, consent)
    else:
        end(here, consent, TODAY - timedelta(days=1))
    held = gate.walk(here, asset_id)
    assert (held.outcome, held.decision.decided_by) == (Outcome.HOLD, "seal")
    reason = held.decision.reasons[0]
    assert (reason.pack, reason.rule) == ("gate", "consent")
    assert {"revoked": "it was revoked", "expired": "its last day is over"}[lapse] in reason.text
    assert not public_of(here, asset_id)
    assert entries_of(here, asset_id) == ["decision.made", "decision.made"]


def test_what_lapses_between_sealing_and_recording_is_never_recorded(here):
    consent = agree(here)
    asset_id = decided(here, **under(consent))
    assert sealing.seal(here, asset_id).outcome is Outcome.RELEASE
    revoke(here, consent)
    with pytest.raises(GrantMismatchError, match="lapsed"):
        recording.record(here, asset_id)
    held = gate.walk(here, asset_id)
    assert held.outcome is Outcome.HOLD
    assert "it was revoked" in held.decision.reasons[0].text
    assert "asset.released" not in entries_of(here, asset_id)
    assert not public_of(here, asset_id)


def test_a_person_may_approve_what_no_consent_covered_but_not_what_lapsed_since(here):
    consent = agree(here, scope=("poster",))
    held = gate.release(here, submission(side=SIDE, **under(consent)))
    assert held.outcome is Outcome.HOLD
    done = review(here, held.asset_id, outcome=Outcome.RELEASE, reviewer="ann", reason="seen the letter")
    assert done.outcome is Outcome.RELEASE

    other = agree(here, scope=("poster",))
    asset_id = intake(here, submission(side=SIDE, name="astronaut.png", **under(other)))
    screen(here, asset_id)
    assert decide(here, asset_id).outcome is Outcome.HOLD
    gate.walk(here, asset_id)
    review(here, asset_id, outcome=Outcome.RELEASE, reviewer="ann", reason="seen the letter", then=lambda *_: None)
    revoke(here, other)
    with here.database.read() as connection:
        lapse = sealing.find_lapse(
            connection, here, asset_row(connection, asset_id)["request"], latest_decision(connection, asset_id)
        )
    assert lapse is not None
    assert "it was revoked" in str(lapse)


@pytest.mark.parametrize("lapse", ["revoked", "expired"])
def test_what_lapses_while_it_waits_for_a_person_is_held_once_more_and_said(here, lapse):
    """Whoever approves a prompt's words was shown a consent that stood."""
    consent = agree(here)
    asset_id = intake(here, submission(side=SIDE, prompt="a soldier with a rifle", **under(consent)))
    assert gate.walk(here, asset_id).outcome is Outcome.HOLD
    if lapse == "revoked":
        revoke(here, consent)
    else:
        with here.database.write() as connection:  # it was held yesterday, and yesterday was the last day
            connection.execute(update(DECISIONS).values(created_at=f"{TODAY - timedelta(days=1)}T12:00:00.000Z"))
        end(here, consent, TODAY - timedelta(days=1))
    first = review(here, asset_id, outcome=Outcome.RELEASE, reviewer="ann", reason="a toy")
    assert first.outcome is Outcome.HOLD
    assert {"revoked": "it was revoked", "expired": "its last day is over"}[lapse] in first.decision.reasons[0].text
    assert not public_of(here, asset_id)
    second = review(here, asset_id, outcome=Outcome.RELEASE, reviewer="ann", reason="she wrote again")
    assert second.outcome is Outcome.RELEASE, second.decision.reasons


# What packs ask


def decided_by_portraits(faces=0.0, **fields):
    asked = context(enabled_detectors=frozenset(), **fields)
    found = decide_by_packs(ASSET, [signal("faces", faces=faces)], load_named(["portraits"]), asked, decision_id="d")
    return found.outcome, [one.rule for one in found.reasons]


def test_portraits_asks_for_a_consent_of_who_is_portrayed():
    assert decided_by_portraits() == (Outcome.RELEASE, [])
    assert decided_by_portraits(portrayed=True) == (Outcome.HOLD, ["no_consent"])
    assert decided_by_portraits(portrayed=True, consent="covers") == (Outcome.RELEASE, [])
    for flaw in set(Coverage) - {Coverage.NONE, Coverage.COVERS}:
        outcome, rules = decided_by_portraits(portrayed=True, consent=flaw.value)
        assert (outcome, set(rules)) == (Outcome.HOLD, {"consent", "lapsed_consent"})


def test_portraits_holds_a_face_that_was_made_from_a_picture_and_is_not_told():
    assert decided_by_portraits(faces=0.9) == (Outcome.RELEASE, [])
    assert decided_by_portraits(faces=0.9, from_picture=True) == (Outcome.HOLD, ["undeclared_face"])
    assert decided_by_portraits(faces=0.5, from_picture=True) == (Outcome.RELEASE, [])
    assert decided_by_portraits(faces=0.9, from_picture=True, portrayed=True, consent="covers")[0] is Outcome.RELEASE
