"""What is asked and answered about people, keys and sessions."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from api.access.identity import Permission, Role

if TYPE_CHECKING:
    from api.access.forgetting import Forgotten
    from api.access.key import ApiKey
    from api.access.person import Person
    from api.access.session import Session

Name = Annotated[str, Field(min_length=1, max_length=128)]


class NewKey(BaseModel):
    """What a key is to be."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    roles: list[Role] = Field(min_length=1)
    permissions: list[Permission] | None = Field(default=None, description="only these of what the roles grant")
    days: int | None = Field(default=None, ge=1, le=3650, description="until it ends; never if not given")


class KeyModel(BaseModel):
    """A key, without its secret."""

    id: str
    name: str
    prefix: str
    roles: list[Role]
    permissions: list[Permission] | None
    made_by: str = Field(description="what the ledger calls who made it")
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None = Field(description="to the minute")
    good: bool

    @classmethod
    def build(cls, key: "ApiKey") -> Self:
        """Build it from what is kept."""
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            roles=sorted(key.roles),
            permissions=None if key.permissions is None else sorted(key.permissions),
            made_by=key.made_by,
            created_at=key.created_at,
            expires_at=key.expires_at or None,
            revoked_at=key.revoked_at or None,
            last_used_at=key.used_at or None,
            good=key.is_good,
        )


class MadeKey(BaseModel):
    """A key that was just made."""

    key: str = Field(description="shown this once")
    about: KeyModel


class NewPerson(BaseModel):
    """Who is invited."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    roles: list[Role] = Field(min_length=1)
    email: str = Field(default="", max_length=254, description="by which a provider knows them")


class PersonChange(BaseModel):
    """What is to be otherwise; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    roles: list[Role] | None = Field(default=None, min_length=1)
    state: Literal["enabled", "disabled"] | None = None


class PersonModel(BaseModel):
    """A person."""

    id: str
    name: str
    email: str | None
    roles: list[Role]
    state: str = Field(description="invited, active, disabled or forgotten")
    created_at: str
    last_signed_in_at: str | None

    @classmethod
    def build(cls, person: "Person") -> Self:
        """Build it from what is kept."""
        return cls(
            id=person.id,
            name=person.name,
            email=person.email or None,
            roles=sorted(person.roles),
            state=person.state.value,
            created_at=person.created_at,
            last_signed_in_at=person.seen_at or None,
        )


class Invited(BaseModel):
    """A person, and the link by which they sign in once."""

    link: str = Field(description="shown this once")
    about: PersonModel


class SessionModel(BaseModel):
    """A sign-in that still lets somebody in."""

    id: str
    person_id: str
    person: str
    method: str = Field(description="password, link, passkey or provider")
    agent: str
    created_at: str
    last_seen_at: str
    expires_at: str

    @classmethod
    def build(cls, session: "Session", person: "Person") -> Self:
        """Build it from what is kept."""
        return cls(
            id=session.id,
            person_id=person.id,
            person=person.name,
            method=session.method,
            agent=session.agent,
            created_at=session.created_at,
            last_seen_at=session.seen_at,
            expires_at=session.expires_at,
        )


class UploadsModel(BaseModel):
    """What became of what somebody handed in."""

    refused: int = Field(description="held assets that were refused for it")
    deleted: int = Field(description="assets whose file and prompt were let go of")
    released: int = Field(description="public assets, whose files stay until whoever publishes them takes them back")
    waiting: int = Field(description="assets that are still on their way: ask again")


class ForgottenModel(BaseModel):
    """What is left of somebody who was forgotten."""

    person: PersonModel
    decisions: int = Field(description="that name the pseudonym now")
    uploads: UploadsModel | None

    @classmethod
    def build(cls, done: "Forgotten") -> Self:
        """Build it from what was done."""
        uploads = None if done.uploads is None else UploadsModel(**asdict(done.uploads))
        return cls(person=PersonModel.build(done.person), decisions=done.decisions, uploads=uploads)


class Ended(BaseModel):
    """How many sessions were ended."""

    ended: int


class KeyPage(BaseModel):
    """One page of keys."""

    items: list[KeyModel]
    next: str | None


class PersonPage(BaseModel):
    """One page of people."""

    items: list[PersonModel]
    next: str | None


class SessionPage(BaseModel):
    """One page of sessions."""

    items: list[SessionModel]
    next: str | None
