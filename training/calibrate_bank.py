"""Fits the embedded concept bank on the training families, and measures it on the held-out one.

    python -m training.calibrate_bank --pack PACK --train CLIP.npy --test TEST.npy --weights CLIP.safetensors [--write]

For each category that the families show: Platt's logistic gives the scale; the offset puts the hold limit of the
baseline pack at the margin that one harmless training picture in two hundred exceeds, and no photograph of
scikit-image's. `--write` puts both into the bank. Figures are areas under the curve with bootstrapped intervals, and
shares with Wilson's.
"""

import argparse
import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image

from detectors.base import Toolbox
from detectors.calibration import fit_logistic
from detectors.clip import ClipDetector
from detectors.concept_bank import BANKS_DIR, Concept, ConceptBank, load_concept_bank
from provenance.media.picture.image import Picture
from training.concepts import SHOWN, Shown
from training.measure_clip import area, embed_pictures, load_net, wilson
from training.render import read_pack

_PACK: Final = Path(__file__).resolve().parent.parent / "policies" / "packs" / "baseline.yaml"
_NAME: Final = "drawings"
_BANK: Final = BANKS_DIR / f"{_NAME}.yaml"
_FALSE_ALARMS: Final = 0.005
_HEADROOM: Final = 0.005
_SKIN: Final = ("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff")
_SAMPLE: Final = 3500
Rows = NDArray[np.float32]
Record = dict[str, Any]


def embed_family(net: Any, pack: Path, pictures: Path, which: str) -> tuple[list[Record], Rows]:  # noqa: ANN401
    """Embed what may be a positive, and a sample of the rest; skin tones and what could not be drawn are left out."""
    records, pixels = read_pack(pack, which), np.load(pictures, mmap_mode="r")
    rows = [row for row, one in enumerate(records) if not any(tone in one["key"] for tone in _SKIN)]
    if which != "heldout":
        wanted = [row for row in rows if any(shown.label(records[row]) != "negative" for shown in SHOWN)]
        rest = sorted(set(rows) - set(wanted))
        sample = np.random.default_rng(0).choice(rest, min(_SAMPLE, len(rest)), replace=False)
        rows = sorted([*wanted, *(int(row) for row in sample)])
    rows = [row for row in rows if pixels[row, :, :, 3].any()]
    parts = [
        embed_pictures(net, np.stack([pixels[row] for row in rows[at : at + 256]])) for at in range(0, len(rows), 256)
    ]
    return [records[row] for row in rows], np.concatenate(parts)


def embed_photographs() -> Rows:
    """Embed the photographs that scikit-image brings along, as the detector does: they are harmless."""
    import skimage

    detector = ClipDetector(Toolbox(works=cast("Any", None), models_dir=Path("out/models")))
    rows = []
    for path in sorted((Path(skimage.__file__).parent / "data").iterdir()):
        if path.suffix in {".png", ".jpg", ".jpeg", ".gif"}:
            with Image.open(path) as opened:
                rows.append(detector.embed(Picture.from_frame(np.asarray(opened.convert("RGB")))))
    return np.stack(rows)


def embed_texts(net: Any, bank: ConceptBank) -> Rows:  # noqa: ANN401
    """Embed the bank's texts as the detector does."""
    total = sum(net.embed_texts([template.format(text) for text in bank.texts]) for template in bank.templates)
    rows: Rows = total / np.linalg.norm(total, axis=1, keepdims=True)
    return rows


def margins_of(bank: ConceptBank, concept: Concept, images: Rows, texts: Rows) -> Rows:
    """Return each picture's margin to one category."""
    only = ConceptBank(bank.name, bank.calibration, bank.templates, (concept,), bank.digest)
    places = [bank.texts.index(text) for text in only.texts]
    return np.array([only.measure(image, texts[places])[0].margin for image in images], dtype=np.float32)


def place_offset(negatives: Rows, photographs: Rows, scale: float, hold: float) -> tuple[float, float]:
    """Return the offset, and the margin at which the score reaches `hold`."""
    limit = max(float(np.quantile(negatives, 1 - _FALSE_ALARMS)), float(photographs.max()) + _HEADROOM)
    return limit - math.log(hold / (1 - hold)) / scale, limit


def interval(positive: Rows, negative: Rows, seed: int = 0) -> tuple[float, float]:
    """Return the bootstrapped 95 % interval of the area under the curve."""
    rng = np.random.default_rng(seed)
    draws = [area(rng.choice(positive, len(positive)), rng.choice(negative, len(negative))) for _ in range(500)]
    low, high = np.percentile(draws, (2.5, 97.5))
    return float(low), float(high)


def measure(shown: Shown, records: Sequence[Record], margins: Rows, limit: float) -> dict[str, Any]:
    """Return the figures of one category on one set of pictures."""
    labels = np.array([shown.label(record) for record in records])
    positive, negative = margins[labels == "positive"], margins[labels == "negative"]
    return {
        "positives": len(positive),
        "negatives": len(negative),
        "area": [round(value, 3) for value in (area(positive, negative), *interval(positive, negative))],
        "found": [round(value, 3) for value in wilson(int((positive > limit).sum()), len(positive))],
        "false alarms": [round(value, 4) for value in wilson(int((negative > limit).sum()), len(negative))],
    }


def write_bank(category: str, scale: float, offset: float) -> None:
    """Put a fitted logistic into the bank's file."""
    text = _BANK.read_text(encoding="utf-8")
    pattern = rf"(\n  {category}:\n)    scale: [\d.]+\n    offset: -?[\d.]+\n"
    fitted, count = re.subn(pattern, rf"\g<1>    scale: {scale:.2f}\n    offset: {offset:.4f}\n", text)
    assert count == 1, category
    _BANK.write_text(fitted, encoding="utf-8")


def main() -> None:
    """Fit, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--pack", "--train", "--test", "--weights"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    net, bank = load_net(given.weights), load_concept_bank(_NAME)
    holds = {name: fields.get("hold") for name, fields in yaml.safe_load(_PACK.read_text())["thresholds"].items()}
    texts, photographs = embed_texts(net, bank), embed_photographs()
    train = embed_family(net, given.pack, given.train, "clip")
    test = embed_family(net, given.pack, given.test, "heldout")
    concepts = {concept.category: concept for concept in bank.concepts}
    report = {}
    for shown in SHOWN:
        concept = concepts[shown.category]
        margins = margins_of(bank, concept, train[1], texts)
        labels = np.array([shown.label(record) for record in train[0]])
        known = labels != "unsure"
        scale = fit_logistic(margins[known].tolist(), (labels[known] == "positive").tolist()).scale
        negatives, photos = margins[labels == "negative"], margins_of(bank, concept, photographs, texts)
        offset, limit = place_offset(negatives, photos, scale, holds[shown.category])
        if given.write:
            write_bank(shown.category, scale, offset)
        report[shown.category] = {
            "scale": round(scale, 2),
            "offset": round(offset, 4),
            "limit": round(limit, 4),
            "photographs": [round(float(np.quantile(negatives, 0.995)), 3), round(float(photos.max()), 3)],
            "training": measure(shown, train[0], margins, limit),
            "held out": measure(shown, test[0], margins_of(bank, concept, test[1], texts), limit),
        }
    print(json.dumps(report, indent=1))  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
