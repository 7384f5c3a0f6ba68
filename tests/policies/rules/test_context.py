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
            "expected a context out of explicit_label_waived, jurisdictions, tenant, got 'timestamp_available'",
        ),
        ({"enabled_detectors": []}, "got 'enabled_detectors'"),
        ({"tenant": 3}, "expected context tenant to be str, got int"),
        ({"explicit_label_waived": "yes"}, "expected context explicit_label_waived to be bool, got str"),
        ({"explicit_label_waived": 1}, "to be bool, got int"),
        ({"jurisdictions": "cn"}, "expected context jurisdictions to be list, got str"),
        ({"jurisdictions": [1]}, "expected context jurisdictions to be a list of texts"),
    ],
)
def test_parse_context_refuses_what_it_does_not_know(unverified, message):
    with pytest.raises(PolicyError, match=message):
        parse_context(unverified, decided_on=DAY)


def test_condition_fields_are_fields_of_the_context():
    assert set(CONDITION_FIELDS) <= set(Context.__slots__)
