import pytest

from api.access.credential import (
    Kind,
    drop_credential,
    find_credential,
    has_credentials,
    list_credentials,
    put_credential,
    use_credential,
)
from api.access.identity import Role
from api.access.person import add_person


@pytest.fixture
def ada(place):
    return add_person(place, name="Ada", roles=[Role.AUDITOR])


def test_a_new_one_takes_the_place_of_what_stood_there(place, ada):
    with place.database.write() as connection:
        for secret in (b"old", b"new"):
            put_credential(connection, ada.id, Kind.PASSWORD, lookup=ada.id, secret=secret)
        assert find_credential(connection, Kind.PASSWORD, ada.id)["secret"] == b"new"
        assert find_credential(connection, Kind.TOTP, ada.id) is None
        assert len(list_credentials(connection, ada.id)) == 1


def test_an_authenticator_alone_lets_nobody_in(place, ada):
    with place.database.write() as connection:
        put_credential(connection, ada.id, Kind.TOTP, lookup=ada.id, secret=b"x")
        assert not has_credentials(connection, ada.id)
        made = put_credential(connection, ada.id, Kind.PASSKEY, lookup="id", secret=b"key", label="x" * 99)
        assert has_credentials(connection, ada.id)
        assert len(find_credential(connection, Kind.PASSKEY, "id")["label"]) == 64
        assert not drop_credential(connection, "somebody else", made)
        assert drop_credential(connection, ada.id, made)
        assert not has_credentials(connection, ada.id)


def test_a_count_goes_up_and_never_down(place, ada):
    with place.database.write() as connection:
        put_credential(connection, ada.id, Kind.TOTP, lookup=ada.id, secret=b"x", counter=5)
        row = find_credential(connection, Kind.TOTP, ada.id)
        assert [use_credential(connection, row, counter) for counter in (5, 6, 6, 4, 7)] == [
            False,
            True,
            False,
            False,
            True,
        ]
        assert use_credential(connection, row, 0)  # of an authenticator that counts nothing
