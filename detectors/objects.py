"""What things does a photograph show, among the thousand that ImageNet names?

Asks the network that finds copies (`provenance.sight`) and adds up what it says of the names that belong to a
category: a rifle, a revolver and a holster are weapons. Two looks are averaged, one at the whole and one at the middle
square. The likeliest names are evidence, so that a moderator reads what was seen. Source: `cards/objects.toml`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.pixels import list_views
from provenance.errors import ConfigurationError, DetectorUnavailableError, WeightsError
from provenance.media.picture.image import Picture
from provenance.sight.network import load_network

CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "weapons": (
        "assault rifle", "cannon", "holster", "missile", "projectile", "revolver", "rifle", "scabbard", "tank",
    ),
    "alcohol": ("beer bottle", "beer glass", "cocktail shaker", "red wine", "whiskey jug", "wine bottle"),
    "drugs": ("pill bottle", "syringe"),
    "gambling": ("slot",),
}  # fmt: skip
"""Which names count for what, as torchvision spells ImageNet-1k's; "slot" is the slot machine."""

STEEPNESS: Final = 40.0
"""Of the logistic around a category's limit: hold limits of packs from 0.5 to 0.95 lie within 0.08 of it."""

_SHARED_SIDE: Final = 512
_NAMED: Final = 5


@dataclass(slots=True)
class ObjectsDetector:
    """Scores what ImageNet has names for; takes no options."""

    toolbox: Toolbox
    card: Card = field(init=False)

    def __post_init__(self) -> None:
        if self.toolbox.options:
            raise ConfigurationError(f"detector 'objects' has no option {min(self.toolbox.options)!r}")
        self.card = load_card("objects")

    def warm(self) -> None:
        """Load the network and look once.

        Raises:
            DetectorUnavailableError: the weights are missing, or not those of this version.
        """
        self._name(Picture.from_frame(np.zeros((64, 64, 3), np.uint8)))

    def detect(self, subject: Subject) -> Signal:
        """Answer about the pixels of `subject`; of a transparent picture, about the worst of its views.

        Raises:
            DetectorUnavailableError: as `warm`.
        """
        shares = np.stack([self._name(view.picture) for view in list_views(subject.picture)])
        names = load_names()
        masses = {
            category: float(shares[:, [names.index(name) for name in members]].sum(axis=1).max())
            for category, members in CATEGORIES.items()
        }
        scores = {category: self._score(category, mass) for category, mass in masses.items()}
        likeliest = shares.max(axis=0)
        seen = [(names[one], float(likeliest[one])) for one in likeliest.argsort()[::-1][:_NAMED]]
        evidence: tuple[Mapping[str, Any], ...] = (
            {"names": [{"name": name, "share": round(share, 4)} for name, share in seen]},
            *({"category": category, "share": round(mass, 4)} for category, mass in masses.items()),
        )
        reason = f"looks like {seen[0][0]} ({seen[0][1]:.0%})"
        return Signal("objects", self.card.version, Status.OK, scores, evidence, reason)

    def _name(self, picture: Picture) -> NDArray[np.float32]:
        """Return the mean share of each name over two looks: (1000,) float32."""
        frame = picture.reduced(_SHARED_SIDE)
        side = min(frame.shape[:2])
        top, left = (frame.shape[0] - side) // 2, (frame.shape[1] - side) // 2
        middle = np.ascontiguousarray(frame[top : top + side, left : left + side])
        try:
            network = load_network()
        except WeightsError as exc:
            raise DetectorUnavailableError(f"detector 'objects' has no network: {exc}") from exc
        looks = (frame,) if frame.shape[0] == frame.shape[1] else (frame, middle)
        shares: NDArray[np.float32] = np.mean([_share(network.look(one).logits) for one in looks], axis=0)
        return shares

    def _score(self, category: str, mass: float) -> float:
        return 1.0 / (1.0 + math.exp(-STEEPNESS * (mass - self.card.thresholds[category])))


def _share(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max())
    shares: NDArray[np.float32] = raised / raised.sum()
    return shares


@cache
def load_names() -> tuple[str, ...]:
    """Return ImageNet-1k's names in the network's order."""
    return tuple(files("detectors").joinpath("words/imagenet.txt").read_text(encoding="utf-8").splitlines())
