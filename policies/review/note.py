"""What moderators write about a job: for themselves and who they mention while it is open, for every reviewer after.

A mention is ``@name``, as `spell_handle` spells names: capitals, spaces and signs do not count.
"""

import re
import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import insert, select

from policies.line.deployment import Deployment
from policies.refusals import IncompleteError
from policies.review.job import Reviewer, State, find_job, find_record
from provenance.asset import AssetId
from provenance.storage.database import utc_now
from provenance.storage.review_tables import NOTES

NOTE_LIMIT: Final = 4000
_MENTION: Final = re.compile(r"(?<!\w)@([\w.\-]{1,64})")


@dataclass(frozen=True, slots=True)
class Note:
    """One note."""

    id: str
    author_id: str
    author: str
    text: str
    mentions: tuple[str, ...]
    created_at: str


def spell_handle(name: str) -> str:
    """Return how a person is mentioned: the letters and digits of their name, small."""
    return re.sub(r"[^\w]", "", name.casefold())[:64]


def blind_mentions(text: str, handle: str, other: str) -> str:
    """Return a note's text with `other` mentioned wherever it mentioned who goes by `handle`."""
    return _MENTION.sub(lambda found: f"@{other}" if spell_handle(found[1]) == handle else found[0], text)


def build_note(reviewer: Reviewer, text: str) -> Note:
    """Return a note as it would be kept.

    Raises:
        PolicyError: it is empty or too long.
    """
    if not text.strip() or len(text) > NOTE_LIMIT or "\0" in text:
        raise IncompleteError(f"a note has 1 to {NOTE_LIMIT} characters, got {len(text)}")
    mentions = sorted({spell_handle(found) for found in _MENTION.findall(text)})
    return Note(str(uuid.uuid4()), reviewer.id, reviewer.name, text, tuple(mentions), utc_now())


def write_note(here: Deployment, asset_id: AssetId, reviewer: Reviewer, text: str) -> Note:
    """Keep a note.

    Raises:
        PolicyError: it is empty or too long.
    """
    note = build_note(reviewer, text)
    with here.database.write() as connection:
        find_job(connection, asset_id, here.tenant, reviewer)
        fields = {name: getattr(note, name) for name in Note.__dataclass_fields__}
        connection.execute(insert(NOTES).values(asset_id=asset_id, **{**fields, "mentions": list(note.mentions)}))
    return note


def list_notes(here: Deployment, asset_id: AssetId, reviewer: Reviewer) -> tuple[Note, ...]:
    """Return the notes of a job that `reviewer` may read, oldest first."""
    with here.database.read() as connection:
        job = find_record(connection, asset_id, here.tenant, reviewer)
        query = select(NOTES).where(NOTES.c.asset_id == asset_id).order_by(NOTES.c.created_at, NOTES.c.id)
        rows = connection.execute(query).mappings().all()
    notes = (
        Note(**{name: row[name] for name in Note.__dataclass_fields__} | {"mentions": tuple(row["mentions"])})
        for row in rows
    )
    handle = spell_handle(reviewer.name)
    is_shared = job.state is State.CLOSED
    return tuple(one for one in notes if is_shared or one.author_id == reviewer.id or handle in one.mentions)
