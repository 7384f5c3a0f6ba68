"""How much a moderator sees of a picture before they ask for it; each decides for themselves."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import select

from policies.line.deployment import Deployment
from policies.refusals import UnknownChoiceError
from policies.review.job import Reviewer
from provenance.storage.database import put_row, utc_now
from provenance.storage.review_tables import WELLNESS

BLURS: Final = ("none", "light", "strong", "cover")
"""How a picture that nobody asked for is shown; `cover` shows none of it."""


@dataclass(frozen=True, slots=True)
class Wellness:
    """What one moderator chose.

    Attributes:
        blur: one of `BLURS`.
        is_grey: without colour, even when it is asked for.
        is_small: no larger than needed, until it is opened by itself.
    """

    blur: str = "strong"
    is_grey: bool = True
    is_small: bool = False

    def __post_init__(self) -> None:
        if self.blur not in BLURS:
            raise UnknownChoiceError(f"expected a blur of {', '.join(BLURS)}, got {self.blur[:40]!r}")


def load_wellness(here: Deployment, reviewer: Reviewer) -> Wellness:
    """Return what a moderator chose, or what is usual: blurred and grey."""
    this = (WELLNESS.c.tenant == here.tenant, WELLNESS.c.person_id == reviewer.id)
    with here.database.read() as connection:
        body = connection.execute(select(WELLNESS.c.body).where(*this)).scalar()
    known = {name: body[name] for name in Wellness.__dataclass_fields__ if body and name in body}
    return replace(Wellness(), **known)


def keep_wellness(here: Deployment, reviewer: Reviewer, chosen: Wellness) -> None:
    """Keep what a moderator chose."""
    values: dict[str, Any] = {"body": asdict(chosen), "updated_at": utc_now()}
    key = {"tenant": here.tenant, "person_id": reviewer.id}
    with here.database.write() as connection:
        put_row(connection, WELLNESS, key, values)
