import pytest

from policies.review.quality_rules import Rules, keep_rules, load_rules
from provenance.errors import PolicyError
from tests.policies.review.people import MIA


def test_nothing_is_dealt_before_somebody_says_so(here):
    with here.database.read() as connection:
        assert load_rules(connection, here) == Rules(0, 0, gives_feedback=False, third="lead")


def test_what_is_chosen_is_kept(here):
    chosen = Rules(0.1, 0.25, gives_feedback=True, third="moderator")
    for rules in (Rules(0.5, 1), chosen):
        keep_rules(here, MIA, rules)
    with here.database.read() as connection:
        assert load_rules(connection, here) == chosen
    keep_rules(here, MIA, Rules())


@pytest.mark.parametrize(
    "wrong", [{"golden_share": 0.6}, {"golden_share": -0.1}, {"double_share": 1.1}, {"third": "nobody"}]
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(PolicyError, match="expected"):
        Rules(**wrong)
