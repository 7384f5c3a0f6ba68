import pytest

from api.access.identity import GRANTED, Actor, Permission, Role
from provenance.tenant import MAIN


def actor(*roles):
    return Actor("1", "somebody", MAIN, frozenset(roles), "person")


def test_every_role_has_permissions_and_every_permission_has_a_role():
    assert GRANTED.keys() == set(Role)
    assert set().union(*GRANTED.values()) == set(Permission)


def test_nobody_may_anything_without_a_role():
    assert not any(actor().may(permission) for permission in Permission)


def test_the_sensitive_queue_is_given_by_name_alone():
    assert [role for role in Role if actor(role).may(Permission.REVIEW_SENSITIVE)] == [Role.SENSITIVE_MODERATOR]


@pytest.mark.parametrize(("role", "permission"), [
    (Role.SUBMITTER, Permission.READ_ASSETS), (Role.AUDITOR, Permission.REVIEW), (Role.MODERATOR, Permission.CHANGE_POLICIES),
    (Role.POLICY_MANAGER, Permission.REVIEW), (Role.REGISTRAR, Permission.RELEASE), (Role.AUDITOR, Permission.MANAGE_PEOPLE),
])  # fmt: skip
def test_duties_are_separate(role, permission):
    assert not actor(role).may(permission)


def test_roles_add_up():
    both = actor(Role.SUBMITTER, Role.AUDITOR)
    assert both.may(Permission.RELEASE)
    assert both.may(Permission.EXPORT)


def test_what_is_left_of_a_role_takes_away_and_adds_nothing():
    left = Actor(
        "1", "ci", MAIN, frozenset({Role.AUDITOR}), "key", only=frozenset({Permission.EXPORT, Permission.REVIEW})
    )
    assert [permission for permission in Permission if left.may(permission)] == [Permission.EXPORT]
