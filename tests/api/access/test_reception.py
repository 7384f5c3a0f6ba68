import time

import pyotp
import pytest

from api.access.identity import Role
from api.access.link import make_admin_link, make_link
from api.access.person import State, add_person, find_person
from api.access.reception import Reception, Visit
from api.access.refusals import LinkSpentError, NotSignedInError, SignInError, ThrottledError, WeakPasswordError
from api.access.session import find_good_session
from api.access.totp import build_secret, enrol
from api.access.vault import Vault
from api.settings import TenantSettings, load_settings
from tests.api.signing_in import PASSWORD

VISIT = Visit("192.0.2.7", "")


@pytest.fixture
def reception(place, tmp_path):
    settings = load_settings(home=tmp_path, tenants={"acme": TenantSettings()})
    return Reception(place.database, settings, Vault(bytes(32)), place.of)


@pytest.fixture
def ada(place, reception):
    made = add_person(place, name="Ada", roles=[Role.MODERATOR], email="ada@example.org")
    _, token = make_link(place, made.id)
    return reception.enter_by_link(token, VISIT, password=PASSWORD).person


def is_in(reception, welcome):
    return find_good_session(reception.database, welcome.token, idle_s=60) is not None


def test_a_link_activates_and_a_password_lets_in(reception, place, ada):
    assert find_person(place, ada.id).state is State.ACTIVE
    for account in ("Ada", "ADA", "ada@example.org"):
        assert is_in(reception, reception.enter_by_password("main", account, PASSWORD, VISIT))


@pytest.mark.parametrize("tried", [
    ("main", "Ada", "wrong"), ("acme", "Ada", PASSWORD), ("nonesuch", "Ada", PASSWORD), ("main", "", PASSWORD),
])  # fmt: skip
def test_whatever_is_wrong_it_is_the_same_error(reception, ada, tried):
    with pytest.raises(SignInError, match="name, password or code is not right"):
        reception.enter_by_password(*tried, VISIT)


def test_a_new_session_takes_the_place_of_the_old(reception, ada):
    first = reception.enter_by_password("main", "Ada", PASSWORD, VISIT)
    second = reception.enter_by_password("main", "Ada", PASSWORD, Visit("", "", first.token))
    assert not is_in(reception, first)
    assert is_in(reception, second)


def test_with_an_app_the_password_opens_half_and_a_code_the_rest(reception, place, ada):
    secret = build_secret()
    with place.database.write() as connection:
        enrol(connection, reception.vault, ada, secret, pyotp.TOTP(secret).now())
    half = reception.enter_by_password("main", "Ada", PASSWORD, VISIT)
    assert half.is_half
    assert not is_in(reception, half)
    with_half = Visit("", "", half.token)
    for wrong in ("", "000000", pyotp.TOTP(secret).now()):
        with pytest.raises(SignInError):
            reception.enter_by_code(wrong, with_half)
    whole = reception.enter_by_code(pyotp.TOTP(secret).at(time.time() + 30), with_half)
    assert is_in(reception, whole)
    assert whole.token != half.token
    for spent in (with_half, VISIT, Visit("", "", whole.token)):
        with pytest.raises(NotSignedInError):
            reception.enter_by_code("000000", spent)


def test_codes_are_not_guessed(reception, place, ada):
    secret = build_secret()
    with place.database.write() as connection:
        enrol(connection, reception.vault, ada, secret, pyotp.TOTP(secret).now())
    half = Visit("", "", reception.enter_by_password("main", "Ada", PASSWORD, VISIT).token)
    ends = []
    for number in range(8):
        with pytest.raises((SignInError, ThrottledError)) as caught:
            reception.enter_by_code(f"{number:06}", half)
        ends.append(caught.type)
    assert ends == [SignInError] * 5 + [ThrottledError] * 3


def test_a_new_password_by_link_ends_sessions_and_still_asks_for_the_code(reception, place, ada):
    before = reception.enter_by_password("main", "Ada", PASSWORD, VISIT)
    secret = build_secret()
    with place.database.write() as connection:
        enrol(connection, reception.vault, ada, secret, pyotp.TOTP(secret).now())
    _, token = make_link(place, ada.id)
    with pytest.raises(WeakPasswordError):
        reception.enter_by_link(token, VISIT, password="short")
    assert reception.enter_by_link(token, VISIT, password=f"another {PASSWORD}").is_half
    assert not is_in(reception, before)
    with pytest.raises(SignInError):
        reception.enter_by_password("main", "Ada", PASSWORD, VISIT)
    with pytest.raises(LinkSpentError):
        reception.enter_by_link(token, VISIT, password=PASSWORD)


def test_links_make_admins_of_the_tenant_that_made_them(reception, place):
    welcome = reception.enter_by_link(make_admin_link(place.of("acme")), VISIT, name="Eve", password=PASSWORD)
    assert (welcome.person.tenant, welcome.person.roles) == ("acme", {Role.ADMIN})
    assert is_in(reception, reception.enter_by_password("acme", "eve", PASSWORD, VISIT))


def test_links_are_not_guessed(reception):
    ends = []
    for number in range(24):
        with pytest.raises((LinkSpentError, ThrottledError)) as caught:
            reception.find_link(f"guess {number}", VISIT)
        ends.append(caught.type)
    assert ends[0] is LinkSpentError
    assert ends[-1] is ThrottledError


def test_another_name_of_the_same_person_is_no_more_tries(reception, ada):
    ends = []
    for number in range(8):
        with pytest.raises((SignInError, ThrottledError)) as caught:
            reception.enter_by_password("main", ("Ada", "ada@example.org", ada.id)[number % 3], "wrong", VISIT)
        ends.append(caught.type)
    assert ends == [SignInError] * 5 + [ThrottledError] * 3
