"""Where a file comes from as a picture: ledger, release, this file, and what it was made from, a row each.

A tree with its root on top, drawn as SVG; the same rows stand beside it in words. Whatever strangers wrote in it is cut
to what fits a row, and cleaned by the template.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from api.desk.answer import Answer
from provenance.verify.state import LayerStatus, Verification

if TYPE_CHECKING:
    from api.desk.language import Words

ROW: Final = 64
STEP: Final = 28
WIDTH: Final = 360
_DOT: Final = 20
_MOST: Final = 24
"""Rows that are drawn; a manifest may name a hundred ingredients."""
_DEEPEST: Final = 5
_TONES: Final = {"intact": "good", "broken": "bad", "elsewhere": "warn", "unsigned": ""}


@dataclass(frozen=True, slots=True)
class Link:
    """One row.

    Attributes:
        title, note: what it is, and what is known of it.
        tone: good, warn, bad, or "".
        depth: how far it is indented, from 0.
        x, y: of its dot.
        path: of the line that leads to it from the row that it belongs to, or "" for the first.
        is_this: whether it is the file asked about.
    """

    title: str
    note: str
    tone: str
    depth: int
    x: int
    y: int
    path: str
    is_this: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """All of it: rows from the newest to the oldest, in a picture of that height."""

    links: tuple[Link, ...]
    height: int
    width: int = WIDTH
    more: int = 0


@dataclass(frozen=True, slots=True)
class _Step:
    depth: int
    title: str
    note: str
    tone: str
    is_this: bool = False


def build_chain(words: "Words", verification: Verification, answer: Answer) -> Chain:
    """Lay out the provenance of a file; its ingredients by what its manifest says of them."""
    steps = list(_list_steps(words, verification, answer))
    shown = steps[:_MOST]
    links = tuple(_place(number, step, shown) for number, step in enumerate(shown))
    return Chain(links, height=ROW * len(links), more=len(steps) - len(shown))


def _list_steps(words: "Words", verification: Verification, answer: Answer) -> Iterator[_Step]:
    depth = 0
    if answer.ledger_index is not None:
        title = words.tell("verify.step_ledger", index=answer.ledger_index)
        yield _Step(depth, title, words.tell("verify.step_record"), "good")
        yield _Step(depth + 1, words.tell("verify.step_release"), answer.asset_id, "good")
        depth = 2
    integrity, trust = verification.layer("manifest_integrity"), verification.layer("manifest_trust")
    if trust.detail:
        who = trust.detail["signer"] or words.tell("verify.say.somebody")
        note = words.tell("verify.step_signed", who=who)
    else:
        note = words.tell("verify.step_unsigned")
    is_failed = LayerStatus.FAILED in {integrity.status, trust.status}
    tone = "bad" if is_failed and verification.is_conflict else "warn" if is_failed else answer.tone
    yield _Step(depth, words.tell("verify.step_this"), note, tone, is_this=True)
    yield from _list_branches(words, integrity.detail.get("ingredients", ()), depth + 1)


def _list_branches(words: "Words", branches: Sequence[dict[str, Any]], depth: int) -> Iterator[_Step]:
    for branch in branches:
        state = str(branch["state"])
        title = str(branch["title"] or words.tell("verify.step_untitled"))
        yield _Step(depth, title, words.tell(f"verify.ingredient.{state}"), _TONES[state])
        yield from _list_branches(words, branch["ingredients"], depth + 1)


def _place(number: int, step: _Step, steps: Sequence[_Step]) -> Link:
    depth = min(step.depth, _DEEPEST)
    x, y = _DOT + STEP * depth, ROW * number + ROW // 2
    path = ""
    if number:
        above = next(one for one in range(number - 1, -1, -1) if one == 0 or steps[one].depth < step.depth)
        from_x, from_y = _DOT + STEP * min(steps[above].depth, _DEEPEST), ROW * above + ROW // 2
        bend = max(y - 12, from_y)
        path = f"M{from_x} {from_y}V{bend}Q{from_x} {y} {min(from_x + 12, x)} {y}H{x}"
    return Link(step.title, step.note, step.tone, depth, x, y, path, step.is_this)
