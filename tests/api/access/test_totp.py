import time

import pyotp
import pytest

from api.access.credential import Kind, list_credentials
from api.access.person import add_person
from api.access.refusals import CodeError
from api.access.totp import build_secret, build_uri, draw_uri, drop_totp, enrol, has_totp, use_code
from api.access.vault import Vault

VAULT = Vault(bytes(32))


@pytest.fixture
def ada(place):
    return add_person(place, name="Ada", roles=["admin"])


def code_of(secret, steps=0):
    return pyotp.TOTP(secret).at(time.time() + 30 * steps)


def take_part(place, ada, secret):
    with place.database.write() as connection:
        return enrol(connection, VAULT, ada, secret, code_of(secret))


def use(place, ada, code):
    with place.database.write() as connection:
        return use_code(connection, VAULT, ada, code)


def test_a_first_code_has_to_be_right(place, ada):
    secret = build_secret()
    for wrong in ("", "12345", code_of(build_secret()), code_of(secret, 5), "x" * 100):
        with pytest.raises(CodeError, match="six digits"), place.database.write() as connection:
            enrol(connection, VAULT, ada, secret, wrong)
    with place.database.read() as connection:
        assert not has_totp(connection, ada)


def test_a_code_works_once_and_none_before_it(place, ada):
    secret = build_secret()
    take_part(place, ada, secret)
    assert not use(place, ada, code_of(secret))  # the one that it began with
    assert not use(place, ada, code_of(secret, -1))
    later = code_of(secret, 1)
    assert use(place, ada, f" {later[:3]} {later[3:]} ")
    assert not use(place, ada, later)
    assert not use(place, ada, code_of(secret, 4))


def test_the_secret_is_sealed(place, ada):
    secret = build_secret()
    codes = take_part(place, ada, secret)
    with place.database.read() as connection:
        kept = repr(list_credentials(connection, ada.id))
    assert secret not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_codes_on_paper_work_once_each_and_for_their_owner(place, ada):
    eve = add_person(place, name="Eve", roles=["admin"])
    codes = take_part(place, ada, build_secret())
    take_part(place, eve, build_secret())
    assert len(set(codes)) == 8
    assert not use(place, eve, codes[0])
    assert use(place, ada, codes[0].upper())
    assert not use(place, ada, codes[0])
    assert use(place, ada, codes[1].replace("-", ""))
    newer = take_part(place, ada, build_secret())
    assert not use(place, ada, codes[2])
    assert use(place, ada, newer[2])


def test_who_gives_no_codes_any_more_has_none_on_paper_either(place, ada):
    codes = take_part(place, ada, build_secret())
    with place.database.write() as connection:
        assert drop_totp(connection, ada)
        assert not drop_totp(connection, ada)
        assert [row["kind"] for row in list_credentials(connection, ada.id) if row["kind"] != Kind.PASSWORD] == []
    assert not use(place, ada, codes[0])


def test_an_app_can_read_the_picture(ada):
    uri = build_uri(ada, build_secret(), host="gate.example.org")
    assert uri.startswith("otpauth://totp/Chopmark:Ada%20%28gate.example.org%29?secret=")
    assert draw_uri(uri).startswith("data:image/svg+xml")
