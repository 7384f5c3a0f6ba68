import pytest
from sqlalchemy import select, update

from api.access.identity import Actor, Permission, Role
from api.access.key import create_key, find_good_key, find_key, list_keys, revoke_key
from api.access.refusals import AccessError, KeyNotFoundError
from api.access.secret import moment
from provenance.storage.access_tables import API_KEYS


def change(place, **values):
    with place.database.write() as connection:
        connection.execute(update(API_KEYS).values(**values))


def test_a_key_is_known_by_itself_alone_and_never_kept(place):
    made, token = create_key(place, name="ci", roles=[Role.SUBMITTER])
    found = find_good_key(place.database, token)
    assert (found.id, found.actor.kind, found.actor.name, found.actor.tenant) == (made.id, "key", "ci", "main")
    for other in ("", token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), token.replace("chopmark", "x")):
        assert find_good_key(place.database, other) is None
    secret = token.rpartition(f"{made.prefix}_")[2]
    with place.database.read() as connection:
        row = connection.execute(select(API_KEYS)).one()
    assert secret not in repr(row)
    assert secret.encode() not in row.digest
    assert not any(secret.encode() in entry.opening or b'"ci"' in entry.leaf for entry in place.log.entries())


def test_a_key_ends_when_it_is_revoked_or_over(place):
    made, token = create_key(place, name="ci", roles=[Role.SUBMITTER], days=1)
    change(place, expires_at=moment(-1))
    assert find_good_key(place.database, token) is None
    assert not find_key(place, made.id).is_good
    change(place, expires_at=None)
    assert find_good_key(place.database, token)
    revoke_key(place, made.prefix)
    assert revoke_key(place, made.id).revoked_at
    assert find_good_key(place.database, token) is None
    assert place.kinds() == ["access.key_created", "access.key_revoked"]


def test_its_last_use_is_shown_to_the_minute(place):
    made, token = create_key(place, name="ci", roles=[Role.SUBMITTER])
    assert find_key(place, made.id).used_at == ""
    find_good_key(place.database, token)
    first = find_key(place, made.id).used_at
    assert first
    find_good_key(place.database, token)
    assert find_key(place, made.id).used_at == first
    change(place, used_at=moment(-61))
    find_good_key(place.database, token)
    assert find_key(place, made.id).used_at > moment(-10)


def test_a_key_is_its_tenants(place):
    made, token = create_key(place.of("acme"), name="ci", roles=[Role.ADMIN])
    assert find_good_key(place.database, token).actor.tenant == "acme"
    assert list_keys(place) == ()
    assert [key.id for key in list_keys(place.of("acme"))] == [made.id]
    for verb in (find_key, revoke_key):
        with pytest.raises(KeyNotFoundError):
            verb(place, made.id)


def test_a_key_may_have_less_than_its_roles_grant_and_never_more(place):
    _, token = create_key(place, name="metrics", roles=[Role.ADMIN], permissions=[Permission.OPERATE])
    actor = find_good_key(place.database, token).actor
    assert [permission for permission in Permission if actor.may(permission)] == [Permission.OPERATE]
    for wanted in ([Permission.EXPORT], [], ["fly"]):
        with pytest.raises(AccessError, match="release"):
            create_key(place, name="x", roles=[Role.SUBMITTER], permissions=wanted)


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 4000}, {"roles": []}, {"name": ""}, {"roles": ["root"]}])
def test_what_cannot_be_is_refused(small, wrong):
    with pytest.raises(AccessError, match="expected"):
        create_key(small, **{"name": "ci", "roles": [Role.SUBMITTER], **wrong})
    assert small.kinds() == []


def test_who_made_it_is_told_by_pseudonym(small):
    create_key(small, name="a", roles=[Role.SUBMITTER])
    create_key(small, name="b", roles=[Role.SUBMITTER], by=Actor("1", "Ada", small.tenant, frozenset(), "person"))
    by_name = {key.name: key.made_by for key in list_keys(small)}
    assert by_name["a"] == "operator"
    assert by_name["b"].startswith("reviewer-")
