"""Signing in: each way in ends in a new session, or in the same words whatever was wrong.

What was tried is counted before it is looked at; a password that is right opens half a session where a code has to
follow; and whoever signs in gives up the session that they came with.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, update
from starlette.requests import HTTPConnection

from api.access import session as sessions
from api.access.link import Link, find_link, take_link
from api.access.password import find_password, hash_password, is_password, set_password
from api.access.person import Person, State, fetch_person, fold, insert_person
from api.access.place import Place
from api.access.provider import Provider
from api.access.refusals import LinkSpentError, NotSignedInError, PersonNotFoundError, SignInError
from api.access.throttle import Counted, begin_attempt, end_attempt
from api.access.totp import has_totp, use_code
from api.access.vault import Vault, load_vault
from api.settings import Settings
from provenance.storage.access_tables import PEOPLE
from provenance.storage.database import Database
from provenance.tenant import MAIN, Tenant

if TYPE_CHECKING:
    from api.wiring import Site

ACCOUNT_FREE: Final = 5
"""Failures of one account that cost nothing."""
ADDRESS_FREE: Final = 20
"""Of one address: behind it may be many people."""

WRONG: Final = "name, password or code is not right"


@dataclass(frozen=True, slots=True)
class Visit:
    """Who knocks.

    Attributes:
        address: of the network, or "".
        agent: the User-Agent header.
        token: of the session that they came with, or "".
    """

    address: str
    agent: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Welcome:
    """What came of it.

    Attributes:
        token: of the new session.
        person: who.
        is_half: a code has to follow.
    """

    token: str
    person: Person
    is_half: bool = False


class Reception:
    """Lets people in.

    Args:
        database: of the site.
        settings: of the site.
        vault: of the site.
        find_place: the place of a tenant.
    """

    def __init__(
        self, database: Database, settings: Settings, vault: Vault, find_place: Callable[[Tenant], Place]
    ) -> None:
        self.database: Final = database
        self.settings: Final = settings
        self.vault: Final = vault
        self.find_place: Final = find_place
        oidc = settings.access.oidc
        self.provider: Final = Provider(oidc, settings.http.origin, database) if oidc.issuer else None

    def enter_by_password(self, unverified_tenant: str, account: str, password: str, visit: Visit) -> Welcome:
        """Let somebody in by name or e-mail address, and password; whom a tenant has that is not there, nobody is.

        Raises:
            SignInError: nobody has this name, or the password is another, or they are let in no more.
            ThrottledError: there were too many failed attempts.
        """
        is_known = unverified_tenant == MAIN or unverified_tenant in self.settings.tenants
        here = self.find_place(Tenant(unverified_tenant) if is_known else MAIN)
        with self.database.read() as connection:
            person = _try_fetch(here, connection, account if is_known else "")
            hashed = find_password(connection, person) if person is not None else None
            is_half = person is not None and has_totp(connection, person)
        # Somebody has several names, which must not add up to several tries.
        tried = f"{unverified_tenant}:{fold(account[:256])}" if person is None else f"{person.tenant}:{person.id}"
        counted = self._count(f"account:{tried}", visit)
        begin_attempt(self.database, counted)
        is_right = is_password(hashed, password) and self.settings.access.passwords
        if person is None or not is_right or person.state is not State.ACTIVE:
            raise SignInError(WRONG)
        end_attempt(self.database, counted)
        return self.open(person, "password", visit, is_half=is_half)

    def enter_by_code(self, code: str, visit: Visit) -> Welcome:
        """Make half a session a whole one by a code of the app, or one on paper.

        Raises:
            NotSignedInError: there is no such half, or not any more.
            SignInError: the code is not right, or was used.
            ThrottledError: there were too many failed attempts.
        """
        idle_s = sessions.HALF_S
        found = sessions.find_good_session(self.database, visit.token, idle_s=idle_s, state=sessions.HALF)
        if found is None:
            raise NotSignedInError("expected a code within five minutes of the password: begin anew")
        _, person = found
        counted = self._count(f"code:{person.id}", visit)
        begin_attempt(self.database, counted)
        with self.database.write() as connection:
            is_right = use_code(connection, self.vault, person, code)
        if not is_right:
            raise SignInError(WRONG)
        end_attempt(self.database, counted)
        return self.open(person, "password", visit)

    def find_link(self, unverified_token: str, visit: Visit) -> tuple[Link, Person | None]:
        """Return what a link is for, and for whom.

        Raises:
            LinkSpentError: it does not work, or not any more.
            ThrottledError: too many others were tried from this address.
        """
        counted = (Counted(self.vault.digest(f"links:{visit.address}"), ADDRESS_FREE, is_account=False),)
        begin_attempt(self.database, counted)
        link = find_link(self.database, unverified_token)
        if link is None:
            raise LinkSpentError("this link was used, or its time is over: ask for another")
        end_attempt(self.database, counted)
        with self.database.read() as connection:
            here = self.find_place(link.tenant)
            return link, fetch_person(here, connection, link.person_id) if link.person_id else None

    def enter_by_link(self, unverified_token: str, visit: Visit, *, name: str = "", password: str = "") -> Welcome:
        """Let somebody in by a link, with the password that they choose; sessions of before end.

        Raises:
            AccessError: the link does not work any more, or name or password cannot be taken.
        """
        link, known = self.find_link(unverified_token, visit)
        here, has_passwords = self.find_place(link.tenant), self.settings.access.passwords
        hashed = hash_password(password, whose=known.name if known else name) if has_passwords else ""
        with self.database.write() as connection:
            take_link(connection, unverified_token)
            if link.person_id is None:
                person = insert_person(here, connection, name=name, roles=link.roles)
            else:
                person = fetch_person(here, connection, link.person_id)
            if person.is_out:
                raise SignInError(WRONG)
            if has_passwords:
                set_password(connection, person, hashed)
            sessions.revoke_rows(connection, person.id)
            activate(connection, person)
            is_half = has_totp(connection, person)
        return self.open(person, "link", visit, is_half=is_half)

    def open(self, person: Person, method: str, visit: Visit, *, is_half: bool = False) -> Welcome:
        """Open a session for somebody who was let in, in the place of the one that they came with."""
        if visit.token:
            sessions.end_session(self.database, visit.token)
        state = sessions.HALF if is_half else sessions.FULL
        lasts_s = self.settings.access.session_s
        with self.database.write() as connection:
            token = sessions.open_session(
                connection, person.id, method=method, agent=visit.agent, lasts_s=lasts_s, state=state
            )
        return Welcome(token, person, is_half)

    def _count(self, account: str, visit: Visit) -> tuple[Counted, ...]:
        of_account = Counted(self.vault.digest(account), ACCOUNT_FREE, is_account=True)
        of_address = Counted(self.vault.digest(f"address:{visit.address}"), ADDRESS_FREE, is_account=False)
        return (of_account, of_address)


def build_reception(site: "Site") -> Reception:
    """Build the reception of a site; its key of access is made at the first start.

    Raises:
        MissingKeyError: the site has used a key that is not there.
    """
    database = site.deployment.database
    vault = load_vault(site.settings.keys_dir, database)
    return Reception(database, site.settings, vault, site.deployment.tenancy)


def find_reception(request: HTTPConnection) -> Reception:
    """Return the reception that a request came to."""
    reception: Reception = request.app.state.reception
    return reception


def activate(connection: Connection, person: Person) -> None:
    """Note that a person who was invited has come."""
    this = (PEOPLE.c.id == person.id, PEOPLE.c.state == State.INVITED.value)
    connection.execute(update(PEOPLE).where(*this).values(state=State.ACTIVE.value))


def _try_fetch(here: Place, connection: Connection, account: str) -> Person | None:
    try:
        return fetch_person(here, connection, account)
    except PersonNotFoundError:
        return None
