"""What a policy pack is: what must have been answered, which scores and conditions withhold, which marks are due.

A pack is data. It is read from YAML by `policies.rules.loader`, validated whole, and known by the digest of its file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from policies.refusals import NoPackError
from policies.rules.conditions import Condition
from policies.rules.decision import Outcome
from provenance.asset import Digest
from provenance.grant import MarkKind, PackRef

MEASURES: Final = ("blocks", "copies", "detection", "ledger", "releases", "times", "verdicts")
"""Figures that the gate has on a duty (`policies.audit.law`)."""

ENGINE: Final = "engine"
"""The name under which the engine's own reasons stand; no pack may take it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A law, standard or house rule that a pack rests on; every clause begins with the key of one."""

    key: str
    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A detector that must have answered; without its answer the asset is held.

    Attributes:
        detector: its name.
        not_applicable: whether "nothing to say about this asset" counts as an answer.
        clause, text: what it rests on, and one line for a person.
        since: the first day on which it counts; None for as long as the pack does.
    """

    detector: str
    not_applicable: bool
    clause: str
    text: str
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """Two numbers for one category: a score that reaches `hold` holds, one that reaches `block` blocks.

    Attributes:
        category: which score, from whichever detector.
        hold, block: 0..1, hold <= block; either may be None, not both.
        clause, text: what it rests on, and one line for a person.
    """

    category: str
    hold: float | None
    block: float | None
    clause: str
    text: str
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that withholds when it is true; one that cannot be evaluated holds."""

    id: str
    when: Condition
    outcome: Outcome
    clause: str
    text: str
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """A mark that a pack demands, always or under a condition; a condition that cannot be evaluated demands it."""

    id: str
    mark: MarkKind
    clause: str
    text: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    required: bool = True
    when: Condition | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """What the law asks that no rule of a pack does by itself: the gate can show figures, or software cannot do it.

    Attributes:
        id: unique within the pack.
        clause, text: what it rests on, and one line for a person.
        measure: name of the figures that the gate has on it (`MEASURES`), "" where no software does it.
        since: the first day on which it is owed; None for as long as the pack counts.
    """

    id: str
    clause: str
    text: str
    measure: str = ""
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """One policy pack.

    Attributes:
        name: the file's name without ``.yaml``.
        version: ``major.minor.patch``.
        title, description: for people.
        jurisdiction: whose law it states, such as ``cn``, or ``any``; for people, it switches nothing.
        effective_from, effective_until: first and last day of the rules behind it. An enabled pack counts before its
            first day too; after its last day it holds.
        sources: what its clauses cite.
        requires, thresholds, rules, obligations: its parts; thresholds and rules are not both empty.
        duties: what else the law asks; nothing is decided by them.
        sha256: digest of its file.
        document: the bytes of its file, or b"" where it was not read from one.
    """

    name: str
    version: str
    title: str
    description: str
    jurisdiction: str
    effective_from: date
    effective_until: date | None
    sources: tuple[Source, ...]
    requires: tuple[Requirement, ...]
    thresholds: tuple[Threshold, ...]
    rules: tuple[Rule, ...]
    obligations: tuple[Demand, ...]
    sha256: Digest
    document: bytes = field(default=b"", repr=False, compare=False)
    duties: tuple[Duty, ...] = ()

    def __post_init__(self) -> None:
        if not self.thresholds and not self.rules:
            raise NoPackError(f"pack {self.name!r} has neither thresholds nor rules: it could never withhold anything")

    @property
    def ref(self) -> PackRef:
        """Name and digest, as a decision records them."""
        return PackRef(name=self.name, sha256=self.sha256)


def counts_on(part: Requirement | Threshold | Rule | Demand | Duty, day: date) -> bool:
    """Say whether a part of a pack counts on a day."""
    return part.since is None or part.since <= day
