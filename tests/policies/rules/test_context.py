import pytest

from policies.rules.context import CONDITION_FIELDS, Context, parse_context
from provenance.errors import PolicyError
from tests.policies.samples import DAY


def test_parse_context_keeps_what_the_request_says_and_what_the_deployment_knows():
    found = parse_context(
        {"tenant": "acme", "jurisdictions": ["cn", "eu"], "explicit_label_waived": True},
        decided_on=DAY,
        timestamp_available=True,
        enabled_detectors=frozenset({"nsfw"}),
    )
    assert found == Context(
        decided_on=DAY,
        tenant="acme",
        jurisdictions=("cn", "eu"),
        explicit_label_waived=True,
        timestamp_available=True,
        enabled_detectors=frozenset({"nsfw"}),
    )


def test_what_a_consent_comes_to_is_said_by_who_looked_it_up_and_never_by_the_request():
    found = parse_context({"portrayed": True, "purpose": "avatar", "consents": ["c"]}, decided_on=DAY)
    assert (found.portrayed, found.purpose, found.consent, found.from_picture) == (True, "avatar", "none", False)
    assert parse_context({}, decided_on=DAY, consent="covers", from_picture=True).consent == "covers"


def test_parse_context_of_nothing_waives_nothing():
    found = parse_context({}, decided_on=DAY)
    assert not found.explicit_label_waived
    assert found.tenant == ""
    assert found.jurisdictions == ()


@pytest.mark.parametrize(
    ("unverified", "message"),
    [
        (
            {"timestamp_available": True},
            "expected a context out of consents, explicit_label_waived, jurisdictions, portrayed, purpose, tenant, got",
        ),
        ({"enabled_detectors": []}, "got 'enabled_detectors'"),
        ({"tenant": 3}, "expected context tenant to be str, got int"),
        ({"explicit_label_waived": "yes"}, "expected context explicit_label_waived to be bool, got str"),
        ({"explicit_label_waived": 1}, "to be bool, got int"),
        ({"jurisdictions": "cn"}, "expected context jurisdictions to be list, got str"),
        ({"consent": "covers"}, "got 'consent'"),
        ({"from_picture": False}, "got 'from_picture'"),
        ({"portrayed": 1}, "to be bool, got int"),
        ({"consents": "c"}, "expected context consents to be list, got str"),
        ({"consents": [1]}, "expected context consents to be a list of texts"),
        ({"consents": ["c"] * 17}, "expected at most 16 consents, got 17"),
        ({"jurisdictions": [1]}, "expected context jurisdictions to be a list of texts"),
    ],
)
def test_parse_context_refuses_what_it_does_not_know(unverified, message):
    with pytest.raises(PolicyError, match=message):
        parse_context(unverified, decided_on=DAY)


def test_condition_fields_are_fields_of_the_context():
    assert set(CONDITION_FIELDS) <= set(Context.__slots__)
