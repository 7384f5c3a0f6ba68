import pytest

from api.access.identity import Actor, Role
from api.reviewing import build_reviewer, build_verdict
from policies.rules.decision import Outcome
from provenance.errors import PolicyError
from provenance.tenant import MAIN


@pytest.mark.parametrize(
    ("role", "sees"), [(Role.MODERATOR, False), (Role.ADMIN, False), (Role.SENSITIVE_MODERATOR, True)]
)
def test_only_who_was_given_it_by_name_sees_what_is_sensitive(role, sees):
    reviewer = build_reviewer(Actor("1", "Mia", MAIN, frozenset({role}), "person"))
    assert (reviewer.id, reviewer.name, reviewer.sees_sensitive) == ("1", "Mia", sees)


def test_a_verdict_releases_or_blocks():
    assert build_verdict("block", " c ", " r ").outcome is Outcome.BLOCK
    for outcome in ("hold", "", "x" * 100):
        with pytest.raises(PolicyError, match="release or block"):
            build_verdict(outcome, "c", "r")
