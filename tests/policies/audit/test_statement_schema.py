"""What the Transparency Database would refuse is refused here first."""

import pytest

from policies.audit.statement_schema import CATEGORIES, KEYWORDS, find_problems

SOUND = {
    "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
    "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
    "incompatible_content_ground": "House rules 4",
    "incompatible_content_explanation": "a near copy of a registered work",
    "incompatible_content_illegal": "No",
    "content_type": ["CONTENT_TYPE_IMAGE"],
    "category": "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
    "category_specification": ["KEYWORD_COPYRIGHT_INFRINGEMENT"],
    "content_date": "2026-11-01",
    "application_date": "2026-11-02",
    "decision_facts": "facts",
    "source_type": "SOURCE_VOLUNTARY",
    "automated_detection": "Yes",
    "automated_decision": "AUTOMATED_DECISION_FULLY",
    "puid": "f8b3c0cb-6126-4bcb-8d2d-07f6c4cbbcaf",
}


def test_a_sound_statement_has_no_problem():
    assert find_problems(SOUND) == ()
    assert (len(CATEGORIES), len(KEYWORDS)) == (16, 69)


REQUIRED = [
    "decision_ground", "content_type", "category", "content_date", "application_date", "decision_facts", "source_type",
    "automated_detection", "automated_decision", "puid", "incompatible_content_ground",
    "incompatible_content_explanation", "decision_visibility",
]  # fmt: skip


@pytest.mark.parametrize("name", REQUIRED)
def test_what_is_required(name):
    assert any("required" in problem for problem in find_problems({**SOUND, name: None}))
    assert find_problems({key: value for key, value in SOUND.items() if key != name})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"category": "COPYRIGHT"}, "category: 'COPYRIGHT' is none"),
        ({"decision_visibility": "DECISION_VISIBILITY_CONTENT_DISABLED"}, "expected a list"),
        ({"decision_visibility": ["X"]}, "none of its values"),
        ({"content_type": ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_IMAGE"]}, "twice"),
        ({"content_type": ["CONTENT_TYPE_OTHER"]}, "content_type_other: is required"),
        ({"content_type_other": "a statue"}, "belongs to CONTENT_TYPE_OTHER only"),
        ({"category_specification": ["KEYWORD_COPYRIGHT"]}, "none of its values"),
        ({"category_addition": ["STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"]}, "itself again"),
        ({"decision_facts": "x" * 5001}, "5001 characters, at most 5000"),
        ({"incompatible_content_ground": "x" * 501}, "at most 500"),
        ({"incompatible_content_explanation": "x" * 2001}, "at most 2000"),
        ({"puid": "not this one!"}, "puid: not of the form"),
        ({"puid": "x" * 501}, "at most 500"),
        ({"content_date": "2026-11-1"}, "content_date: expected a day"),
        ({"content_date": "01/11/2026"}, "content_date: expected a day"),
        ({"application_date": "2019-12-31"}, "before 2020-01-01"),
        ({"end_date_visibility_restriction": "2026-11-01"}, "before application_date"),
        ({"automated_detection": True}, "automated_detection: True is none"),
        ({"source_identity": "somebody"}, "nobody notified"),
        ({"territorial_scope": ["DE", "UK"]}, "'UK' is none"),
        ({"content_language": "en"}, "content_language: not of the form"),
        ({"content_id": {"EAN-13": "123"}}, "13 digits"),
        ({"illegal_content_explanation": "because"}, "belongs to DECISION_GROUND_ILLEGAL_CONTENT only"),
        ({"decision_monetary": "DECISION_MONETARY_OTHER"}, "decision_monetary_other: is required"),
        ({"url": "https://example.com"}, "there is no such field"),
    ],
)
def test_what_is_refused(changes, said):
    problems = find_problems({**SOUND, **changes})
    assert any(said in problem for problem in problems), problems


def test_the_ground_of_illegal_content_asks_for_its_law():
    given = {key: value for key, value in SOUND.items() if not key.startswith("incompatible")}
    given["decision_ground"] = "DECISION_GROUND_ILLEGAL_CONTENT"
    assert len(find_problems(given)) == 2
    assert find_problems({**given, "illegal_content_legal_ground": "law", "illegal_content_explanation": "why"}) == ()
