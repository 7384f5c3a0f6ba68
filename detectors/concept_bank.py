"""Concept banks: what to look for in a picture, said in words that a CLIP text tower understands.

A category has positive prompts (what it means) and contrast prompts (what looks like it and is not); a bank has neutral
prompts that contrast with every category. A picture's margin is its best cosine to a positive less its best to a
contrast (or a share of that); a logistic with the category's scale and offset makes a score of it. A bank may be
calibrated for kinds of pictures (photograph, drawing, render) apart: then a category that a kind's table lacks makes no
score of such pictures. Banks are data: `banks/*.yaml`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from detectors.calibration import Calibration
from detectors.yaml_file import read_yaml
from provenance.asset import Digest, sha256_hex
from provenance.errors import ConfigurationError

KINDS: Final = ("photograph", "drawing", "render")
"""What a picture can be: taken or painted like it; drawn in flat colours; modelled and rendered."""
BANKS_DIR: Final = Path(__file__).parent / "banks"
Embedding = NDArray[np.float32]
"""(D,) float32 of length 1."""
Pool = Literal["max", "mean"]
# exp overflows float64 past 709; a logit this far out is 0 or 1 to every digit anyway.
_MOST_LOGIT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Concept:
    """One category of a bank.

    Attributes:
        category: score name.
        positive, contrast: prompts; neutral prompts of the bank are already among the contrasts.
        scale: logits per unit of cosine margin, > 0.
        offset: the margin that scores 0.5.
        pool: how the positives' cosines become one; contrasts always count by their best.
        contrast_weight: 0..1, how much of the best contrast is taken off.
        makes_score: false where the model is too weak for it: the margin is evidence then, and no policy sees it.
    """

    category: str
    positive: tuple[str, ...]
    contrast: tuple[str, ...]
    scale: float
    offset: float
    pool: Pool = "max"
    contrast_weight: float = 1.0
    makes_score: bool = True


@dataclass(frozen=True, slots=True)
class Margin:
    """How one picture stands to one category."""

    category: str
    margin: float
    score: float
    nearest: int
    """Index of the nearest positive prompt."""
    makes_score: bool = True


@dataclass(frozen=True, slots=True)
class ConceptBank:
    """A set of categories and the texts they need.

    Attributes:
        name: as in the file.
        calibration: on what scale and offset were fitted; one sentence.
        templates: each prompt is put into each template, and the embeddings averaged.
        concepts: the categories.
        digest: SHA-256 over everything that influences a score.
        by_kind: kind of picture to category to the calibration that counts there; kinds that are not named have
            every category's own.
    """

    name: str
    calibration: str
    templates: tuple[str, ...]
    concepts: tuple[Concept, ...]
    digest: Digest
    by_kind: Mapping[str, Mapping[str, Calibration]] = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, ...]:
        """Every prompt once, in a fixed order: the rows of the matrix that `measure` takes."""
        return tuple(dict.fromkeys(text for one in self.concepts for text in (*one.positive, *one.contrast)))

    @property
    def texts_digest(self) -> Digest:
        """SHA-256 over what embedding the texts depends on: them, and the templates; no calibration."""
        return sha256_hex(json.dumps([self.templates, self.texts], ensure_ascii=False).encode("utf-8"))

    @property
    def scored(self) -> tuple[str, ...]:
        """The categories that make a score of some kind of picture; a kind without a table takes every one."""
        tables = [self.by_kind.get(kind) for kind in KINDS]
        return tuple(
            one.category
            for one in self.concepts
            if one.makes_score and any(table is None or one.category in table for table in tables)
        )

    def measure(self, embedding: Embedding, texts: NDArray[np.float32], kind: str = "") -> tuple[Margin, ...]:
        """Return the margins and scores of a picture, in the order of `concepts`.

        Args:
            embedding: (D,) float32, of length 1, or less where its model is not sure.
            texts: (T, D) float32, rows of length 1, one for each of `self.texts`.
            kind: of picture, or "" where that is not known.
        """
        cosines = dict(zip(self.texts, (texts @ embedding).tolist(), strict=True))
        table = self.by_kind.get(kind)
        return tuple(_measure(_calibrated(concept, table), cosines) for concept in self.concepts)


def logistic(logit: float) -> float:
    """Return 1 / (1 + e^-logit), finite for every finite logit."""
    return float(1.0 / (1.0 + np.exp(-np.clip(logit, -_MOST_LOGIT, _MOST_LOGIT))))


def load_concept_bank(name: str, directory: Path = BANKS_DIR) -> ConceptBank:
    """Load ``<directory>/<name>.yaml``; `name` may also be the path of a YAML file.

    Raises:
        ConfigurationError: no such bank, or it is malformed; the message names the entry.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else directory / f"{name}.yaml"
    try:
        data = read_yaml(path)
    except ConfigurationError as exc:
        raise ConfigurationError(f"concept bank {exc}") from exc
    try:
        return parse_concept_bank(data)
    except ConfigurationError as exc:
        raise ConfigurationError(f"{path.name}: {exc}") from exc


def parse_concept_bank(data: Any) -> ConceptBank:  # noqa: ANN401 - checked here
    """Build a bank from parsed YAML.

    Raises:
        ConfigurationError: it is malformed.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("categories"), Mapping) or not data["categories"]:
        raise ConfigurationError("expected a mapping with 'name', 'templates', 'neutral' and 'categories'")
    templates = _texts(data.get("templates", ["{}"]), "templates")
    if any(template.count("{}") != 1 for template in templates):
        raise ConfigurationError("templates: each has to hold {} once")
    neutral = _texts(data.get("neutral", []), "neutral", may_be_empty=True)
    usual = {"scale": 100.0, "offset": 0.0, "pool": "max", "contrast_weight": 1.0}
    defaults = {key: data.get(key, value) for key, value in usual.items()}
    concepts = tuple(
        _parse_concept(str(category), fields, neutral, defaults) for category, fields in data["categories"].items()
    )
    if not any(concept.makes_score for concept in concepts):
        raise ConfigurationError("categories: expected at least one that makes a score")
    canonical = json.dumps(data, sort_keys=True, ensure_ascii=False)
    calibration = str(data.get("calibration", "none"))
    by_kind = _parse_kinds(data.get("by_kind", {}), frozenset(concept.category for concept in concepts))
    digest = sha256_hex(canonical.encode("utf-8"))
    return ConceptBank(str(data.get("name", "")), calibration, templates, concepts, digest, by_kind)


def _parse_kinds(tables: Any, categories: frozenset[str]) -> dict[str, dict[str, Calibration]]:  # noqa: ANN401 - checked here
    if not isinstance(tables, Mapping) or not all(isinstance(table, Mapping) for table in tables.values()):
        raise ConfigurationError("by_kind: expected a mapping from kinds of pictures to mappings from categories")
    parsed: dict[str, dict[str, Calibration]] = {}
    for kind, table in tables.items():
        parsed[str(kind)] = {}
        if unknown := sorted(map(str, table.keys() - categories)):
            raise ConfigurationError(f"by_kind.{kind}: the bank has no category {unknown[0]!r}")
        for category, fields in table.items():
            if not isinstance(fields, Mapping) or set(fields) != {"scale", "offset"}:
                raise ConfigurationError(f"by_kind.{kind}.{category}: expected scale and offset")
            scale, offset = _parse_numbers(f"by_kind.{kind}.{category}", fields["scale"], fields["offset"])
            parsed[str(kind)][str(category)] = Calibration(scale, offset)
    return parsed


def _parse_numbers(where: str, scale: Any, offset: Any) -> tuple[float, float]:  # noqa: ANN401 - checked here
    if not isinstance(scale, int | float) or not isinstance(offset, int | float) or scale <= 0:
        raise ConfigurationError(f"{where}: expected a positive scale and a numeric offset, got {scale!r}, {offset!r}")
    return float(scale), float(offset)


def _parse_concept(category: str, fields: Any, neutral: tuple[str, ...], defaults: Mapping[str, Any]) -> Concept:  # noqa: ANN401 - checked here
    known = {"positive", "contrast", "makes_score", *defaults}
    if not isinstance(fields, Mapping) or not set(fields) <= known:
        raise ConfigurationError(f"{category}: expected a mapping with only {', '.join(sorted(known))}")
    positive = _texts(fields.get("positive", []), f"{category}.positive")
    contrast = (*_texts(fields.get("contrast", []), f"{category}.contrast", may_be_empty=True), *neutral)
    if not contrast:
        raise ConfigurationError(f"{category}: without contrast or neutral prompts every picture looks like it")
    both = set(positive) & set(contrast)
    if both:
        raise ConfigurationError(f"{category}: {min(both)!r} is positive and contrast at once")
    values = {key: fields.get(key, default) for key, default in defaults.items()}
    pool = values["pool"]
    scale, offset = _parse_numbers(category, values["scale"], values["offset"])
    if pool not in {"max", "mean"}:
        raise ConfigurationError(f"{category}: pool is 'max' or 'mean', got {pool!r}")
    weight, makes_score = values["contrast_weight"], fields.get("makes_score", True)
    if not isinstance(weight, int | float) or not 0 <= weight <= 1:
        raise ConfigurationError(f"{category}: contrast_weight is 0 to 1, got {weight!r}")
    if not isinstance(makes_score, bool):
        raise ConfigurationError(f"{category}: makes_score is true or false, got {makes_score!r}")
    return Concept(category, positive, contrast, scale, offset, pool, float(weight), makes_score)


def _texts(value: Any, where: str, *, may_be_empty: bool = False) -> tuple[str, ...]:  # noqa: ANN401 - checked here
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        raise ConfigurationError(f"{where}: expected a list of texts")
    if not value and not may_be_empty:
        raise ConfigurationError(f"{where}: expected at least one text")
    return tuple(value)


def _calibrated(concept: Concept, table: Mapping[str, Calibration] | None) -> Concept:
    """Return `concept` as it counts for pictures of the kind that `table` is for."""
    if table is None:
        return concept
    fitted = table.get(concept.category)
    if fitted is None:
        return replace(concept, makes_score=False)
    return replace(concept, scale=fitted.scale, offset=fitted.offset)


def _measure(concept: Concept, cosines: Mapping[str, float]) -> Margin:
    positives = [cosines[text] for text in concept.positive]
    best = max(positives)
    pooled = best if concept.pool == "max" else sum(positives) / len(positives)
    margin = pooled - concept.contrast_weight * max(cosines[text] for text in concept.contrast)
    score = logistic(concept.scale * (margin - concept.offset))
    return Margin(concept.category, margin, score, positives.index(best), concept.makes_score)
