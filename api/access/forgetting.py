"""A person is forgotten: their account keeps no name, no address and nothing to sign in with; what they did stays.

The row of the account stays as a tombstone under the pseudonym that the ledger has for them, for decisions, notes and
submissions lead to it by its id. An entry `person.forgotten` says that it was done, and by whom, also by pseudonym.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, update

from api.access.identity import Actor
from api.access.person import PERSON_FORGOTTEN, Person, State, disable_person, fetch_person, find_person, fold
from api.access.place import put_on_record
from policies.review.forgetting import Uploads, blind_decisions, blind_records, drop_uploads
from policies.review.reviewers import name_reviewer
from provenance.storage.access_tables import CREDENTIALS, PEOPLE, SESSIONS, SIGN_IN_LINKS

if TYPE_CHECKING:
    from policies.line.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done.

    Attributes:
        person: what is left of the account.
        decisions: how many decisions name the pseudonym now.
        uploads: what became of what they handed in; None where it was not asked for.
    """

    person: Person
    decisions: int
    uploads: Uploads | None = None


def forget_person(
    here: "Deployment", person_id: str, *, with_uploads: bool = False, by: Actor | None = None
) -> Forgotten:
    """Forget a person; one who was forgotten already stays so, and a process that dies in between is to be asked again.

    Args:
        here: the deployment of their tenant.
        person_id: id, name or e-mail address.
        with_uploads: let go of the files, prompts and file names of what they handed in, too; what is held of it is
            refused.
        by: who does it; None for the operator at the command line.

    Raises:
        PersonNotFoundError: there is none.
        AccessError: it is the last active admin.
    """
    found = find_person(here, person_id)
    if found.state is not State.FORGOTTEN:
        disable_person(here, found.id, by=by)  # from here on nothing new comes under the name
    uploads = drop_uploads(here, found.id, by="operator" if by is None else by.name) if with_uploads else None
    if found.state is State.FORGOTTEN:
        return Forgotten(found, 0, uploads)
    with here.database.write() as connection:
        pseudonym = name_reviewer(connection, found.name, here.tenant)
    decisions = blind_decisions(here, found.name, pseudonym)
    with here.database.write() as connection:
        person = fetch_person(here, connection, found.id)
        # Before the name goes: whoever forgets themselves is named by the same pseudonym.
        put_on_record(here, connection, kind=PERSON_FORGOTTEN, subject=pseudonym, by=by, body={"decisions": decisions})
        blind_records(here, connection, name=person.name, person_id=person.id, pseudonym=pseudonym)
        for table in (CREDENTIALS, SESSIONS, SIGN_IN_LINKS):
            connection.execute(delete(table).where(table.c.person_id == person.id))
        blank: dict[str, Any] = {
            "name": pseudonym,
            "handle": fold(pseudonym),
            "email": None,
            "roles": [],
            "seen_at": None,
        }
        this = PEOPLE.c.id == person.id
        connection.execute(update(PEOPLE).where(this).values(**blank, state=State.FORGOTTEN.value))
        left = fetch_person(here, connection, person.id)
    here.log.checkpoint()
    return Forgotten(left, decisions, uploads)
