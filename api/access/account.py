"""What people change of their own: password, authenticator app, sessions.

Whoever has only got hold of a session can change nothing that would keep the door open to them: the password is asked
for again where there is one.
"""

from typing import Final

from sqlalchemy import Connection

from api.access.credential import Kind, drop_credential, find_credential, has_credentials, list_credentials
from api.access.flow import begin_flow, take_flow
from api.access.identity import Actor
from api.access.password import find_password, hash_password, is_password, set_password
from api.access.person import Person, find_person
from api.access.place import Place, put_on_record
from api.access.reception import ACCOUNT_FREE, ADDRESS_FREE, WRONG, Reception, Visit
from api.access.refusals import AccessError, CodeError, SessionNotFoundError, SignInError
from api.access.session import list_sessions, revoke_rows, revoke_session
from api.access.throttle import Counted, begin_attempt, end_attempt
from api.access.totp import build_secret, drop_totp, enrol
from policies.review.reviewers import name_reviewer

_APP: Final = "app"


class Account:
    """What one person has of their own.

    Args:
        reception: of the site.
        actor: the person who is signed in.

    Raises:
        PersonNotFoundError: nobody is.
    """

    def __init__(self, reception: Reception, actor: Actor) -> None:
        self._reception: Final = reception
        self._actor: Final = actor
        self.here: Final[Place] = reception.find_place(actor.tenant)
        self.person: Final[Person] = find_person(self.here, actor.id)

    @property
    def has_password(self) -> bool:
        """Whether there is a password that can be asked for again."""
        with self.here.database.read() as connection:
            return self._reception.settings.access.passwords and find_password(connection, self.person) is not None

    def verify(self, password: str, visit: Visit) -> None:
        """Check that it is really they, by the password where there is one.

        Raises:
            SignInError: it is another.
            ThrottledError: there were too many failed attempts.
        """
        with self.here.database.read() as connection:
            hashed = find_password(connection, self.person)
        if hashed is None or not self._reception.settings.access.passwords:
            return
        vault = self._reception.vault
        counted = (
            Counted(vault.digest(f"again:{self.person.id}"), ACCOUNT_FREE, is_account=True),
            Counted(vault.digest(f"address:{visit.address}"), ADDRESS_FREE, is_account=False),
        )
        begin_attempt(self.here.database, counted)
        if not is_password(hashed, password):
            raise SignInError(WRONG)
        end_attempt(self.here.database, counted)

    def change_password(self, current: str, password: str, visit: Visit, *, session_id: str) -> None:
        """Take another password; every other session ends.

        Raises:
            SignInError: the current one is another, or there is none: that takes a link.
            WeakPasswordError: the new one cannot be taken.
        """
        if not self.has_password:
            raise SignInError(WRONG)
        self.verify(current, visit)
        hashed = hash_password(password, whose=self.person.name)
        with self.here.database.write() as connection:
            set_password(connection, self.person, hashed)
            revoke_rows(connection, self.person.id, but=session_id)
            self._tell(connection, "password")

    def begin_app(self, current: str, visit: Visit, *, secret: str = "") -> tuple[str, str]:
        """Return (flow, secret): for an app to take part, confirmed by its first code.

        Raises:
            SignInError: the password is another.
        """
        if not secret:
            self.verify(current, visit)
        secret = secret or build_secret()
        sealed = self._reception.vault.seal(secret.encode(), whose=self.person.id).hex()
        return begin_flow(self.here.database, _APP, {"person": self.person.id, "sealed": sealed}), secret

    def read_app(self, unverified_flow: str) -> str:
        """Return the secret of an app that is to take part, this once.

        Raises:
            CodeError: it took too long.
        """
        body = take_flow(self.here.database, _APP, unverified_flow)
        if body is None or body["person"] != self.person.id:
            raise CodeError("this took too long: begin anew")
        return self._reception.vault.open(bytes.fromhex(body["sealed"]), whose=self.person.id).decode()

    def confirm_app(self, secret: str, code: str) -> tuple[str, ...]:
        """Have the app's codes asked for from now on; return codes for paper, shown once.

        Raises:
            CodeError: the code does not fit.
        """
        with self.here.database.write() as connection:
            codes = enrol(connection, self._reception.vault, self.person, secret, code)
            self._tell(connection, _APP)
        return codes

    def drop_app(self, current: str, visit: Visit) -> None:
        """Have no codes asked for any more.

        Raises:
            SignInError: the password is another.
        """
        self.verify(current, visit)
        with self.here.database.write() as connection:
            if drop_totp(connection, self.person):
                self._tell(connection, _APP)

    def has_app(self) -> bool:
        """Return whether codes of an app are asked for."""
        with self.here.database.read() as connection:
            return find_credential(connection, Kind.TOTP, self.person.id) is not None

    def drop_passkey(self, credential_id: str, current: str, visit: Visit) -> None:
        """Forget one of the person's passkeys, as long as they have another way in.

        Raises:
            SignInError: the password is another.
            AccessError: it is all that they sign in with.
        """
        self.verify(current, visit)
        with self.here.database.write() as connection:
            row = next(
                (
                    one
                    for one in list_credentials(connection, self.person.id)
                    if one["id"] == credential_id and one["kind"] == Kind.PASSKEY.value
                ),
                None,
            )
            dropped = row is not None and drop_credential(connection, self.person.id, row["id"])
            if not has_credentials(connection, self.person.id):
                raise AccessError("this is all that you sign in with: ask an admin for a link first")
            if dropped:
                self._tell(connection, "passkey")

    def end_session(self, session_id: str) -> None:
        """End one of the person's own sessions.

        Raises:
            SessionNotFoundError: it is not one of theirs.
        """
        idle_s = self._reception.settings.access.idle_s
        own = {session.id for session, _ in list_sessions(self.here, idle_s=idle_s, person_id=self.person.id)}
        if session_id not in own:
            raise SessionNotFoundError("no session of yours has this id")
        revoke_session(self.here, session_id, by=self._actor)

    def _tell(self, connection: Connection, what: str) -> None:
        subject = name_reviewer(connection, self.person.name, self.here.tenant)
        put_on_record(
            self.here,
            connection,
            kind="access.credential_changed",
            subject=subject,
            by=self._actor,
            body={"what": what},
        )
