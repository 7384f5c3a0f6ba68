"""Fits the bank of prompts on prompts.tsv beside this file, and measures it on the vectors of the test suite.

    python -m training.calibrate_prompts [--write]

For each category: Platt's logistic on the best margins of the prompts gives the scale; the offset puts 0.5 a little
above every harmless prompt of prompts.tsv and of every other harmless vector. The vectors between them are not fitted
on: their false alarms are the figure. `--write` puts scale and offset into the bank.
"""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from detectors.calibration import fit_logistic
from detectors.cards import load_card
from detectors.concept_bank import BANKS_DIR
from detectors.semantics import Semantics, load_semantics
from detectors.term_bank import load_term_bank
from training.measure_clip import area, wilson

_BANK: Final = BANKS_DIR / "prompts.yaml"
_PROMPTS: Final = Path(__file__).with_name("prompts.tsv")
_VECTORS: Final = Path(__file__).resolve().parent.parent / "tests" / "detectors" / "vectors"
_HEADROOM: Final = 0.005
_HARMLESS: Final = "harmless"


def read_prompts(path: Path) -> list[tuple[str, str]]:
    """Return (category, prompt) of each line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(line.partition("\t")[0], line.partition("\t")[2]) for line in lines]


def measure(semantics: Semantics, prompts: Sequence[str]) -> list[dict[str, float]]:
    """Return each prompt's best margin to each category, as the detector computes them."""
    terms, found = load_term_bank(), []
    for prompt in prompts:
        exempt = terms.find_allowed(prompt)
        found.append({one.margin.category: one.margin.margin for one in semantics.measure(prompt, exempt)})
    return found


def write_bank(category: str, scale: float, offset: float) -> None:
    """Put a fitted logistic into the bank's file."""
    text = _BANK.read_text(encoding="utf-8")
    pattern = rf"(\n  {category}:\n)(?:    scale: [\d.]+\n    offset: -?[\d.]+\n)?"
    fitted, count = re.subn(pattern, rf"\g<1>    scale: {scale:.2f}\n    offset: {offset:.4f}\n", text)
    assert count == 1, category
    _BANK.write_text(fitted, encoding="utf-8")


def main() -> None:
    """Fit, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    semantics = load_semantics({}, Path("out/models"), load_card("clip").weights)
    vectors = (_VECTORS / "prompts_harmless.txt").read_text(encoding="utf-8").splitlines()
    listed = [*read_prompts(_PROMPTS), *((_HARMLESS, prompt) for prompt in vectors[::2])]
    margins = measure(semantics, [prompt for _, prompt in listed])
    unseen_prompts = vectors[1::2]
    unseen = measure(semantics, unseen_prompts)
    report: dict[str, Any] = {}
    alarms, caught, asked = set(), 0, 0
    for concept in semantics.bank.concepts:
        name = concept.category
        own = np.array([one.get(name, -1.0) for one, (label, _) in zip(margins, listed, strict=True) if label == name])
        none = np.array(
            [one.get(name, -1.0) for one, (label, _) in zip(margins, listed, strict=True) if label == _HARMLESS]
        )
        fresh = np.array([one.get(name, -1.0) for one in unseen])
        if not len(own):
            continue
        limit = float(none.max()) + _HEADROOM
        scale = max(fit_logistic([*own, *none], [True] * len(own) + [False] * len(none)).scale, 1.0)
        if given.write:
            write_bank(name, scale, limit)
        hits = [at for at, value in enumerate(fresh) if value >= limit]
        if concept.makes_score:
            alarms |= set(hits)
            caught, asked = caught + int((own >= limit).sum()), asked + len(own)
        report[name] = {
            "scale": round(scale, 2),
            "offset": round(limit, 4),
            "area": round(area(own, none), 3),
            "area unseen": round(area(own, fresh), 3),
            "found": [round(value, 3) for value in wilson(int((own >= limit).sum()), len(own))],
            "false alarms unseen": [unseen_prompts[at] for at in hits],
            "missed": [
                prompt
                for (label, prompt), one in zip(listed, margins, strict=True)
                if label == name and one.get(name, -1) < limit
            ],
            "highest harmless": sorted(
                (
                    (round(one.get(name, -1.0), 3), prompt)
                    for (label, prompt), one in zip(listed, margins, strict=True)
                    if label == _HARMLESS
                ),
                reverse=True,
            )[:3],
        }
    report["all"] = {
        "found": [round(value, 3) for value in wilson(caught, asked)],
        "false alarms": [round(value, 4) for value in wilson(len(alarms), len(unseen_prompts))],
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
