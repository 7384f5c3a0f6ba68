import threading

import pytest
from sqlalchemy import select, update

from api.access.identity import Role
from api.access.link import (
    build_address,
    find_link,
    make_admin_link,
    make_first_link,
    make_link,
    reset_person,
    take_link,
)
from api.access.person import add_person, disable_person
from api.access.refusals import AccessError
from api.access.secret import moment
from provenance.storage.access_tables import SIGN_IN_LINKS


def take(place, token):
    with place.database.write() as connection:
        return take_link(connection, token)


def expire(place):
    with place.database.write() as connection:
        connection.execute(update(SIGN_IN_LINKS).values(expires_at=moment(-1)))


def test_a_link_works_once(place):
    ada = add_person(place, name="Ada", roles=[Role.AUDITOR])
    person, token = make_link(place, "ada")
    assert person == ada
    assert find_link(place.database, token).person_id == ada.id
    assert take(place, token).person_id == ada.id
    assert find_link(place.database, token) is None
    for spent in (token, "", "nonsense"):
        with pytest.raises(AccessError, match="ask for another"):
            take(place, spent)
    with place.database.read() as connection:
        assert token not in repr(connection.execute(select(SIGN_IN_LINKS)).all())


def test_a_link_is_over_after_its_time_and_when_there_is_a_newer_one(place):
    add_person(place, name="Ada", roles=[Role.AUDITOR])
    _, older = make_link(place, "Ada")
    _, newer = make_link(place, "Ada")
    assert find_link(place.database, older) is None
    expire(place)
    with pytest.raises(AccessError):
        take(place, newer)


def test_who_is_disabled_gets_no_link_and_loses_those_there_are(place):
    ada = add_person(place, name="Ada", roles=[Role.AUDITOR])
    _, token = make_link(place, ada.id)
    disable_person(place, ada.id)
    assert find_link(place.database, token) is None
    with pytest.raises(AccessError, match="enable"):
        make_link(place, ada.id)


def test_the_first_start_has_one_link_and_the_second_none(place):
    token = make_first_link(place)
    link = find_link(place.database, token)
    assert (link.person_id, link.roles) == (None, {Role.ADMIN})
    assert make_first_link(place) is None
    expire(place)
    assert make_first_link(place)
    expire(place)
    add_person(place, name="Ada", roles=[Role.ADMIN])
    assert make_first_link(place) is None
    assert find_link(place.database, make_admin_link(place)).roles == {Role.ADMIN}
    assert make_first_link(place.of("acme"))


def test_several_first_starts_at_once_have_one_link_between_them(place):
    together, made = threading.Barrier(4), []

    def start():
        together.wait()
        made.append(make_first_link(place))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([token for token in made if token]) == 1
    with place.database.read() as connection:
        assert len(connection.execute(select(SIGN_IN_LINKS)).all()) == 1


def test_its_address_begins_with_the_server(place):
    assert build_address("https://gate.example.org/", "abc") == "https://gate.example.org/sign-in/link/abc"


def test_a_reset_forgets_all_that_somebody_signs_in_with(place):
    from api.access.credential import Kind, list_credentials, put_credential

    ada = add_person(place, name="Ada", roles=[Role.AUDITOR])
    with place.database.write() as connection:
        for kind in (Kind.PASSWORD, Kind.TOTP, Kind.PASSKEY):
            put_credential(connection, ada.id, kind, lookup=ada.id, secret=b"x")
    _, token = reset_person(place, "ada")
    assert find_link(place.database, token).person_id == ada.id
    with place.database.read() as connection:
        assert list_credentials(connection, ada.id) == ()
    assert "access.credentials_reset" in place.kinds()
    disable_person(place, ada.id)
    with pytest.raises(AccessError, match="enable"):
        reset_person(place, ada.id)
