import pyotp
import pytest

from api.access.account import Account
from api.access.credential import Kind, put_credential
from api.access.identity import Role
from api.access.password import hash_password, set_password
from api.access.reception import Reception, Visit
from api.access.refusals import AccessError, CodeError, SessionNotFoundError, SignInError, ThrottledError
from api.access.session import list_sessions
from api.access.vault import Vault
from api.settings import load_settings
from tests.api.signing_in import PASSWORD, make_person, open_for

VISIT = Visit("192.0.2.7", "")


@pytest.fixture
def reception(place, tmp_path):
    return Reception(place.database, load_settings(home=tmp_path), Vault(bytes(32)), place.of)


@pytest.fixture
def account(place, reception):
    person = make_person(place, Role.MODERATOR)
    with place.database.write() as connection:
        set_password(connection, person, hash_password(PASSWORD, whose="Ada"))
    return Account(reception, person.actor)


def test_whoever_has_only_the_session_changes_nothing(place, account):
    for change in (
        lambda: account.change_password("wrong", f"new {PASSWORD}", VISIT, session_id=""),
        lambda: account.begin_app("wrong", VISIT),
        lambda: account.drop_app("", VISIT),
        lambda: account.drop_passkey("x", "wrong", VISIT),
    ):
        with pytest.raises(SignInError):
            change()
    with pytest.raises((SignInError, ThrottledError)):
        [account.verify("wrong", VISIT) for _ in range(9)]
    assert place.kinds() == ["access.person_added"]


def test_what_is_begun_is_ones_own_and_confirmed_once(place, reception, account):
    flow, secret = account.begin_app(PASSWORD, VISIT)
    other = Account(reception, make_person(place, Role.MODERATOR, name="Eve").actor)
    with pytest.raises(CodeError):
        other.read_app(flow)
    flow, secret = account.begin_app(PASSWORD, VISIT)
    assert account.read_app(flow) == secret
    with pytest.raises(CodeError):
        account.read_app(flow)
    assert len(account.confirm_app(secret, pyotp.TOTP(secret).now())) == 8
    assert account.has_app()
    account.drop_app(PASSWORD, VISIT)
    assert not account.has_app()
    assert place.kinds()[-2:] == ["access.credential_changed"] * 2


def test_who_has_no_password_is_not_asked_for_one_and_sets_none(place, reception):
    account = Account(reception, make_person(place, Role.MODERATOR).actor)
    assert not account.has_password
    account.verify("", VISIT)
    with pytest.raises(SignInError):
        account.change_password("", PASSWORD, VISIT, session_id="")


def test_the_last_way_in_is_not_dropped(place, reception):
    person = make_person(place, Role.MODERATOR)
    account = Account(reception, person.actor)
    with place.database.write() as connection:
        first, second = (put_credential(connection, person.id, Kind.PASSKEY, lookup=f"{n}", secret=b"") for n in (1, 2))
    account.drop_passkey(first, "", VISIT)
    with pytest.raises(AccessError, match="all that you sign in with"):
        account.drop_passkey(second, "", VISIT)


def test_sessions_of_others_are_not_ones_own(place, reception, account):
    eve = make_person(place, Role.MODERATOR, name="Eve")
    open_for(place, eve)
    ((theirs, _),) = list_sessions(place, idle_s=60, person_id=eve.id)
    with pytest.raises(SessionNotFoundError):
        account.end_session(theirs.id)
    open_for(place, account.person)
    ((mine, _),) = list_sessions(place, idle_s=60, person_id=account.person.id)
    account.end_session(mine.id)
    assert list_sessions(place, idle_s=60, person_id=account.person.id) == ()
