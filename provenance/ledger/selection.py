"""Which entries somebody asks for, and what a selection of them can prove to be whole.

Rows of an export are each proven to be in the log. That none was left out is proven only of entries that stand beside
each other: indices without a gap.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from provenance.errors import LedgerError
from provenance.ledger.entry import LedgerEntry, format_time
from provenance.ledger.log import TENANT

Claim = Literal["everything", "range", "rows"]

CLAIMS: Final[Mapping[str, str]] = {
    "everything": "every entry of the log, up to the checkpoint, is here",
    "range": "every entry between the first and the last index is here; what came before or after is not shown",
    "rows": "each row is in the log; that no other entry fits the filter is not proven",
}
"""What an export says that it has, and what that means."""

RELEASED: Final = "asset.released"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries are asked for; what is left as it is asks for any.

    Attributes:
        since, until: made at this time or later, and before that one; with a time zone.
        kinds: only these kinds.
        subject: only about this.
        first, stop: lowest index, and one past the highest.
        outcomes: only decisions and releases with such an outcome: release, hold, block.
        packs: only decisions that one of these packs made.
        tenant: only entries of the tenant with this pseudonym, "" for the main one; None for every tenant's.
    """

    since: datetime | None = None
    until: datetime | None = None
    kinds: Collection[str] | None = None
    subject: str = ""
    first: int = 0
    stop: int | None = None
    outcomes: Collection[str] = ()
    packs: Collection[str] = ()
    tenant: str | None = None

    def __post_init__(self) -> None:
        """Refuse what asks for nothing.

        Raises:
            LedgerError: the first index is not below the last.
        """
        if self.first < 0 or (self.stop is not None and self.stop < self.first):
            raise LedgerError(f"expected a range of indices from 0 on, got {self.first} to {self.stop}")

    @property
    def is_range(self) -> bool:
        """Whether indices alone are asked for, so that there can be no gap."""
        filters = (self.since, self.until, self.kinds, self.tenant)
        return all(one is None for one in filters) and not (self.subject or self.outcomes or self.packs)

    def fits(self, entry: LedgerEntry) -> bool:
        """Say whether an entry is asked for by what it says; its place, time and kind are the query's business."""
        if self.tenant is None and not self.outcomes and not self.packs:
            return True
        body = entry.fields()
        if self.tenant is not None and body.get(TENANT, "") != self.tenant:
            return False
        if self.outcomes and find_outcome(entry, body) not in self.outcomes:
            return False
        return not self.packs or not find_packs(body).isdisjoint(self.packs)

    def describe(self) -> dict[str, Any]:
        """Return what was asked for, as a manifest says it; what was not asked for is None or empty."""
        return {
            "since": None if self.since is None else format_time(self.since),
            "until": None if self.until is None else format_time(self.until),
            "kinds": None if self.kinds is None else sorted(self.kinds),
            "subject": self.subject,
            "first": self.first,
            "stop": self.stop,
            "outcomes": sorted(self.outcomes),
            "packs": sorted(self.packs),
        }


EVERYTHING: Final = Selection()


def find_outcome(entry: LedgerEntry, body: Mapping[str, Any]) -> str:
    """Return the outcome that an entry speaks of, or ""."""
    return "release" if entry.kind == RELEASED else str(body.get("outcome", ""))


def find_packs(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the packs that made the decision in an entry's body."""
    packs = body.get("packs")
    return frozenset(str(pack["name"]) for pack in packs) if isinstance(packs, list) else frozenset()


def find_claim(first: int | None, last: int | None, rows: int, size: int, *, subject: str = "") -> Claim:
    """Return what so many rows from one index to another show of a log of `size` entries.

    Entries about one subject that happen to stand beside each other show nothing about others of it elsewhere.
    """
    if first is None or last is None:
        return "everything" if size == 0 else "rows"
    if rows == size:
        return "everything"
    return "rows" if last - first + 1 != rows or subject else "range"
