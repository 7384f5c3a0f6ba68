import pytest
from sqlalchemy import select, update

from api.access.identity import Role
from api.access.person import add_person, disable_person
from api.access.refusals import PersonNotFoundError, SessionNotFoundError
from api.access.secret import moment
from api.access.session import (
    FULL,
    HALF,
    end_session,
    find_good_session,
    list_sessions,
    open_session,
    revoke_session,
    revoke_sessions,
    shorten_agent,
)
from provenance.storage.access_tables import PEOPLE, SESSIONS

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IDLE_S = 600


@pytest.fixture
def ada(place):
    made = add_person(place, name="Ada", roles=[Role.MODERATOR])
    change(place, PEOPLE, state="active")
    return made


def change(place, table, **values):
    with place.database.write() as connection:
        connection.execute(update(table).values(**values))


def start(place, person, **more):
    with place.database.write() as connection:
        return open_session(connection, person.id, **{"method": "password", "agent": FIREFOX, "lasts_s": 3600, **more})


def find(place, token, **more):
    return find_good_session(place.database, token, **{"idle_s": IDLE_S, **more})


def test_a_session_is_known_by_its_token_alone(place, ada):
    token = start(place, ada)
    session, person = find(place, token)
    assert (person.name, session.agent, session.method) == ("Ada", "Firefox on Linux", "password")
    assert person.seen_at
    for other in ("", token[:-1], start(place, ada)[:-1] + "!"):
        assert find(place, other) is None
    with place.database.read() as connection:
        assert token not in repr(connection.execute(select(SESSIONS)).all())


@pytest.mark.parametrize("values", [
    {"expires_at": moment(-1)}, {"seen_at": moment(-IDLE_S - 1)}, {"revoked_at": moment()}, {"state": HALF},
])  # fmt: skip
def test_a_session_ends(place, ada, values):
    token = start(place, ada)
    change(place, SESSIONS, **values)
    assert find(place, token) is None
    assert list_sessions(place, idle_s=IDLE_S) == ()


def test_use_keeps_it_from_being_idle_but_not_from_ending(place, ada):
    token = start(place, ada)
    change(place, SESSIONS, seen_at=moment(-IDLE_S + 60))
    session, _ = find(place, token)
    again, _ = find(place, token)
    assert again.seen_at > session.seen_at
    assert again.expires_at == session.expires_at


def test_half_a_session_lets_nobody_in(place, ada):
    token = start(place, ada, state=HALF)
    assert find(place, token) is None
    assert find(place, token, state=HALF)
    assert find(place, start(place, ada, state=FULL), state=HALF) is None


def test_who_is_disabled_is_out_at_once(place, ada):
    token = start(place, ada)
    disable_person(place, ada.id)
    assert find(place, token) is None
    change(place, PEOPLE, state="active")
    assert find(place, token) is None


def test_one_or_all_can_be_revoked_by_their_tenant_alone(place, ada):
    tokens = [start(place, ada) for _ in range(3)]
    listed = list_sessions(place, idle_s=IDLE_S, person_id=ada.id)
    assert len(listed) == 3
    with pytest.raises(SessionNotFoundError):
        revoke_session(place.of("acme"), listed[0][0].id)
    with pytest.raises(PersonNotFoundError):
        revoke_sessions(place.of("acme"), ada.id)
    assert list_sessions(place.of("acme"), idle_s=IDLE_S) == ()
    gone = find(place, tokens[0])[0].id
    revoke_session(place, gone)
    revoke_session(place, gone)
    assert find(place, tokens[0]) is None
    assert revoke_sessions(place, ada.id, but=find(place, tokens[1])[0].id) == 1
    assert find(place, tokens[1])
    assert find(place, tokens[2]) is None
    assert place.kinds() == ["access.person_added", "access.sessions_revoked", "access.sessions_revoked"]


def test_signing_out_ends_this_one(place, ada):
    one, other = start(place, ada), start(place, ada)
    end_session(place.database, one)
    end_session(place.database, "nonsense")
    assert find(place, one) is None
    assert find(place, other)


@pytest.mark.parametrize(("agent", "words"), [
    (FIREFOX, "Firefox on Linux"), ("", "unknown"), ("<script>alert(1)</script>" * 99, "unknown"), ("curl/8.5", "curl"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/140.0 Safari/537.36", "Chrome on Linux"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
])  # fmt: skip
def test_little_is_kept_of_the_browser(agent, words):
    assert shorten_agent(agent) == words
