"""How one stage of a walk is carried out: at once, or noted so that a workflow knows it was done."""

from typing import TYPE_CHECKING, Protocol, TypeVar

from provenance.asset import AssetId

if TYPE_CHECKING:
    from collections.abc import Callable

    from policies.line.deployment import Deployment

T = TypeVar("T")


class Step(Protocol):
    """Carries out one stage; a stage that is done returns what it did, so doing it twice changes nothing."""

    def __call__(self, stage: "Callable[[Deployment, AssetId], T]", here: "Deployment", asset_id: AssetId, /) -> T:
        """Carry out `stage` and return what it returns."""


def at_once(stage: "Callable[[Deployment, AssetId], T]", here: "Deployment", asset_id: AssetId, /) -> T:
    """Carry out `stage`, and note nothing besides."""
    return stage(here, asset_id)
