"""One file on its way through the gate and out of it: where it is read, where it goes, and how it ended.

The output is checked before the gate is asked. What was released and could not be written is named, with the command
that fetches it; the same bytes again are not released again.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from api.console import CommandUsageError, FileAccessError, read_input, take_input
from api.output import NOWHERE, Output, Place
from api.turns import taking_turns
from api.wiring import Site
from policies.gate import release
from policies.line.deployment import Submission
from policies.line.keying import find_keyed
from policies.line.prompting import build_refusal
from policies.line.publishing import Result
from policies.line.records import find_stage
from policies.line.released import find_released, load_manifest, load_released
from policies.line.repeats import find_earlier
from policies.rules.decision import Decision, Outcome
from provenance.asset import AssetId, MediaType, sha256_hex
from provenance.errors import GateError
from provenance.media.media import Media
from provenance.storage.blob import Blob

MOST_PROMPT_BYTES: Final = 1 << 20

# What `sniff_media_type` looks at lies within.
HEAD_BYTES: Final = 4096
# A generated picture, as IPTC calls it; https://cv.iptc.org/newscodes/digitalsourcetype/
_GENERATED: Final = "trainedAlgorithmicMedia"
_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Ended:
    """How one submission ended: a result, or the error that intake raised.

    Attributes:
        name: of the file, as given.
        result: how the line ended.
        error: what kept it from an end, or from its output.
        written: where its copy lies, or "".
        is_repeat: the line had ended so before, for the same bytes and request.
    """

    name: str
    result: Result | None = None
    error: GateError | None = None
    written: str = ""
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a command line.

    Attributes:
        path: as given; ``-`` for standard input.
        place: where what is released goes, or why it cannot.
        media: what may come, and as what it ships.
        file: what standard input held; None for a file, which is taken in when its turn comes.
    """

    path: str
    place: Place | GateError
    media: Media
    file: Blob | None = None

    @property
    def name(self) -> str:
        """The file's name; a pipe has none."""
        return "" if self.path == "-" else Path(self.path).name

    def open(self, most_bytes: int) -> tuple[Blob, Place]:
        """Take the file in, and return it with its place, whose name fits what will come of it.

        Raises:
            FileAccessError: it cannot be read.
            AssetTooLargeError: it has more than `most_bytes`.
            GateError: it cannot go where it is to go.
        """
        file = take_input(self.path, most_bytes=most_bytes) if self.file is None else self.file
        if isinstance(self.place, GateError):
            raise self.place
        ships = find_shipping_type(self.media, file.read_at(0, HEAD_BYTES))
        if ships is not None:
            self.place.verify_type(ships)
        return file, self.place


@dataclass(frozen=True, slots=True)
class Making:
    """What a submitter says of how a picture was made; see `generation.base.Recipe`."""

    prompt: str | None = None
    seed: int | None = None
    model: str = ""
    consents: tuple[str, ...] = ()
    purpose: str = ""

    def build_context(self) -> dict[str, Any]:
        """Return what packs are told of who is in it; {} where nothing is said."""
        if not self.consents and not self.purpose:
            return {}
        return {"portrayed": True, "purpose": self.purpose, "consents": list(self.consents)}

    def build_recipe(self) -> dict[str, Any]:
        """Return it as a recipe, or {} when nothing is said; it holds the prompt's digest, never the prompt."""
        said: dict[str, Any] = {}
        if self.model:
            said["model_name"] = self.model
        if self.prompt is not None:
            said["prompt_sha256"] = sha256_hex(self.prompt.encode())
        if self.seed is not None:
            said["seed"] = self.seed
        return {"digital_source_type": _GENERATED, **said} if said else {}


@dataclass(frozen=True, slots=True)
class Repeats:
    """What becomes of bytes that were handed in before, with the same request.

    Attributes:
        again: they are released once more.
        resume: what was blocked stays blocked, too, and is not asked anew.
    """

    again: bool = False
    resume: bool = False


_ONCE: Final = Repeats()


@dataclass(frozen=True, slots=True)
class Request:
    """What every file of a command line is released with.

    Attributes:
        packs: that decide; () for those of the site.
        making: what is said of how they were made.
        repeats: what becomes of bytes that were handed in before.
        asset_id: that the caller chose, of a single file.
        key: that the caller chose for this request.
    """

    packs: tuple[str, ...] = ()
    making: Making = field(default_factory=Making)
    repeats: Repeats = _ONCE
    asset_id: AssetId | None = None
    key: str = ""

    def hand_in(self, file: Blob, name: str) -> Submission:
        """Return a file with all that is said of it."""
        return Submission(
            file,
            name=name,
            prompt=self.making.prompt,
            recipe=self.making.build_recipe(),
            context=self.making.build_context(),
            packs=self.packs,
            asset_id=self.asset_id,
            key=self.key,
        )


def read_prompt(text: str | None, *, file: str | None = None) -> str | None:
    """Return a prompt as typed, from standard input for ``-``, or from a file; None where there is none.

    From a pipe or a file no list of processes shows it.

    Raises:
        GateError: it cannot be read, is no UTF-8 text, or says nothing.
    """
    if text is not None and file is not None:
        raise CommandUsageError("expected --prompt or --prompt-file, got both")
    if text is None and file is None:
        return None
    try:
        if file is not None:
            prompt = read_input(file, most_bytes=MOST_PROMPT_BYTES).decode("utf-8-sig")
        elif text == "-":
            prompt = read_input("-", most_bytes=MOST_PROMPT_BYTES).decode("utf-8-sig")
        else:
            prompt = text or ""
            prompt.encode()
    except UnicodeError as exc:
        raise CommandUsageError("expected a prompt as UTF-8 text, got other bytes") from exc
    if not any(char.isprintable() and not char.isspace() for char in prompt):
        raise CommandUsageError("expected a prompt of at least one word, got none")
    return prompt.strip()


def plan_sources(paths: Iterable[str], output: Output, media: Media, *, most_bytes: int) -> list[Source]:
    """Give every file its place, in their order, by the type that its first bytes say."""
    return [_plan(path, output, media, most_bytes=most_bytes) for path in paths]


def end_file(site: Site, source: Source, request: Request) -> Ended:
    """Walk one file down the line; whatever goes wrong is its end, and no other's."""
    try:
        file, place = source.open(site.settings.max_bytes)
    except GateError as exc:
        return Ended(source.path, error=exc)
    return end_one(site, request.hand_in(file, source.name), place, shown=source.path, repeats=request.repeats)


def end_unseen(site: Site, source: Source, request: Request) -> Ended | Source:
    """Say how a file ended that no detector has to look at, or give it back, taken in.

    Those are what cannot be read or has no place, what is nothing that is taken, and what was decided before. No model
    has to be loaded for them.
    """
    try:
        file, place = source.open(site.settings.max_bytes)
        taken, repeats = replace(source, file=file), request.repeats
        if find_shipping_type(source.media, file.read_at(0, HEAD_BYTES)) is None:
            return end_file(site, taken, request)  # intake says why
        if repeats.again:
            return taken
        with taking_turns(site.settings.home, file.sha256):
            earlier = _find_earlier(site, request.hand_in(file, source.name), resume=repeats.resume)
    except GateError as exc:
        return Ended(source.path, error=exc)
    return taken if earlier is None else deliver(site, earlier, place, shown=source.path, is_repeat=True)


def end_drawn(
    site: Site,
    drawn: Submission | Decision,
    name: str,
    place: Place,
    repeats: Repeats,
    *,
    asset_id: AssetId | None = None,
    key: str = "",
) -> Ended:
    """Walk what was drawn down the line; a prompt that was refused has its end already."""
    if isinstance(drawn, Decision):
        return Ended(name, result=build_refusal(name, drawn))
    return end_one(site, replace(drawn, asset_id=asset_id, key=key), place, repeats=repeats)


def end_one(
    site: Site,
    submission: Submission,
    place: Place = NOWHERE,
    *,
    shown: str = "",
    repeats: Repeats = _ONCE,
) -> Ended:
    """Walk one submission down the line and write what was released; an error is an end, too.

    Args:
        site: where.
        submission: what.
        place: for the released file.
        shown: its name in answers; the submission's own by default.
        repeats: what becomes of bytes that were handed in before.
    """
    name = shown or submission.name or "prompt"
    try:
        with taking_turns(site.settings.home, submission.unverified_file.sha256):
            earlier = None if repeats.again else _find_earlier(site, submission, resume=repeats.resume)
            if earlier is None:
                place.verify(submission.unverified_file.size_bytes)
            result = earlier or release(site.deployment, submission)
    except GateError as exc:
        return Ended(name, error=exc)
    return deliver(site, result, place, shown=name, is_repeat=earlier is not None)


def _find_earlier(site: Site, submission: Submission, *, resume: bool) -> Result | None:
    """Return how the line ended before: for the same bytes and request, or for the id or key that the caller chose.

    Raises:
        KeyReusedError: the key stands for another request.
    """
    here, chosen = site.deployment, submission.asset_id
    if chosen is None and not submission.key:
        return find_earlier(here, submission, with_blocked=resume)
    with here.database.read() as connection:
        is_known = bool(submission.key) and find_keyed(connection, here.tenant, submission) is not None
        is_known = is_known or (chosen is not None and find_stage(connection, chosen, here.tenant) is not None)
    return release(here, submission) if is_known else None


def deliver(site: Site, result: Result, place: Place, *, shown: str = "", is_repeat: bool = False) -> Ended:
    """Write what was released to its place; a copy that lies there already is left as it is."""
    name = shown or result.name or result.asset_id
    if result.outcome is not Outcome.RELEASE or not place.is_wanted:
        return Ended(name, result=result, is_repeat=is_repeat)
    try:
        with site.deployment.database.read() as connection:
            released = find_released(connection, result.asset_id, tenant=site.deployment.tenant)
        place.verify_type(released.media_type)
        file = load_released(site.deployment.blobs.public, released)
        written = str(place.path) if place.holds(file) else place.write(file)
        if not released.is_embedded:
            place.write_beside(load_manifest(site.deployment.blobs.public, released))
    except GateError as exc:
        lost = FileAccessError(f"{exc}; it is released as {result.asset_id}: chopmark fetch {result.asset_id} -o FILE")
        return Ended(name, result=result, error=lost, is_repeat=is_repeat)
    return Ended(name, result=result, written=written, is_repeat=is_repeat)


def _plan(path: str, output: Output, media: Media, *, most_bytes: int) -> Source:
    file: Blob | None = None
    try:
        if path == "-" or (os.path.exists(path) and not os.path.isfile(path)):  # noqa: PTH110, PTH113
            file = take_input(path, most_bytes=most_bytes)  # a pipe is read once
        head = _read_head(path) if file is None else file.read_at(0, HEAD_BYTES)
        name = Path(path).name if file is None else f"picture-{file.sha256[:_DIGITS]}"
        return Source(path, output.choose(name, find_shipping_type(media, head)), media, file)
    except (GateError, ValueError) as exc:
        error = exc if isinstance(exc, GateError) else FileAccessError(f"cannot read {path}: {exc}")
        return Source(path, error, media, file)


def find_shipping_type(media: Media, head: bytes) -> MediaType | None:
    """Return the type in which a file ships that begins with `head`, or None for one that intake will refuse."""
    found = media.find(head)
    return None if found is None else found[0].shipping_type(found[1])


def _read_head(path: str) -> bytes:
    """Return the first bytes of a file, enough to tell its type; b"" where it cannot be read, which is told later."""
    try:
        with Path(path).open("rb") as file:
            return file.read(HEAD_BYTES)
    except (OSError, ValueError):
        return b""
