import pytest

from api.access.identity import Role
from api.access.person import State, add_person, disable_person, find_person
from api.access.provider import Vouched
from api.access.refusals import ProviderError
from api.access.vouching import admit
from api.access_settings import OidcSettings

LOCAL = OidcSettings(issuer="https://login.example", client_id="gate")
GROUPS = OidcSettings(
    issuer="https://login.example", client_id="gate", roles_claim="groups",
    roles={"media": ["moderator"], "audit": ["auditor"]},
)  # fmt: skip


def vouched(subject="s1", name="Ada", email="ada@example.org", groups=()):
    return Vouched(subject, name, email, frozenset(groups), "/desk")


def test_who_was_added_here_is_known_by_address_once_and_by_subject_from_then_on(place):
    ada = add_person(place, name="Ada", roles=[Role.MODERATOR], email="ada@example.org")
    assert admit(place, LOCAL, vouched()).id == ada.id
    assert find_person(place, ada.id).state is State.ACTIVE
    assert admit(place, LOCAL, vouched(email="")).id == ada.id
    with pytest.raises(ProviderError, match="nobody here"):
        admit(place, LOCAL, vouched("s2"))  # another subject with the same address
    assert admit(place, LOCAL, vouched(name="Renamed", email="new@example.org")).name == "Ada"


@pytest.mark.parametrize("other", [{"email": ""}, {"email": "eve@example.org"}, {"email": "no address"}])
def test_nobody_else_is_let_in(place, other):
    add_person(place, name="Ada", roles=[Role.MODERATOR], email="ada@example.org")
    with pytest.raises(ProviderError, match="ask an admin"):
        admit(place, LOCAL, vouched(**other))


def test_who_is_disabled_stays_out(place):
    ada = add_person(place, name="Ada", roles=[Role.MODERATOR], email="ada@example.org")
    admit(place, LOCAL, vouched())
    disable_person(place, ada.id)
    with pytest.raises(ProviderError):
        admit(place, LOCAL, vouched())


def test_groups_give_roles_and_take_them(place):
    made = admit(place, GROUPS, vouched(groups=["media", "other"], email=""))
    assert (made.name, made.roles, made.state) == ("Ada", {Role.MODERATOR}, State.ACTIVE)
    assert admit(place, GROUPS, vouched(groups=["audit"])).roles == {Role.AUDITOR}
    for groups in ((), ("other",)):
        with pytest.raises(ProviderError, match="no role"):
            admit(place, GROUPS, vouched(groups=groups))
    assert place.kinds() == ["access.person_added", "access.roles_changed"]


def test_names_that_are_taken_or_cannot_be_shown_get_others(place):
    first, second = (admit(place, GROUPS, vouched(subject, email="", groups=["media"])) for subject in ("s1", "s2"))
    assert (first.name, second.name) == ("Ada", "Ada (2)")
    odd = admit(place, GROUPS, vouched("s3", name="\u202e", email="", groups=["media"]))
    assert odd.name.startswith("person ")


def test_a_subject_of_another_tenant_is_nobody_here(place):
    admit(place.of("acme"), GROUPS, vouched(groups=["media"]))
    with pytest.raises(ProviderError):
        admit(place, GROUPS, vouched(groups=["media"]))


def test_a_name_that_is_spelled_as_an_address_is_not_vouched_for(place):
    add_person(place, name="ada@example.org", roles=[Role.MODERATOR])
    with pytest.raises(ProviderError, match="nobody here"):
        admit(place, LOCAL, vouched())


def test_the_last_admin_stays_one_whatever_the_provider_gives(place):
    ada = add_person(place, name="Ada", roles=[Role.ADMIN], email="ada@example.org")
    assert admit(place, GROUPS, vouched(groups=["media"])).roles == {Role.ADMIN, Role.MODERATOR}
    admit(place, LOCAL, vouched("s2", email=add_person(place, name="Eve", roles=[Role.ADMIN], email="e@b.cd").email))
    assert admit(place, GROUPS, vouched(groups=["media"])).roles == {Role.MODERATOR}
    assert find_person(place, ada.id).roles == {Role.MODERATOR}
