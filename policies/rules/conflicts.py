"""Where packs ask for different things: what cannot be met together, and what one of them adds to another. Pure.

`policies.rules.marks` merges what packs demand when an asset is decided; here the same is asked beforehand, of all that
they may demand on a day, so that who enables two packs knows what comes of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from policies.rules.marks import merge_demands
from policies.rules.pack import Demand, Pack, counts_on
from provenance.grant import MarkKind


class Clash(StrEnum):
    """How two packs differ."""

    CONFLICT = "conflict"
    """No single mark meets both: whatever falls under both is held."""
    JOINED = "joined"
    """Both texts are shown, one beside the other."""
    WAIVER = "waiver"
    """One lets the mark be left out under a condition that the other does not know: it is made all the same."""
    STRICTER = "stricter"
    """One asks for the mark where possible, the other in any case: it is required."""
    EXPIRED = "expired"
    """A pack is past its last day: it holds everything."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        clash: how they differ.
        packs: names of the packs, in order.
        about: the mark and, of a parameter, its name.
        sources: ``pack/part: clause`` of each side.
        text: what it comes to, and what to do, for a person.
    """

    clash: Clash
    packs: tuple[str, ...]
    about: str
    sources: tuple[str, ...]
    text: str


def find_differences(packs: Sequence[Pack], day: date) -> tuple[Difference, ...]:
    """Return how packs differ on a day, conflicts first; () for packs that only add to each other."""
    found = [
        difference
        for pair in combinations(sorted(packs, key=lambda one: one.name), 2)
        for difference in _compare(*pair, day)
    ]
    found += [_expired(pack) for pack in packs if pack.effective_until is not None and pack.effective_until < day]
    return tuple(sorted(found, key=lambda one: (list(Clash).index(one.clash), one.packs, one.about)))


def _compare(one: Pack, other: Pack, day: date) -> Iterator[Difference]:
    names = (one.name, other.name)
    sides = [(pack, demand) for pack in (one, other) for demand in pack.obligations if counts_on(demand, day)]
    merged, conflicts = merge_demands(sides)
    for conflict in conflicts:
        about = f"{conflict.mark} {conflict.parameter}"
        text = (
            f"{' and '.join(conflict.values)} cannot both be: whatever both packs apply to is held. "
            "Name the packs for one place each, or change one under a name of your own"
        )
        yield Difference(Clash.CONFLICT, names, about, conflict.sources, text)
    for obligation in merged:
        mine, theirs = (
            [demand for pack, demand in sides if pack is side and demand.mark is obligation.kind]
            for side in (one, other)
        )
        if mine and theirs:
            yield from _compare_mark(names, obligation.kind, obligation.parameters.get("text", ""), mine, theirs)


def _compare_mark(
    names: tuple[str, str], mark: MarkKind, text: object, mine: Sequence[Demand], theirs: Sequence[Demand]
) -> Iterator[Difference]:
    sources = tuple(
        f"{name}/{one.id}: {one.clause}" for name, side in zip(names, (mine, theirs), strict=True) for one in side
    )
    texts = {one.parameters["text"] for one in (*mine, *theirs) if "text" in one.parameters}
    if len(texts) > 1:
        yield Difference(Clash.JOINED, names, f"{mark} text", sources, f"the label says {text}: both texts stand in it")
    waived = [name for name, side in zip(names, (mine, theirs), strict=True) if _may_be_waived(side)]
    if len(waived) == 1:
        other = next(name for name in names if name not in waived)
        said = f"the waiver that {waived[0]} knows does not count where {other} decides too: the mark is made"
        yield Difference(Clash.WAIVER, names, str(mark), sources, said)
    required = [any(one.required for one in side) for side in (mine, theirs)]
    if required[0] != required[1]:
        strict = names[required.index(True)]
        yield Difference(
            Clash.STRICTER, names, str(mark), sources, f"{strict} requires it: where it cannot be made the file is held"
        )


def _may_be_waived(side: Sequence[Demand]) -> bool:
    return all(one.when is not None and "explicit_label_waived" in one.when.text for one in side)


def _expired(pack: Pack) -> Difference:
    text = f"{pack.name} counted until {pack.effective_until}: it holds everything; take it out, or name a newer one"
    return Difference(Clash.EXPIRED, (pack.name,), "effective", (), text)
