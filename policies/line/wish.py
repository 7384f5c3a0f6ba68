"""Prompts that are to be drawn, kept until there is an asset of the same id, or an answer that says why there is none.

A wish is accepted before anything is drawn, so whoever made it has an id to ask by. Its words lie in quarantine, where
the asset's prompt will lie, and nowhere else; where nothing is drawn they are removed. Whoever finds a wish that waits
may draw it: an asset of this id is made once, whoever is first. What is to be made of a file is a wish, too: the
file and what is to be spoken lie beside the words until it is made.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from policies.line.deployment import Deployment
from policies.line.keying import verify_key
from policies.line.records import build_decision, reading_record
from policies.line.request import encode_prompt, load_prompt, prompt_key
from policies.rules.decision import Decision
from provenance.asset import AssetId, new_asset_id, sha256_hex
from provenance.errors import DamagedRecordError, GateError, GenerationError, KeyReusedError
from provenance.storage.blob import Blob
from provenance.storage.database import utc_now
from provenance.storage.line_tables import SUBMISSION_KEYS
from provenance.storage.tables import ASSETS, WISHES
from provenance.tenant import Tenant

_KEYED: Final = uuid.UUID("6f1b9a0e-7c55-4b3e-9d3f-0f5a2c1d8e77")
"""Namespace (RFC 9562 s5.5) of the ids of wishes that have a key."""

MOST_TRIES: Final = 5
"""It is begun to draw a wish so often, where whoever began has ended before it was drawn."""
_SOURCE: Final = "source-"
_WORDS: Final = "words"
SIZE: Final = (512, 512)
"""Width and height in pixels of what is drawn where nobody says."""


class DrawingAbandonedError(GenerationError):
    """Whoever began to draw a prompt ended before it was drawn, again and again."""

    code = "generation.abandoned"


class WishState(StrEnum):
    """How far it came."""

    WAITING = "waiting"
    DRAWN = "drawn"
    """There is an asset of its id."""
    REFUSED = "refused"
    """The prompt alone is blocked; nothing was drawn."""
    FAILED = "failed"
    """The backend could not draw it, or what it drew was no asset."""


@dataclass(frozen=True, slots=True)
class FileWish:
    """What somebody wants made of a file.

    Attributes:
        kind: "animate" for a picture that is to move, "extend" for a clip that is to go on, "restyle" for a photograph
            that is to be laid anew.
        source: the picture or clip; only its first bytes were looked at. None for a picture that is drawn first, from
            the words of the wish.
        name: of what is made, for people.
        options: numbers and choices for whoever makes it, as JSON; no words.
        lines: to be spoken in it, as `generation.voices.speech.read_line` reads them.
    """

    kind: str
    source: Blob | None
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants drawn and released.

    Attributes:
        prompt: its words; "" only of what is made of a file.
        seed: same seed, same picture.
        size: width and height in pixels.
        steps: of the backend; its own number where None.
        packs: that decide; the deployment's default where empty.
        context: flags that packs may read.
        submitter: who hands it in, as in `Submission`.
        of_file: what is to be made of which file, or None for what is drawn.
    """

    prompt: str
    seed: int = 0
    size: tuple[int, int] = SIZE
    steps: int | None = None
    packs: tuple[str, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)
    submitter: str = ""
    of_file: FileWish | None = None


def source_key(wish_id: AssetId, sha256: str) -> str:
    """Return the quarantine key of the file that something is to be made of.

    It names the digest, so that of two that come at once under one key none takes the other's place.
    """
    return f"{wish_id}/{_SOURCE}{sha256[:16]}"


def words_key(wish_id: AssetId) -> str:
    """Return the quarantine key of words for what is made of a file: a prompt, and what is spoken."""
    return f"{wish_id}/{_WORDS}"


def keep_wish(here: Deployment, wish: Wish, *, key: str = "") -> AssetId:
    """Accept a wish and return the id that its asset will have.

    Args:
        here: the deployment.
        wish: what is to be drawn.
        key: as that of a `Submission`: the same key again is the same wish; "" for none.

    Raises:
        KeyReusedError: the key was used for another wish, or for a file.
        AssetError: it cannot be a key.
        ConfigurationError: an unknown pack is named.
    """
    here.select_packs(wish.packs)
    words, body = _encode_words(wish), _build_body(wish)
    wish_id = find_keyed_id(here, key) if key else new_asset_id()
    if key:
        verify_key(key)
        _verify_no_file(here, key)
        if _verify_same(here, wish_id, body):
            return wish_id
    columns = {
        "id": wish_id,
        "tenant": here.tenant,
        "submitter": wish.submitter,
        "state": WishState.WAITING.value,
        "body": body,
        "answer": {},
        "created_at": utc_now(),
    }
    source = None if wish.of_file is None else wish.of_file.source
    if source is not None:  # which may take long: not while others wait for the database
        here.blobs.quarantine.put(source_key(wish_id, source.sha256), source)
    try:
        with here.database.write() as connection:
            connection.execute(insert(WISHES).values(columns))
            # Before the row is seen, for nobody may find it without its words; after it is in, for of two that come at
            # once under one key the words of the second are not kept.
            here.blobs.quarantine.put(prompt_key(wish_id) if wish.of_file is None else words_key(wish_id), words)
    except IntegrityError:
        _verify_same(here, wish_id, body)  # the same came in meanwhile
    return wish_id


def _encode_words(wish: Wish) -> bytes:
    return encode_prompt(wish.prompt if wish.of_file is None else json.dumps([wish.prompt, *wish.of_file.lines]))


def find_keyed_id(here: Deployment, key: str) -> AssetId:
    """Return the id that a wish has under a tenant's key."""
    return AssetId(str(uuid.uuid5(_KEYED, f"{here.tenant}\n{key}")))


def verify_no_wish(here: Deployment, key: str) -> None:
    """Check that a key stands for no wish, before it comes to stand for a file.

    Raises:
        KeyReusedError: it does.
    """
    if find_wish(here, find_keyed_id(here, key)) is not None:
        raise KeyReusedError("this key was used for a prompt that is to be drawn: choose a new key for a file")


def _verify_no_file(here: Deployment, key: str) -> None:
    keys = SUBMISSION_KEYS
    query = select(keys.c.asset_id).where(keys.c.tenant == here.tenant, keys.c.key == key)
    with here.database.read() as connection:
        if (known := connection.execute(query).scalar()) is not None:
            raise KeyReusedError(f"this key was used for a file, which became {known}: choose a new key for a prompt")


def _verify_same(here: Deployment, wish_id: AssetId, body: Mapping[str, Any]) -> bool:
    """Return whether `wish_id` is known, for the same wish."""
    row = find_wish(here, wish_id)
    if row is not None and dict(row["body"]) != body and dict(row["body"]) != _without_name(body):
        raise KeyReusedError(f"this key was used for another prompt or file, which became {wish_id}: choose a new key")
    return row is not None


def _build_body(wish: Wish) -> dict[str, Any]:
    body: dict[str, Any] = {
        "seed": wish.seed,
        "size": list(wish.size),
        "steps": wish.steps,
        "packs": list(wish.packs),
        "context": dict(wish.context),
        "prompt_sha256": sha256_hex(_encode_words(wish)),
    }
    if (wanted := wish.of_file) is not None:
        body["of_file"] = {
            "kind": wanted.kind,
            "name": wanted.name,
            "options": dict(wanted.options),
            "source_sha256": "" if wanted.source is None else wanted.source.sha256,
        }
    return body


def _without_name(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**body, "of_file": {**body["of_file"], "name": ""}} if "of_file" in body else dict(body)


def blank_names(here: Deployment, connection: Connection, before: str) -> int:
    """Let go of the names of what was asked for before a time and wait no more; return how many."""
    old = (WISHES.c.tenant == here.tenant, WISHES.c.created_at < before, WISHES.c.state != WishState.WAITING.value)
    rows = connection.execute(select(WISHES.c.id, WISHES.c.body).where(*old)).all()
    return _blank(connection, rows)


def blank_wish_names(here: Deployment, connection: Connection, submitter: str) -> int:
    """Let go of the names of what somebody asked for and that waits no more; return how many."""
    theirs = (WISHES.c.tenant == here.tenant, WISHES.c.submitter == submitter)
    through = WISHES.c.state != WishState.WAITING.value
    return _blank(connection, connection.execute(select(WISHES.c.id, WISHES.c.body).where(*theirs, through)).all())


def _blank(connection: Connection, rows: Sequence[Any]) -> int:
    named = [row for row in rows if row.body.get("of_file", {}).get("name")]
    for row in named:
        connection.execute(update(WISHES).where(WISHES.c.id == row.id).values(body=_without_name(row.body)))
    return len(named)


def load_wish(here: Deployment, wish_id: AssetId) -> Wish | None:
    """Return a wish that waits to be drawn, or None where it does not, or is none of this tenant's.

    Raises:
        BlobNotFoundError: its words, or the file that it is made of, are gone.
        DamagedRecordError: they are not what was handed in.
    """
    row = find_wish(here, wish_id)
    if row is None or row["state"] != WishState.WAITING.value:
        return None
    body, of_file = row["body"], None
    with reading_record("wish"):
        width, height = body["size"]
        if "of_file" in body:
            prompt, of_file = _load_of_file(here, wish_id, body)
        else:
            prompt = load_prompt(here, wish_id, body)
        return Wish(
            prompt=prompt,
            seed=body["seed"],
            size=(width, height),
            steps=body["steps"],
            packs=tuple(body["packs"]),
            context=dict(body["context"]),
            submitter=row["submitter"],
            of_file=of_file,
        )


def _load_of_file(here: Deployment, wish_id: AssetId, body: Mapping[str, Any]) -> tuple[str, FileWish]:
    """Return the prompt of what is to be made of a file, and what it is to be."""
    kept, sha256 = body["of_file"], body["of_file"]["source_sha256"]
    source = here.blobs.quarantine.open(source_key(wish_id, sha256)) if sha256 else None
    words = here.blobs.quarantine.get(words_key(wish_id))
    if ("" if source is None else source.sha256, sha256_hex(words)) != (sha256, body["prompt_sha256"]):
        raise DamagedRecordError(f"what {wish_id} is to be made of is not what was handed in")
    prompt, *lines = json.loads(words)
    return prompt, FileWish(kept["kind"], source, kept["name"], kept["options"], tuple(lines))


def find_wish(here: Deployment, wish_id: str) -> RowMapping | None:
    """Return the row of a wish of this tenant, or None."""
    query = select(WISHES).where(WISHES.c.id == wish_id, WISHES.c.tenant == here.tenant)
    with here.database.read() as connection:
        return connection.execute(query).mappings().one_or_none()


def waiting_wishes(here: Deployment) -> tuple[tuple[AssetId, Tenant], ...]:
    """Return the wishes of every tenant that wait, oldest first."""
    query = select(WISHES.c.id, WISHES.c.tenant).where(WISHES.c.state == WishState.WAITING.value).order_by(WISHES.c.id)
    with here.database.read() as connection:
        return tuple((AssetId(row.id), Tenant(row.tenant)) for row in connection.execute(query))


def begin_drawing(here: Deployment, wish_id: AssetId) -> None:
    """Note, before anything is drawn, that it is tried.

    Raises:
        DrawingAbandonedError: it was begun `MOST_TRIES` times, and whoever did so has ended each time.
    """
    tries = _count_tries(here, wish_id, 1)
    if tries > MOST_TRIES:
        raise DrawingAbandonedError(
            f"expected a picture within {MOST_TRIES} tries, got none: whatever began to draw it ended each time"
        )


def put_off_drawing(here: Deployment, wish_id: AssetId) -> None:
    """Note that a try ended by itself, and that it is no fault of the wish that nothing was drawn."""
    _count_tries(here, wish_id, -1)


def _count_tries(here: Deployment, wish_id: AssetId, more: int) -> int:
    waits = (WISHES.c.id == wish_id, WISHES.c.state == WishState.WAITING.value)
    with here.database.write() as connection:
        answer = connection.execute(select(WISHES.c.answer).where(*waits)).scalar()
        tries = max(0, int((answer or {}).get("tries", 0)) + more)
        connection.execute(update(WISHES).where(*waits).values(answer={"tries": tries}))
    return tries


def has_asset(here: Deployment, wish_id: AssetId) -> bool:
    """Return whether the asset of a wish was taken in, even if nobody has noted so."""
    with here.database.read() as connection:
        return connection.execute(select(ASSETS.c.id).where(ASSETS.c.id == wish_id)).scalar() is not None


def settle_drawn(here: Deployment, wish_id: AssetId) -> None:
    """Note that there is an asset now, which has the file that it was made of as an ingredient."""
    if _settle(here, wish_id, WishState.DRAWN, {}):
        _forget(here, wish_id, with_prompt=False)


def settle_refused(here: Deployment, wish_id: AssetId, decision: Decision) -> None:
    """Note that the prompt was blocked, and forget its words."""
    if _settle(here, wish_id, WishState.REFUSED, {"decision": build_decision(decision)}):
        _forget(here, wish_id)


def settle_failed(here: Deployment, wish_id: AssetId, error: GateError) -> None:
    """Note why nothing could be drawn, and forget the words."""
    if _settle(here, wish_id, WishState.FAILED, {"code": error.code}):
        _forget(here, wish_id)


def _forget(here: Deployment, wish_id: AssetId, *, with_prompt: bool = True) -> None:
    """Remove what was kept of a wish; the prompt stays where it is the asset's now."""
    own = (f"{wish_id}/{_SOURCE}", words_key(wish_id), *([prompt_key(wish_id)] if with_prompt else ()))
    for key in [key for key, _ in here.blobs.quarantine.keys(f"{wish_id}/")]:
        if key.startswith(own):
            here.blobs.quarantine.delete(key)


def _settle(here: Deployment, wish_id: AssetId, state: WishState, answer: dict[str, Any]) -> bool:
    """Note how a wish that waits has ended; return whether it still waited."""
    waits = (WISHES.c.id == wish_id, WISHES.c.state == WishState.WAITING.value)
    with here.database.write() as connection:
        done = connection.execute(update(WISHES).where(*waits).values(state=state.value, answer=answer))
    return done.rowcount == 1
