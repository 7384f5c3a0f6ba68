"""What `doctor` looks at in a site's records and blobs: whether they still say what the ledger says."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from api.checks import Check, Level
from policies.audit.concordance import Discrepancy, compare_records
from policies.audit.holdings import compare_blobs
from policies.line.deployment import Deployment
from policies.line.place import find_placed
from policies.line.sweeping import find_leftovers, unfinished

SAMPLE: Final = 200
"""Newest assets, and others at random, that `doctor` looks at unless it is told to look at all: a second or two."""
_NAMED: Final = 20
"""Findings that are told one by one."""


def check_holdings(here: Deployment, *, full: bool = False) -> Iterator[Check]:
    """Yield a finding for records, blobs, interrupted assets and what no record knows."""
    sample = None if full else SAMPLE
    looked = "all of them" if full else f"up to {2 * SAMPLE} of each; chopmark doctor --full looks at all"
    yield from _tell("records", compare_records(here.database, sample=sample), f"say what the ledger says ({looked})")
    yield from _tell("blobs", compare_blobs(here, sample=sample), f"are those on record ({looked})")
    with here.database.read() as connection:
        placed = find_placed(connection)
    yield from _check_interrupted([one for one in unfinished(here) if one not in placed])
    found = find_leftovers(here)
    if found.orphans or found.emptied or found.expired:
        count = len(found.orphans) + len(found.emptied) + len(found.expired)
        text = f"{count} files in quarantine that nothing needs: chopmark sweep --dry-run"
        yield Check("quarantine", Level.NOTE, text)


def _tell(what: str, findings: Iterable[Discrepancy], if_none: str) -> Iterator[Check]:
    several = iter(findings)
    named = [Check(what, Level.WRONG, f"{item.subject}: {item.text}") for item in islice(several, _NAMED)]
    yield from named or [Check(what, Level.OK, if_none)]
    if more := sum(1 for _ in several):
        yield Check(what, Level.WRONG, f"and {more} more")


def _check_interrupted(waiting: Sequence[str]) -> Iterator[Check]:
    for asset_id in waiting[:_NAMED]:
        text = (
            f"{asset_id} was interrupted and waits; each start tries again, chopmark review refuse {asset_id} gives up"
        )
        yield Check("interrupted", Level.NOTE, text)
    if more := len(waiting[_NAMED:]):
        yield Check("interrupted", Level.NOTE, f"and {more} more")
