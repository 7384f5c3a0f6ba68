"""What is asked and answered about reviews."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.cursor import MOST, USUAL


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReviewPage(BaseModel):
    """A page of the queue."""

    items: list[dict[str, Any]]
    next: str | None


class VerdictOrder(_Model):
    """A verdict: release or block, the clause that it cites, and why."""

    outcome: str = Field(pattern="^(release|block)$")
    clause: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)


class ReasonOrder(_Model):
    """Why."""

    reason: str = Field(min_length=1, max_length=2000)


class NoteOrder(_Model):
    """A note; `@name` mentions somebody."""

    text: str = Field(min_length=1, max_length=4000)


class AssignOrder(_Model):
    """Who is given a job."""

    person_id: str = Field(min_length=1, max_length=64)


class FilterOrder(_Model):
    """Which jobs, as the queue's own filters."""

    state: str = Field(default="", pattern="^(open|escalated)?$")
    holder: str = Field(default="", pattern="^(free|mine|others)?$")
    detector: str = Field(default="", max_length=64)
    category: str = Field(default="", max_length=128)
    pack: str = Field(default="", max_length=255)
    medium: str = Field(default="", max_length=16)
    name: str = Field(default="", max_length=255)
    since: str = Field(default="", max_length=32)
    until: str = Field(default="", max_length=32)
    opinion: bool = False
    sensitive: bool = False


class ReviewQuery(FilterOrder):
    """What the address of the queue says: filters, and which page of it."""

    limit: int = Field(default=USUAL, ge=1, le=MOST)
    cursor: str = Field(default="", max_length=400)


class BatchOrder(VerdictOrder):
    """One verdict about many jobs: those named, or all that a filter finds.

    `key` makes asking twice the same as once. Above 20 jobs `confirmed` is how many they are.
    """

    key: str = Field(min_length=1, max_length=64)
    ids: list[str] = Field(default=[], max_length=10_000)
    filter: FilterOrder | None = None
    upto: str = Field(default="", max_length=36, description="no job that is newer than this one")
    confirmed: int = Field(default=0, ge=0)
