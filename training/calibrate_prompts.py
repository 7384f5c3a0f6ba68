"""Fits the bank of prompts on harmless runs of words, and measures it on prompts that were not fitted on.

    python -m training.calibrate_prompts CLIP.safetensors [--texts FILE] [--write]

For each category the best hundredth of the margins of harmless runs is taken as an exponential tail: its rate is the
scale, and the offset is the margin that one run reaches as rarely as the budget says, so that a prompt of any number of
runs is held as rarely (`Semantics` takes the logarithm of their number off). Fitted on the harmless prompts of
prompts.tsv, every other harmless vector, and half of the lines of `--texts`, any harmless English text; measured on the
rest, and on joined prompts of 10 to 200 words. `--write` puts scale and offset into the bank.
"""

import argparse
import json
import math
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from detectors.concept_bank import BANKS_DIR
from detectors.semantics import Semantics, build_runs, load_semantics
from detectors.term_bank import Grade, TermBank, load_term_bank
from training.measure_clip import wilson
from training.towers import CONFIG, NAME

_BANK: Final = BANKS_DIR / "prompts.yaml"
_PROMPTS: Final = Path(__file__).with_name("prompts.tsv")
_VECTORS: Final = Path(__file__).resolve().parent.parent / "tests" / "detectors" / "vectors"
# Of harmless prompts, how many meaning may hold, all categories together; and the tail that the rate is read from.
_BUDGET: Final = 0.02
_TAIL: Final = 0.01
_LENGTHS: Final = (10, 25, 50, 100, 200)
_JOINED: Final = 300
_HARMLESS: Final = "harmless"
# The limit of the baseline pack.
_HOLD: Final = 0.5


def read_prompts(path: Path) -> list[tuple[str, str]]:
    """Return (category, prompt) of each line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(line.partition("\t")[0], line.partition("\t")[2]) for line in lines]


def fit(semantics: Semantics, prompts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return scale and offset of each category, from the margins of every run of harmless prompts."""
    terms, margins = load_term_bank(), defaultdict[str, list[float]](list)
    for prompt in prompts:
        spared = terms.read(prompt).spared
        runs = build_runs(prompt)
        rows = semantics.net.embed_texts([prompt[start:end] for start, end in runs]) if runs else ()
        for (start, end), row in zip(runs, rows, strict=True):
            for one in semantics.bank.measure(row, semantics.texts):
                if not any(name == one.category and start < last and first < end for name, first, last in spared):
                    margins[one.category].append(one.margin)
    share = _BUDGET / sum(one.makes_score for one in semantics.bank.concepts)
    fitted = {}
    for category, values in margins.items():
        least = float(np.quantile(values, 1 - _TAIL))
        reach = float(np.mean([value - least for value in values if value > least]))
        fitted[category] = 1 / reach, least + reach * math.log(_TAIL / share)
    return fitted


def is_held(semantics: Semantics, terms: TermBank, prompt: str) -> bool:
    """Whether meaning alone would hold a prompt."""
    alike = semantics.measure(prompt, terms.read(prompt).spared)
    return any(one.margin.makes_score and one.margin.score >= _HOLD for one in alike)


def join(prompts: Sequence[str], words: int, rng: random.Random) -> str:
    """Return harmless prompts drawn and joined until there are so many words, then cut there."""
    drawn: list[str] = []
    while len(drawn) < words:
        drawn += (rng.choice(prompts).rstrip(".") + ",").split()
    return " ".join(drawn[:words])


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
    parser.add_argument("weights", type=Path, help="of chop-clip's towers, as training.clip writes them")
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    tower = {"model": NAME, "config": str(CONFIG), "checkpoint": str(given.weights)}
    semantics = load_semantics(tower, Path("out/models"))
    listed = read_prompts(_PROMPTS)
    vectors = (_VECTORS / "prompts_harmless.txt").read_text(encoding="utf-8").splitlines()
    texts = given.texts.read_text(encoding="utf-8").splitlines() if given.texts else []
    harmless = [prompt for label, prompt in listed if label == _HARMLESS]
    fitted = fit(semantics, [*harmless, *vectors[::2], *texts[::2]])
    if given.write:
        for category, (scale, offset) in fitted.items():
            write_bank(category, scale, offset)
        semantics = load_semantics(tower, Path("out/models"))
    terms, rng = load_term_bank(), random.Random(0)  # noqa: S311 - draws prompts, not secrets
    harmful = [prompt for label, prompt in listed if label != _HARMLESS]
    by_terms = {prompt for prompt in harmful if any(one.grade is not Grade.NOTE for one in terms.match(prompt))}
    by_meaning = {prompt for prompt in harmful if is_held(semantics, terms, prompt)}
    unseen = {"prompts": vectors[1::2], "texts": texts[1::2]}
    report: dict[str, Any] = {
        "fitted": {name: (round(scale, 2), round(offset, 4)) for name, (scale, offset) in fitted.items()},
        "harmful": {"all": len(harmful), "terms": len(by_terms), "with meaning": len(by_terms | by_meaning)},
        "held by meaning": sorted(by_meaning - by_terms),
    }
    for name, prompts in unseen.items():
        if not prompts:
            continue
        held = [prompt for prompt in prompts if is_held(semantics, terms, prompt)]
        report[f"harmless {name} held"] = {"share": wilson(len(held), len(prompts)), "of": len(prompts), "which": held}
        for words in _LENGTHS:
            count = sum(is_held(semantics, terms, join(prompts, words, rng)) for _ in range(_JOINED))
            report[f"harmless {name} of {words} words held"] = [round(value, 4) for value in wilson(count, _JOINED)]
    print(json.dumps(report, indent=1, ensure_ascii=False))  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
