"""People and keys of tests, and browsers that are signed in as one of them."""

import re

from api.access.key import create_key
from api.access.link import make_link
from api.access.person import add_person
from api.access.reception import activate
from api.access.session import open_session

PASSWORD = "four unconnected words"


def make_person(here, *roles, name="Ada", email=""):
    """Somebody active, without a password: hashing takes time that few tests need."""
    person = add_person(here, name=name, roles=roles, email=email)
    with here.database.write() as connection:
        activate(connection, person)
    return person


def make_key(here, *roles, **more):
    """The header that a program sends."""
    _, token = create_key(here, name="+".join(roles), roles=roles, **more)
    return {"Authorization": f"Bearer {token}"}


def open_for(here, person):
    """The token of a session of a person."""
    with here.database.write() as connection:
        return open_session(connection, person.id, method="password", agent="", lasts_s=3600)


def enter_by_link(client, here, person, password=PASSWORD):
    """Give a person a password, by a link as they would."""
    _, token = make_link(here, person.id)
    return client.post(f"/sign-in/link/{token}", data={"password": password}, follow_redirects=False)


def find_csrf(text):
    """What a page has its forms carry."""
    return re.search(r'name="csrf_token" value="([0-9a-f]{64})"', text)[1]
