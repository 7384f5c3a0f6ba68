"""When a clip need not be looked at any further: a score of one frame blocks it, whatever the others show."""

from collections.abc import Sequence

from detectors.base import Signal
from detectors.runner import Stop
from policies.rules.pack import Pack


def build_stop(packs: Sequence[Pack]) -> Stop:
    """Return what says of an answer about a part of an asset that it blocks by a threshold of some pack.

    Rules with conditions are not asked: they may read what other detectors have still to say.
    """
    limits: dict[str, float] = {}
    for pack in packs:
        for limit in pack.thresholds:
            if limit.block is not None:
                limits[limit.category] = min(limit.block, limits.get(limit.category, limit.block))

    def blocks(signal: Signal) -> bool:
        return any(score >= limits[category] for category, score in signal.scores.items() if category in limits)

    return blocks
