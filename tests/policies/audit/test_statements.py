"""Every decision that withholds something becomes a statement that is taken, whatever its reasons are."""

from dataclasses import replace

import pytest

from policies.audit.statement_schema import find_problems
from policies.audit.statements import Case, build_batches, build_statement
from policies.rules.decision import Decision, Outcome, Reason
from policies.rules.vocabulary import CATEGORIES
from provenance.asset import Asset, AssetId, Digest, MediaType, Origin
from provenance.grant import PackRef

ASSET = Asset(AssetId("a"), Digest("0" * 64), MediaType.JPEG, 10, {}, Origin.GENERATED)


def case(*reasons, decided_by="policy", outcome=Outcome.BLOCK):
    packs = (PackRef("baseline", Digest("1" * 64)),)
    decision = Decision("11111111-2222", ASSET.id, outcome, reasons, (), packs, decided_by)
    return Case(ASSET, decision, "2026-11-01T10:00:00.000Z", "2026-11-02T10:00:00.000Z", 7)


def reason(category="nudity", text="the picture shows nudity", **fields):
    given = {"pack": "baseline", "rule": "r", "outcome": Outcome.BLOCK, "clause": "House rules 2.1", "detector": "clip"}
    return Reason(**{**given, "category": category, "text": text, "score": 0.97, "threshold": 0.95, **fields})


@pytest.mark.parametrize("category", sorted(CATEGORIES))
def test_each_category_has_a_place(category):
    assert find_problems(build_statement(case(reason(category)))) == ()


def test_what_it_says():
    made = build_statement(case(reason("prompt.hate", text="the prompt asks for hate"), reason("personal.email")))
    assert made["category"] == "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"
    assert made["category_addition"] == ["STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"]
    assert made["category_specification"] == ["KEYWORD_HATE_SPEECH"]
    assert (made["content_date"], made["application_date"]) == ("2026-11-01", "2026-11-02")
    assert "clip scored 0.97, the limit is 0.95" in made["decision_facts"]
    assert "entry 7" in made["decision_facts"]
    assert made["automated_decision"] == "AUTOMATED_DECISION_FULLY"


def test_what_a_moderator_wrote_stays_out():
    spoken = reason("", text="Bob Miller of 5 High Street", pack="review", rule="moderator", detector="")
    made = build_statement(case(spoken, decided_by="review:reviewer-1"))
    assert "Miller" not in str(made)
    assert (made["automated_detection"], made["automated_decision"]) == ("No", "AUTOMATED_DECISION_NOT_AUTOMATED")
    both = build_statement(case(spoken, reason(), decided_by="review:reviewer-1"))
    assert (both["automated_detection"], both["automated_decision"]) == ("Yes", "AUTOMATED_DECISION_PARTIALLY")


def test_long_reasons_are_cut_whole():
    many = [reason(text=f"reason {number} " + "x" * 190, clause=f"clause {number} " + "y" * 90) for number in range(90)]
    made = build_statement(case(*many))
    assert find_problems(made) == ()
    assert made["incompatible_content_explanation"].endswith("; and more")
    assert find_problems(build_statement(case(reason(text="z" * 9000)))) == ()


def test_other_media():
    sound = MediaType.add("audio/flac", extension=".flac")
    made = build_statement(replace(case(reason()), asset=replace(ASSET, media_type=sound)))
    assert made["content_type"] == ["CONTENT_TYPE_AUDIO", "CONTENT_TYPE_SYNTHETIC_MEDIA"]


def test_as_many_in_a_call_as_it_takes():
    assert [len(body["statements"]) for body in build_batches([case(reason())] * 230)] == [100, 100, 30]
