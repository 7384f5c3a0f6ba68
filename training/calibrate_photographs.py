"""Fits the bank of photographs without a photograph, and holds it against a folder of them.

    python -m training.calibrate_photographs [--photographs FOLDER] [--pack PACK --pictures CLIP.npy] [--write]

Each of ImageNet's thousand classes is a picture that its network is 85 % sure of, with the classifier's weights of the
class for its features: a prototype. A category's limit lies in the middle between the highest prototype that does not
show it and the lowest that does (`photograph_classes.toml`), or just above the former where no class shows it; the hold
limit of the baseline pack is put there. `FOLDER` holds pictures named as their class, one each: those whose SHA-256 is
even may raise a limit, the others are only reported on. Renders have a table of their own, for the categories that
`concepts.toml` knows: with the pack given, a limit is raised until no more than one harmless picture of Fluent 3D in
two hundred passes it. `--write` puts the tables into the bank. Intervals are Wilson's at 95 %.
"""

import argparse
import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from numpy.typing import NDArray

from detectors.chop.model import ChopClip, load_bank_rows, load_chop_clip, load_names
from detectors.chop.tables import rows_key
from detectors.concept_bank import BANKS_DIR, load_concept_bank
from provenance.asset import sha256_hex
from provenance.media.picture.image import Picture, parse_image
from training.chop_tables import lay_down, read_classifier
from training.concepts import SHOWN
from training.measure_clip import area, wilson
from training.render import read_pack

Rows = NDArray[np.float32]
BANK: Final = "photographs"
KIND: Final = "photograph"
RENDER: Final = "render"
SCALE: Final = 30.0
"""Logits for each unit of cosine: a score goes from 0.05 to 0.95 within 0.2."""
_SURE: Final = 0.85
_HEADROOM: Final = 0.02
_CLASSES: Final = Path(__file__).with_name("photograph_classes.toml")
_PACK: Final = Path(__file__).resolve().parent.parent / "policies" / "packs" / "baseline.yaml"
_USUAL_HOLD: Final = 0.5
_RENDERED: Final = "fluent-3d"
_MOST_RENDERS: Final = 1000
_FALSE_ALARMS: Final = 0.005


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pictures or prototypes: each one's margins by category, and the name of what it shows."""

    margins: Mapping[str, Rows]
    names: tuple[str, ...]


def load_classes() -> dict[str, dict[str, list[str]]]:
    """Return which names show a category, and of which that is not sure."""
    return tomllib.loads(_CLASSES.read_text(encoding="utf-8"))


def build_prototypes(model: ChopClip, weights: Rows) -> Rows:
    """Return a direction for each class: (1000, 384)."""
    count = len(weights)
    shares = np.full((count, count), (1 - _SURE) / (count - 1), np.float32)
    np.fill_diagonal(shares, _SURE)
    usual = model.usual_features
    return np.stack([model.embed_look(usual + own, share) for own, share in zip(weights, shares, strict=True)])


def measure(directions: Rows) -> dict[str, Rows]:
    """Return the margins of every direction, by category."""
    bank = load_concept_bank(BANK)
    texts = load_bank_rows()[rows_key(bank.texts_digest, BANK)]
    margins = [[one.margin for one in bank.measure(row, texts)] for row in directions]
    return {concept.category: column for concept, column in zip(bank.concepts, np.array(margins).T, strict=True)}


def read_folder(folder: Path, model: ChopClip) -> tuple[Labelled, NDArray[np.bool_]]:
    """Return the pictures of a folder, and which of them may raise a limit."""
    known = {name.lower(): name for name in load_names()}
    rows, names, tuning = [], [], []
    for path in sorted(folder.glob("*.jpg")):
        name = known.get(path.stem.replace("_", " ").lower())
        if name is not None:
            data = path.read_bytes()
            picture: Picture = parse_image(data)
            rows.append(model.see(picture.flattened()).photographs[0])
            names.append(name)
            tuning.append(int(sha256_hex(data), 16) % 2 == 0)
    return Labelled(measure(np.stack(rows)), tuple(names)), np.array(tuning)


def fit_renders(pack: Path, pictures: Path, model: ChopClip, limits: Mapping[str, float]) -> dict[str, Any]:
    """Return for each category that both know a limit for renders, and what is found and held for nothing there."""
    records, pixels = read_pack(pack, "clip"), np.load(pictures, mmap_mode="r")
    random = np.random.default_rng(0)
    places = [place for place, one in enumerate(records) if one["family"] == _RENDERED and pixels[place, :, :, 3].any()]
    chosen = random.choice(places, min(_MOST_RENDERS, len(places)), replace=False)
    seen = [model.see(Picture.from_frame(lay_down(pixels[place], random))).photographs[0] for place in chosen]
    margins = measure(np.stack(seen))
    told: dict[str, Any] = {}
    for shown in SHOWN:
        if shown.category in limits:
            labels = np.array([shown.label(records[place]) for place in chosen])
            own = margins[shown.category]
            positive, negative = own[labels == "positive"], own[labels == "negative"]
            limit = max(limits[shown.category], float(np.quantile(negative, 1 - _FALSE_ALARMS)))
            told[shown.category] = {
                "limit": round(limit, 4),
                "area": round(area(positive, negative), 4),
                "found": [round(value, 3) for value in wilson(int((positive > limit).sum()), len(positive))],
                "shown": len(positive),
                "held for nothing": [round(value, 4) for value in wilson(int((negative > limit).sum()), len(negative))],
            }
    return told


def place_limit(prototypes: Labelled, photographs: Labelled | None, category: str, named: Mapping[str, Any]) -> float:
    """Return the margin from which on a photograph is held."""
    shows, unsure = set(named["shows"]), set(named["unsure"])
    margins = prototypes.margins[category]
    shown = np.array([name in shows for name in prototypes.names])
    harmless = np.array([name not in shows | unsure for name in prototypes.names])
    highest = float(margins[harmless].max())
    limit = (highest + float(margins[shown].min())) / 2 if shown.any() else highest + _HEADROOM
    if photographs is not None:
        others = np.array([name not in shows | unsure for name in photographs.names])
        limit = max(limit, float(photographs.margins[category][others].max()) + _HEADROOM)
    return limit


def report(photographs: Labelled, category: str, named: Mapping[str, Any], limit: float) -> dict[str, Any]:
    """Return area, what is found and what is held for nothing."""
    shown = np.array([name in named["shows"] for name in photographs.names])
    others = np.array([name not in {*named["shows"], *named["unsure"]} for name in photographs.names])
    margins = photographs.margins[category]
    held = margins > limit
    return {
        "shown": int(shown.sum()),
        "area": round(area(margins[shown], margins[others]), 4) if shown.any() else None,
        "found": [round(value, 3) for value in wilson(int(held[shown].sum()), int(shown.sum()))]
        if shown.any()
        else None,
        "missed": [name for name, one, is_held in zip(photographs.names, shown, held, strict=True) if one > is_held],
        "held for nothing": [round(value, 4) for value in wilson(int(held[others].sum()), int(others.sum()))],
    }


def pick(labelled: Labelled, chosen: NDArray[np.bool_]) -> Labelled:
    """Return some of the pictures."""
    names = tuple(name for name, is_chosen in zip(labelled.names, chosen, strict=True) if is_chosen)
    return Labelled({category: margins[chosen] for category, margins in labelled.margins.items()}, names)


def write_table(kind: str, table: Mapping[str, tuple[float, float]]) -> None:
    """Put a kind's table into the bank's file, in place of what it had."""
    path = BANKS_DIR / f"{BANK}.yaml"
    text = path.read_text(encoding="utf-8")
    lines = "".join(
        f"    {name}: {{scale: {scale:.2f}, offset: {offset:.4f}}}\n" for name, (scale, offset) in table.items()
    )
    made, count = re.subn(rf"(?m)^  {kind}:.*\n(?:    .*\n)*", f"  {kind}:\n{lines}", text)
    assert count == 1, kind
    path.write_text(made, encoding="utf-8")


def place_offset(limit: float, hold: float | None) -> float:
    """Return the margin that scores 0.5 where `limit` scores the hold limit."""
    hold = hold or _USUAL_HOLD
    return limit - math.log(hold / (1 - hold)) / SCALE


def main() -> None:
    """Fit, report and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--pack", type=Path)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    model, named = load_chop_clip(), load_classes()
    prototypes = Labelled(measure(build_prototypes(model, read_classifier())), load_names())
    tuning = held_out = None
    if given.photographs:
        everything, is_tuning = read_folder(given.photographs, model)
        tuning, held_out = pick(everything, is_tuning), pick(everything, ~is_tuning)
    holds = {name: fields.get("hold") for name, fields in yaml.safe_load(_PACK.read_text())["thresholds"].items()}
    table: dict[str, tuple[float, float]] = {}
    limits: dict[str, float] = {}
    told: dict[str, Any] = {}
    for category, names in named.items():
        limit = place_limit(prototypes, tuning, category, names)
        table[category] = (SCALE, place_offset(limit, holds.get(category)))
        parts = {"prototypes": prototypes, "tuning half": tuning, "held out": held_out}
        limits[category] = limit
        told[category] = {"limit": round(limit, 4)} | {
            name: report(part, category, names, limit) for name, part in parts.items() if part is not None
        }
    if given.write:
        write_table(KIND, table)
    if given.pack:
        told["renders"] = fit_renders(given.pack, given.pictures, model, limits)
        if given.write:
            fitted = {
                name: (SCALE, place_offset(one["limit"], holds.get(name))) for name, one in told["renders"].items()
            }
            write_table(RENDER, fitted)
    print(json.dumps(told, indent=1))  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
