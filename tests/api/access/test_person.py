import threading

import pytest
from sqlalchemy import select, update

from api.access.identity import Role
from api.access.person import (
    State,
    add_person,
    disable_person,
    enable_person,
    find_person,
    list_people,
    parse_email,
    set_roles,
)
from api.access.refusals import AccessError, PersonNotFoundError
from provenance.storage.access_tables import PEOPLE


def activate(place, person):
    with place.database.write() as connection:
        connection.execute(update(PEOPLE).where(PEOPLE.c.id == person.id).values(state="active"))
    return find_person(place, person.id)


@pytest.fixture
def ada(place):
    return activate(place, add_person(place, name="Ada", roles=[Role.ADMIN], email="Ada@Example.org"))


def test_somebody_is_found_by_id_name_and_address_within_their_tenant_alone(place, ada):
    for wanted in (ada.id, "ada", " ADA ", "Ａｄａ", "ada@example.org", "ADA@example.org"):
        assert find_person(place, wanted) == ada
        with pytest.raises(PersonNotFoundError):
            find_person(place.of("acme"), wanted)
    assert list_people(place) == (ada,)
    assert list_people(place.of("acme")) == ()


def test_two_people_of_a_tenant_have_two_names_and_two_addresses(place, ada):
    for name, email in (("ADA", ""), ("ａｄａ", ""), ("Grace", "ada@example.org")):
        with pytest.raises(AccessError, match="already"):
            add_person(place, name=name, roles=[Role.MODERATOR], email=email)
    assert add_person(place.of("acme"), name="Ada", roles=[Role.ADMIN], email="ada@example.org").tenant == "acme"


def test_nobody_is_called_what_another_is_found_by(place, ada):
    for name in ("ada@example.org", "Ada@Example.ORG", ada.id, ada.id.upper()):
        with pytest.raises(AccessError, match="already"):
            add_person(place, name=name, roles=[Role.MODERATOR])
    add_person(place, name="Eve@Example.org", roles=[Role.MODERATOR])
    with pytest.raises(AccessError, match="already"):
        add_person(place, name="Eve", roles=[Role.MODERATOR], email="eve@example.org")


@pytest.mark.parametrize("is_later", [True, False])
def test_an_id_goes_before_an_address_and_an_address_before_a_name(place, is_later):
    people = [add_person(place, name=name, roles=[Role.ADMIN]) for name in ("Ada", "Eve")]
    ada, eve = people if is_later else people[::-1]
    with place.database.write() as connection:  # as one of before may be
        connection.execute(update(PEOPLE).where(PEOPLE.c.id == ada.id).values(email="ada@example.org"))
        connection.execute(update(PEOPLE).where(PEOPLE.c.id == eve.id).values(handle="ada@example.org", email=ada.id))
    assert find_person(place, "ada@example.org").id == ada.id
    assert find_person(place, ada.id).id == ada.id


@pytest.mark.parametrize("name", ["", "  ", "x" * 129, "a\u202eb", "a\x00b", "a\u200bb"])
def test_a_name_can_be_read(small, name):
    with pytest.raises(AccessError, match="visible"):
        add_person(small, name=name, roles=[Role.ADMIN])


@pytest.mark.parametrize("email", ["ada", "@x", "a@", "a b@c.de", "a@b\n", f"{'a' * 250}@b.cd"])
def test_an_address_is_one(email):
    if email == "a@b\n":  # white space around it is nobody's intention
        assert parse_email(email) == "a@b"
        return
    with pytest.raises(AccessError):
        parse_email(email)


def test_there_is_a_role_and_it_is_known(small):
    for roles in ([], ["root"]):
        with pytest.raises(AccessError, match="role"):
            add_person(small, name="Eve", roles=roles)


def test_the_last_active_admin_stays_one(place, ada):
    invited = add_person(place, name="Grace", roles=[Role.ADMIN])
    other = activate(place.of("acme"), add_person(place.of("acme"), name="Eve", roles=[Role.ADMIN]))
    for change in (lambda: disable_person(place, ada.id), lambda: set_roles(place, ada.id, [Role.AUDITOR])):
        with pytest.raises(AccessError, match="last active admin"):
            change()
    assert set_roles(place, ada.id, [Role.ADMIN, Role.AUDITOR]).roles == {Role.ADMIN, Role.AUDITOR}
    activate(place, invited)
    assert disable_person(place, ada.id).state is State.DISABLED
    assert find_person(place.of("acme"), other.id).state is State.ACTIVE
    with pytest.raises(AccessError, match="last active admin"):
        disable_person(place, invited.id)


def test_two_admins_cannot_disable_each_other_at_once(place, ada):
    grace = activate(place, add_person(place, name="Grace", roles=[Role.ADMIN]))
    together, refused = threading.Barrier(2), []

    def leave(person):
        together.wait()
        try:
            disable_person(place, person.id)
        except AccessError:
            refused.append(person.name)

    threads = [threading.Thread(target=leave, args=(person,)) for person in (ada, grace)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert [person.name for person in list_people(place) if person.state is State.ACTIVE] == refused


def test_what_is_changed_stands_on_the_ledger_without_names(place, ada):
    grace = add_person(place, name="Grace", roles=[Role.SUBMITTER], email="grace@example.org", by=ada.actor)
    set_roles(place, grace.id, [Role.MODERATOR], by=ada.actor)
    disable_person(place, grace.id, by=ada.actor)
    assert enable_person(place, grace.id, by=ada.actor).state is State.INVITED
    assert place.kinds() == [
        "access.person_added", "access.person_added", "access.roles_changed", "access.person_disabled",
        "access.person_enabled",
    ]  # fmt: skip
    entries = list(place.log.entries())
    assert entries[2].fields() == {"before": ["submitter"], "by": entries[0].subject, "roles": ["moderator"]}
    # As they are written: digests and ids may well hold "ada".
    told = (b'"Ada', b"ada@", b'"Grace', b"grace@")
    assert not any(name in entry.opening for entry in entries for name in told)


def test_nothing_is_put_on_record_that_changes_nothing(small):
    ada = add_person(small, name="Ada", roles=[Role.AUDITOR])
    set_roles(small, ada.id, [Role.AUDITOR])
    enable_person(small, ada.id)
    assert small.kinds() == ["access.person_added"]


def test_a_role_of_a_later_version_grants_nothing(small):
    ada = add_person(small, name="Ada", roles=[Role.AUDITOR])
    with small.database.write() as connection:
        connection.execute(update(PEOPLE).values(roles=["auditor", "emperor"]))
        assert connection.execute(select(PEOPLE.c.roles)).scalar() == ["auditor", "emperor"]
    assert find_person(small, ada.id).roles == {Role.AUDITOR}
