"""Whether the pixels of an asset are searched for watermarks while it is screened: the longest step of a release.

Not where this gate drew them itself, from words alone: what never left the process cannot carry a mark that was put on
it outside. That is what the gate knows and not what a submission says: the origin of an asset is set where it is drawn
and written down with its digest, and a recipe is believed of such an asset alone. And not where none of the packs that
decide asks for what a search finds.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from policies.line.deployment import Deployment
from policies.rules.pack import Pack
from provenance.asset import Asset, Origin
from provenance.manifests.components import FIELD
from provenance.seal.sealed import build_payload
from provenance.storage.tables import ASSETS, GRANTS, SEALS

DRAWN_HERE: Final = "this gate drew them itself, from words alone"
UNASKED: Final = "no pack that decides asks for marks in them"

FOUND: Final = frozenset({"incoming_own_mark", "incoming_ai"})
"""Categories that a watermark raises."""

SEARCHER: Final = "incoming_marks"
"""The detector that searches: a pack that requires its answer wants marks found, whatever it then makes of them."""

# What a condition reads signals and their scores by; one that does may ask for anything.
_READS_SIGNALS: Final = ("signals", "scores")


def explain_no_search(asset: Asset, recipe: Mapping[str, Any], packs: Sequence[Pack]) -> str:
    """Return why the pixels of `asset` need not be searched for watermarks, or "" where they have to be.

    Args:
        asset: as intake wrote it down.
        recipe: JSON form of `generation.base.Recipe`; one that names a source picture began with somebody's pixels.
        packs: all that decide about it.
    """
    if asset.origin is Origin.GENERATED and recipe.get("source_sha256") == "":
        return DRAWN_HERE
    return "" if any(map(_asks, packs)) else UNASKED


def find_sources(here: Deployment, asset: Asset, recipe: Mapping[str, Any]) -> frozenset[int]:
    """Return the payloads of this tenant's releases that an asset was made from here, as its recipe names them."""
    named = [str(one.get("sha256", "")) for one in recipe.get(FIELD) or ()]
    if asset.origin is not Origin.GENERATED or not named:
        return frozenset()
    query = (
        select(GRANTS.c.payload)
        .join(SEALS, SEALS.c.asset_id == GRANTS.c.asset_id)
        .join(ASSETS, ASSETS.c.id == GRANTS.c.asset_id)
        .where(SEALS.c.sha256.in_(named), ASSETS.c.tenant == here.tenant)
    )
    with here.database.read() as connection:
        return frozenset(build_payload(int(payload)) for payload in connection.execute(query).scalars())


def _asks(pack: Pack) -> bool:
    conditions = (*(rule.when for rule in pack.rules), *(demand.when for demand in pack.obligations))
    if any(threshold.category in FOUND for threshold in pack.thresholds):
        return True
    if any(needed.detector == SEARCHER for needed in pack.requires):
        return True
    return any(word in condition.text for condition in conditions if condition is not None for word in _READS_SIGNALS)
