"""What people do with packs while the service runs: check, save, activate, go back, retire, choose.

A pack is validated whole before anything is kept. Packs in files are the operator's and cannot be changed here; a copy
under a name of its own can.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from policies.editing.history import Change, Kind, append_change, find_standing, verify_new_version
from policies.editing.live import LivePacks, load_version
from policies.line.deployment import Deployment
from policies.line.request import keep_packs
from policies.refusals import DefaultPackError
from policies.rules.pack import Pack
from policies.rules.parsing import parse_pack
from provenance.errors import PackInvalidError, UnknownPackError

_PROBLEM: Final = re.compile(r"(?:.*?\.yaml:)?(\d+):(\d+): (.*)", re.DOTALL)
_NAME: Final = re.compile(r"(?m)^name:\s*[\"']?([a-z0-9]+(?:-[a-z0-9]+)*)[\"']?\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a pack's document; line and column count from 1."""

    line: int
    column: int
    text: str


def parse_draft(here: Deployment, unverified_document: str, *, name: str = "") -> Pack:
    """Return the pack that a text describes, validated whole; its name may be no file's.

    Args:
        here: whose packs stand beside it.
        unverified_document: YAML, as in a file.
        name: of the pack that is being edited; "" takes the one that the text gives.

    Raises:
        PackInvalidError: with every problem.
    """
    named = name or find_name(unverified_document) or "pack"
    return parse_pack(unverified_document.encode(), file=f"{named}.yaml", taken=_live(here).files)


def find_name(document: str) -> str:
    """Return the name that a pack's text gives itself, or "" where it gives none."""
    found = _NAME.search(document)
    return found[1] if found else ""


def parse_problems(error: PackInvalidError) -> tuple[Problem, ...]:
    """Return what is wrong with a document, each with its place."""
    problems = []
    for text in error.problems:
        found = _PROBLEM.fullmatch(text)
        problems.append(Problem(int(found[1]), int(found[2]), found[3]) if found else Problem(1, 1, text))
    return tuple(problems)


def save(here: Deployment, document: str, *, author: str, reason: str, activate: bool = False, name: str = "") -> Pack:
    """Keep a version of an own pack, and let the pack's name stand for it if asked to; both once.

    Raises:
        PackInvalidError: with every problem.
        PolicyError: its version number stands for other content, or author or reason is missing or too long.
    """
    pack = parse_draft(here, document, name=name)
    with here.database.write() as connection:
        keep_packs(connection, [pack])
    with here.database.write() as connection:
        standing = find_standing(connection, here.tenant)
        versions = standing.saved.get(pack.name, ())
        verify_new_version(pack, [load_version(connection, pack.name, one) for one in versions])
        given = {"name": pack.name, "sha256": pack.sha256, "author": author, "reason": reason}
        if not versions or versions[-1] != pack.sha256:
            append_change(connection, here.log, here.tenant, Kind.SAVED, **given)
        if activate and standing.active.get(pack.name) != pack.sha256:
            append_change(connection, here.log, here.tenant, Kind.ACTIVATED, **given)
    _live(here).refresh()
    return pack


def activate(here: Deployment, name: str, sha256: str, *, author: str, reason: str) -> Change | None:
    """Let a pack's name stand for a version that was saved, an earlier one as well; None where it does already.

    Raises:
        UnknownPackError: no such version was saved.
        PackInvalidError: this version of the software reads it otherwise.
        PolicyError: author or reason is missing or too long.
    """
    with here.database.write() as connection:
        standing = find_standing(connection, here.tenant)
        if sha256 not in standing.saved.get(name, ()):
            raise UnknownPackError(f"no version of {name!r} with the digest {sha256[:64]!r} was saved")
        load_version(connection, name, sha256)
        if standing.active.get(name) == sha256:
            return None
        change = append_change(
            connection, here.log, here.tenant, Kind.ACTIVATED, name=name, sha256=sha256, author=author, reason=reason
        )
    _live(here).refresh()
    return change


def retire(here: Deployment, name: str, *, author: str, reason: str) -> Change:
    """Let nobody name an own pack any more; its versions stay, and what was decided by it.

    Raises:
        UnknownPackError: no such pack of the tenant's own is active.
        PolicyError: it decides where a submission names none; or author or reason is missing or too long.
    """
    with here.database.write() as connection:
        standing = find_standing(connection, here.tenant)
        if name not in standing.active:
            raise UnknownPackError(f"no pack of your own named {name!r} is active")
        if name in (standing.chosen or here.default_packs):
            raise DefaultPackError(f"{name} decides where a submission names no pack: choose others first")
        change = append_change(
            connection, here.log, here.tenant, Kind.RETIRED, name=name, sha256=standing.active[name], author=author,
            reason=reason,
        )  # fmt: skip
    _live(here).refresh()
    return change


def choose(here: Deployment, names: Sequence[str], *, author: str, reason: str) -> Change:
    """Let these packs decide where a submission names none.

    Raises:
        PolicyError: none is named, one is unknown, or author or reason is missing or too long.
    """
    live = _live(here)
    live.refresh()
    wanted = tuple(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in live]
    if unknown or not wanted:
        raise UnknownPackError(f"expected packs out of {', '.join(sorted(live))}, got {', '.join(unknown) or 'none'}")
    with here.database.write() as connection:
        change = append_change(
            connection, here.log, here.tenant, Kind.CHOSEN, names=wanted, author=author, reason=reason
        )
    live.refresh()
    return change


def find_version(here: Deployment, name: str, sha256: str = "") -> Pack:
    """Return a pack as it stands, or one saved version of it, which need not be active.

    Raises:
        UnknownPackError: there is none.
    """
    live = _live(here)
    known = live.get(name)
    if known is not None and sha256 in {"", known.sha256}:
        return known
    versions = live.standing.saved.get(name, ())
    wanted = sha256 or next(iter(reversed(versions)), "")
    if wanted not in versions:
        raise UnknownPackError(f"no pack is named {name!r}" + (f" with the digest {sha256[:64]!r}" if sha256 else ""))
    with here.database.read() as connection:
        return load_version(connection, name, wanted)


def _live(here: Deployment) -> LivePacks:
    """Return the packs of a deployment, which here are always those that change."""
    if isinstance(here.packs, LivePacks):
        return here.packs
    return LivePacks(here.database, here.packs, here.tenant)
