"""An account that was forgotten keeps a pseudonym, lets nobody in, and its tombstone says so; the last admin stays."""

import pytest
from sqlalchemy import select

from api.access.forgetting import forget_person
from api.access.identity import Role
from api.access.link import make_link
from api.access.person import (
    PERSON_FORGOTTEN,
    State,
    disable_person,
    enable_person,
    find_person,
    list_people,
    set_roles,
)
from api.access.refusals import AccessError, LastAdminError, PersonNotFoundError
from api.access.session import list_sessions
from api.wiring import open_site
from provenance.ledger.audit import verify_log
from provenance.storage.access_tables import CREDENTIALS, SESSIONS, SIGN_IN_LINKS
from tests.api.signing_in import make_person, open_for
from tests.policies.review.people import held
from tests.policies.review.test_fading import dump
from tests.sites import build_light_settings


@pytest.fixture
def here(tmp_path):
    with open_site(build_light_settings(tmp_path / "home"), quiet=True) as site:
        yield site.deployment


def test_nothing_of_an_account_is_left_but_a_pseudonym(here):
    grace = make_person(here, Role.ADMIN, name="Grace")
    ada = make_person(here, Role.MODERATOR, name="Ada Lovelace", email="ada@example.org")
    open_for(here, ada)
    make_link(here, ada.id, lasts_s=60)
    done = forget_person(here, "ada@example.org", by=grace.actor)
    assert (done.person.id, done.person.state, done.person.email, done.person.roles) == (
        ada.id,
        State.FORGOTTEN,
        "",
        frozenset(),
    )
    assert done.person.name.startswith("reviewer-")
    assert done.uploads is None
    rows = dump(here)
    assert not any(word in rows for word in ("Ada", "ada lovelace", "ada@example.org"))
    with here.database.read() as connection:
        for table in (CREDENTIALS, SESSIONS, SIGN_IN_LINKS):
            assert connection.execute(select(table).where(table.c.person_id == ada.id)).all() == []
    assert list_sessions(here, idle_s=60, person_id=ada.id) == ()
    (entry,) = [one for one in here.log.entries() if one.kind == PERSON_FORGOTTEN]
    assert (entry.subject, entry.fields()["by"].startswith("reviewer-")) == (done.person.name, True)
    verify_log(here.log)


def test_it_is_for_ever(here):
    make_person(here, Role.ADMIN, name="Grace")
    ada = make_person(here, Role.MODERATOR, name="Ada")
    forgotten = forget_person(here, ada.id).person
    assert enable_person(here, ada.id) == disable_person(here, ada.id) == forgotten
    for change in (lambda: make_link(here, ada.id, lasts_s=60), lambda: set_roles(here, ada.id, [Role.ADMIN])):
        with pytest.raises(AccessError):
            change()
    with pytest.raises(PersonNotFoundError):
        find_person(here, "Ada")
    assert forget_person(here, ada.id).person == forgotten
    assert [one.kind for one in here.log.entries()].count(PERSON_FORGOTTEN) == 1
    again = make_person(here, Role.MODERATOR, name="Ada")
    assert again.id != ada.id
    assert len(list_people(here)) == 3


def test_the_last_admin_is_not_forgotten_and_who_forgets_themselves_leaves_no_name(here):
    grace = make_person(here, Role.ADMIN, name="Grace Hopper")
    with pytest.raises(LastAdminError):
        forget_person(here, grace.id, by=grace.actor)
    make_person(here, Role.ADMIN, name="Ada")
    forget_person(here, grace.id, by=grace.actor)
    assert "Grace" not in dump(here)


def test_what_they_handed_in_goes_with_them_where_that_is_asked(here):
    make_person(here, Role.ADMIN, name="Grace")
    ada = make_person(here, Role.SUBMITTER, name="Ada")
    asset_id = held(here, name="mine.jpg", submitter=ada.id)
    kept = forget_person(here, ada.id)
    assert (kept.uploads, has_file(here, asset_id)) == (None, True)
    done = forget_person(here, ada.id, with_uploads=True)  # also later, by the id
    assert (done.uploads.refused, done.uploads.deleted, has_file(here, asset_id)) == (1, 1, False)
    assert "mine.jpg" not in dump(here)


def has_file(here, asset_id):
    return bool(list(here.blobs.quarantine.keys(f"{asset_id}/")))
