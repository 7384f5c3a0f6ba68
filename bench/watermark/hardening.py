"""What whoever sets out to remove or to copy a mark gets, one attempt after the other.

The attacker knows the algorithm and has marked pictures, but no key. Each row says whether the id is still read (or,
for `copy`, whether a picture that was never marked now reads as marked) and how far the result is from what it was made
of. What cannot run here is said in a row of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from bench.watermark import lattice, removal
from bench.watermark.measure import psnr_db
from bench.watermark.pictures import Picture
from bench.watermark.results import Journal, Row
from bench.watermark.schemes import Scheme, payload_of
from provenance.asset import Frame
from provenance.errors import UnmarkableError

FIELDS: Final = ("scheme", "attempt", "setting", "picture")
KEY: Final = 0
# As it is, and flipped: down and across.
_VIEWS: Final = ((1, 1), (1, -1), (-1, 1), (-1, -1))
Made = tuple[str, Frame, Frame]
"""A setting, the attacked picture, and what its distance is measured from."""


@dataclass(frozen=True, slots=True)
class Work:
    """What an attacker has.

    Attributes:
        training: pictures whose marked copies the attacker collects, and learns photographs from.
        victims: pictures that are attacked.
        models: where trained autoencoders are kept; None is in the results.
        diffusion: a local folder with an image-to-image pipeline; None where there is none.
    """

    training: tuple[Picture, ...]
    victims: tuple[Picture, ...]
    models: Path | None = None
    diffusion: Path | None = None


@dataclass(slots=True)
class Scene:
    """One scheme at work: marks pictures once, under one key, each with an id of its own."""

    scheme: Scheme
    work: Work
    folder: Path
    _marked: dict[str, Frame | None] = field(default_factory=dict)

    def marked(self, picture: Picture) -> Frame | None:
        """Return the marked copy; None where the scheme refused."""
        if picture.name not in self._marked:
            payload = payload_of(picture.name, self.scheme.payload_bits)
            try:
                self._marked[picture.name] = self.scheme.embed(picture.load(), payload, KEY)
            except UnmarkableError:
                self._marked[picture.name] = None
        return self._marked[picture.name]

    def alike(self, shape: tuple[int, ...]) -> list[Picture]:
        """Return training pictures of one shape, no victim's scene among them."""
        names = {picture.name for picture in self.work.victims}
        others = (picture for picture in self.work.training if picture.name not in names)
        return [picture for picture in others if picture.load().shape == shape]

    def multiplied(self, shape: tuple[int, ...], count: int) -> Iterator[Frame]:
        """Yield up to so many marked pictures of one shape, each with an id of its own, no victim's scene among them.

        Of training pictures of that shape, their flips and half turns: four of each.
        """
        made = 0
        for down, across in _VIEWS:
            for picture in self.alike(shape):
                if made == count:
                    return
                frame = picture.load()
                payload = payload_of(f"{picture.name} {down} {across}", self.scheme.payload_bits)
                with suppress(UnmarkableError):
                    yield self.scheme.embed(np.ascontiguousarray(frame[::down, ::across]), payload, KEY)
                    made += 1

    def collected(self) -> list[Frame]:
        """Return marked pictures of the attacker's, one for each scene, none of them a victim."""
        names = {picture.name for picture in self.work.victims}
        scenes = {picture.name: picture for picture in self.work.training if picture.name not in names}
        return [frame for picture in scenes.values() if (frame := self.marked(picture)) is not None]


def _and_smaller(setting: str, made: Frame, origin: Frame) -> Iterator[Made]:
    """Yield a result, and the same cropped and scaled a little: who takes out what shows the geometry changes it too."""
    yield setting, made, origin
    small = [removal.nudge(frame) for frame in (made, origin)]
    yield f"{setting}, then 97 %", small[0], small[1]


def _averaged(scene: Scene) -> Iterator[Callable[[Picture, Frame], Iterator[Made]]]:
    collected = [frame for frame in scene.collected() if removal.period_of(frame) == 128]
    counts = sorted({count for count in (1, 4, 16, 64, len(collected)) if count <= len(collected)})
    tiles = {count: removal.average(collected[:count], 128) for count in counts}

    def attack(_: Picture, marked: Frame) -> Iterator[Made]:
        if removal.period_of(marked) != 128:
            return
        for count, found in tiles.items():
            yield f"{count} pictures, mean tile", removal.subtract(marked, found.mean, 1), marked
            for gain in (1, 2) if count > 5 else ():
                setting = f"{count} pictures, waves that agree, gain {gain}"
                yield from _and_smaller(setting, removal.subtract(marked, found.agreed, gain), marked)

    yield attack


def _folded(_: Scene) -> Iterator[Callable[[Picture, Frame], Iterator[Made]]]:
    def attack(_: Picture, marked: Frame) -> Iterator[Made]:
        known, found = removal.period_of(marked), removal.find_period(marked)
        for gain in (1, 1.5, 2):
            tile = removal.estimate(marked, known)
            yield f"known period, gain {gain}", removal.subtract(marked, tile, gain), marked
        yield "period by autocorrelation, gain 1", removal.subtract(marked, removal.estimate(marked, found), 1), marked

    yield attack


def _notched(_: Scene) -> Iterator[Callable[[Picture, Frame], Iterator[Made]]]:
    def attack(_: Picture, marked: Frame) -> Iterator[Made]:
        for times in (6, 4, 3):
            yield from _and_smaller(f"peaks over {times} times the median", removal.notch(marked, times), marked)
        for gain in (0.5, 1):
            made = removal.comb(marked, removal.period_of(marked), gain)
            yield f"every wave of the lattice, gain {gain}", made, marked

    yield attack


def _subtracted(_: Scene) -> Iterator[Callable[[Picture, Frame], Iterator[Made]]]:
    def attack(_: Picture, marked: Frame) -> Iterator[Made]:
        if removal.period_of(marked) != lattice.PERIOD:
            return
        waves = lattice.read_waves(marked)
        for gain in (0.7, 1.4):
            made = lattice.lay_waves(marked, lattice.in_common(waves), gain)
            yield f"phases common to all cells, gain {gain}", made, marked
        once = lattice.lay_waves(marked, lattice.in_common(waves), 1)
        again = lattice.lay_waves(once, lattice.in_common(lattice.read_waves(once)), 1)
        yield "phases common to all cells, gain 1, twice", again, marked
        yield from _and_smaller("phases common to all cells, gain 1", once, marked)
        yield "phases of each cell, gain 1", lattice.lay_waves(marked, waves, 1), marked
        for rank in (1, 4, 16):
            made = lattice.lay_waves(marked, lattice.low_rank(waves, rank), 1)
            yield f"cells by lines, rank {rank}, gain 1", made, marked
        yield (
            "cells by lines, rank 1 in 16 groups, gain 1",
            lattice.lay_waves(marked, lattice.low_rank(waves, 1, groups=16), 1),
            marked,
        )

    yield attack


# Pictures under one key that an attacker has collected.
_COLLECTIONS: Final = (10, 100, 1000)


def _learnt(scene: Scene) -> Iterator[Callable[[Picture, Frame], Iterator[Made]]]:
    """Learn from marked pictures of the victims' shape which signs each line has; too few of them, and it is said."""
    if len(scene.alike(scene.work.victims[0].load().shape)) * len(_VIEWS) < min(_COLLECTIONS):
        return
    learnt: dict[tuple[int, ...], dict[int, lattice.Waves]] = {}

    def learn(shape: tuple[int, ...]) -> dict[int, lattice.Waves]:
        if shape not in learnt:
            collected = [lattice.read_waves(frame) for frame in scene.multiplied(shape, max(_COLLECTIONS))]
            learnt[shape] = {
                count: lattice.learn_signs(collected[:count]) for count in _COLLECTIONS if count <= len(collected)
            }
        return learnt[shape]

    def attack(_: Picture, marked: Frame) -> Iterator[Made]:
        if removal.period_of(marked) != lattice.PERIOD:
            return
        waves = lattice.read_waves(marked)
        for count, patterns in learn(marked.shape).items():
            for gain in (1, 1.4):
                made = lattice.lay_waves(marked, lattice.agree_with(waves, patterns), gain)
                yield f"signs learnt from {count} pictures, gain {gain}", made, marked

    yield attack


def _copied(scene: Scene) -> Iterator[Callable[[Picture, Frame], Iterator[Made]]]:
    victims = scene.work.victims

    def attack(picture: Picture, marked: Frame) -> Iterator[Made]:
        # The next picture of the same shape; else the next, of which the common part is used.
        place = victims.index(picture)
        others = [*victims[place + 1 :], *victims[:place]]
        targets = [other.load() for other in others[:8]]
        target = next((frame for frame in targets if frame.shape == marked.shape), targets[0] if targets else None)
        if target is None:
            return
        for folded in (True, False):
            for gain in (1, 2):
                made = removal.transplant(marked, target, gain, folded=folded)
                what = "folded tile" if folded else "denoiser's residual"
                yield f"{what}, gain {gain}", made, target[: made.shape[0], : made.shape[1]]

    yield attack


def _made_anew(scene: Scene) -> Iterator[Callable[[Picture, Frame], Iterator[Made]]]:
    from bench.watermark.resynthesis import LEVELS, load_or_train, pass_through

    frames = [picture.load() for picture in scene.work.training]
    folder = scene.work.models or scene.folder / "models"
    nets = {level: load_or_train(frames, level, folder) for level in LEVELS}

    def attack(_: Picture, marked: Frame) -> Iterator[Made]:
        for level, net in nets.items():
            yield f"autoencoder, {level}", pass_through(net, marked), marked

    yield attack


def _redrawn(_: Scene) -> Iterator[Callable[[Picture, Frame], Iterator[Made]]]:
    from bench.watermark.resynthesis import Redrawer

    redrawer = Redrawer()

    def attack(_: Picture, marked: Frame) -> Iterator[Made]:
        for share in (0.25, 0.5, 0.75, 1):
            made = redrawer.make(marked, share, from_latents=False)
            yield f"a quarter of the size and the generator's enlarger, share {share}", made, marked
        for share in (0.5, 1):
            yield f"the generator's latents, share {share}", redrawer.make(marked, share, from_latents=True), marked

    yield attack


def _diffused(scene: Scene) -> Iterator[Callable[[Picture, Frame], Iterator[Made]]]:
    from bench.watermark.resynthesis import Diffusion

    if scene.work.diffusion is None:
        return
    diffusion = Diffusion(scene.work.diffusion)

    def attack(_: Picture, marked: Frame) -> Iterator[Made]:
        for strength in (0.05, 0.1, 0.2):
            made = diffusion.make(marked, strength)
            yield f"strength {strength}", made, marked[: made.shape[0], : made.shape[1]]

    yield attack


def _absent(_: Scene) -> Iterator[Callable[[Picture, Frame], Iterator[Made]]]:
    yield from ()


ATTEMPTS: Final[Mapping[str, Callable[[Scene], Iterator[Callable[[Picture, Frame], Iterator[Made]]]]]] = {
    "average": _averaged,
    "fold": _folded,
    "notch": _notched,
    "subtract": _subtracted,
    "learn": _learnt,
    "copy": _copied,
    "resynthesis": _made_anew,
    "generator": _redrawn,
    "diffusion": _diffused,
    "jpeg-ai": _absent,
}
SKIPPED: Final = {
    "learn": "not run: there are fewer than three training pictures of the victims' shape",
    "diffusion": "not run: no local image-to-image model was given (--diffusion)",
    "jpeg-ai": "not run: no JPEG AI codec is to be had as a package",
}


def _rows(scene: Scene, attempt: str, done: set[tuple[object, ...]]) -> Iterator[Row]:
    identity = {"scheme": scene.scheme.name, "attempt": attempt}
    attacks = list(ATTEMPTS[attempt](scene))
    if not attacks and (*identity.values(), "-", None) not in done:
        yield identity | {"setting": "-", "picture": None, "remark": SKIPPED[attempt]}
    for picture in scene.work.victims if attacks else ():
        if (marked := scene.marked(picture)) is None:
            continue
        payload = payload_of(picture.name, scene.scheme.payload_bits)
        for attack in attacks:
            for setting, made, origin in attack(picture, marked):
                row = identity | {"setting": setting, "picture": picture.name}
                read = scene.scheme.extract(np.ascontiguousarray(made), KEY)
                yield row | {
                    "read": read == payload,
                    "wrong": read not in {None, payload},
                    "psnr_db": round(psnr_db(origin, made), 2),
                }


def run(scheme: Scheme, work: Work, attempts: Sequence[str], folder: Path) -> None:
    """Make every attempt on every victim; an attempt that was begun is begun again, one that was finished is not."""
    journal = Journal(folder, "hardening")
    done = journal.done(FIELDS)
    scene = Scene(scheme, work, folder)
    for attempt in attempts:
        if attempt not in ATTEMPTS:
            raise SystemExit(f"expected one of {', '.join(ATTEMPTS)}, got {attempt!r}")
        left = {picture.name for picture in work.victims} - {
            row[3] for row in done if row[:2] == (scheme.name, attempt)
        }
        if not left:
            continue
        rows = [row for row in _rows(scene, attempt, done) if row["picture"] is None or row["picture"] in left]
        journal.append(rows)
        for setting in dict.fromkeys(row["setting"] for row in rows):
            part = [row for row in rows if row["setting"] == setting]
            kept = sum(row.get("read", False) for row in part)
            print(f"{scheme.name} {attempt} {setting}: read {kept} of {len(part)}", flush=True)
