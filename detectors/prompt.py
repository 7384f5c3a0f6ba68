"""Does the prompt ask for something that a policy may forbid?

Two looks: term banks in English and Chinese, matched through disguises, and likeness of meaning to a concept bank, by
the text tower of a CLIP model where there is one. Trusts nothing in the prompt, and never repeats it: evidence names a
term by an opaque id, a likeness by a number, and both by their place. Source: `cards/prompt.toml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.semantics import Likeness, Semantics, load_semantics
from detectors.term_bank import TERMS_DIR, Found, Grade, TermBank, load_term_bank
from detectors.weights import has_embedded
from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError, DetectorError

_PREFIX: Final = "prompt."
# A picture's audit record has to stay small; a prompt with more matches is judged by its strictest ones anyway.
_MOST_EVIDENCE: Final = 50


@dataclass(slots=True)
class PromptDetector:
    """Matches the prompt against term banks, and compares its meaning with a concept bank.

    Options: ``terms``, a folder of further YAML files (same form as `detectors/terms`), whose categories must be on the
    card; ``semantics``, whether meaning is compared: true (with the embedded model), false, or a table of options of
    another model as the detector `clip` takes them. Unless given, it is where the detector `clip` is enabled.
    """

    toolbox: Toolbox
    card: Card = field(init=False)
    _banks: tuple[TermBank, ...] = field(init=False, default=())
    _semantics: Semantics | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        unknown = set(self.toolbox.options) - {"terms", "semantics"}
        if unknown:
            raise ConfigurationError(f"detector 'prompt' has no option {min(unknown)!r}; known: semantics, terms")
        self.card = load_card("prompt")

    def warm(self) -> None:
        """Load the banks, and the text tower where meaning is compared.

        Raises:
            ConfigurationError: a bank or an option cannot be used.
            DetectorUnavailableError: meaning is to be compared, and weights are missing or have another digest.
            MissingExtraError: meaning is to be compared, and the extra ``clip`` is not installed.
        """
        self._warm_semantics()
        banks = [_builtin_bank()]
        if "terms" in self.toolbox.options:
            own = load_term_bank(Path(self.toolbox.options["terms"]))
            unknown = {f"{_PREFIX}{category}" for category in own.categories} - set(self.card.categories)
            if unknown:
                raise ConfigurationError(f"term bank category {min(unknown)!r} is not on the card of 'prompt'")
            banks.append(own)
        self._banks = tuple(banks)

    def _warm_semantics(self) -> None:
        wanted = self.toolbox.options.get("semantics", "clip" in self.toolbox.enabled and has_embedded())
        if not isinstance(wanted, bool | Mapping):
            raise ConfigurationError(f"semantics is true, false or a table of options, got {wanted!r}")
        if wanted is False or self._semantics is not None:
            return
        given = {} if wanted is True else wanted
        loaded = load_semantics(given, self.toolbox.models_dir, load_card("clip").weights)
        unknown = {_PREFIX + one.category for one in loaded.bank.concepts} - set(self.card.categories)
        if unknown:
            raise ConfigurationError(f"concept bank category {min(unknown)!r} is not on the card of 'prompt'")
        version = sha256_hex(f"{self.card.version} {loaded.digest}".encode())[:16]
        self.card = replace(self.card, version=version)
        self._semantics = loaded

    def detect(self, subject: Subject) -> Signal:
        """Answer about the prompt of `subject`; NOT_APPLICABLE where it has none.

        Raises:
            DetectorError: the prompt is longer than the card allows.
        """
        if subject.prompt is None or not subject.prompt.strip():
            return Signal("prompt", self.card.version, Status.NOT_APPLICABLE, reason="no prompt is known")
        return self.detect_prompt(subject.prompt)

    def detect_prompt(self, prompt: str) -> Signal:
        """Answer about a prompt for which nothing has been generated yet.

        Raises:
            DetectorError: the prompt is longer than the card allows.
        """
        limit = int(self.card.thresholds["max_characters"])
        if len(prompt) > limit:
            raise DetectorError(f"expected a prompt of at most {limit} characters, got {len(prompt)}")
        if not self._banks:
            self.warm()
        found = [one for bank in self._banks for one in bank.match(prompt)]
        alike = self._measure(prompt)
        scores = dict.fromkeys(self.card.categories, 0.0)
        for one in found:
            name = _PREFIX + one.category
            scores[name] = max(scores[name], self.card.thresholds[one.grade])
        for likeness in alike:
            name = _PREFIX + likeness.margin.category
            scores[name] = max(scores[name], min(likeness.margin.score, self.card.thresholds["likeness_most"]))
        records = [_record(one) for one in found[:_MOST_EVIDENCE]] + [_record_likeness(one) for one in alike]
        reason = _reason(found, alike, has_meaning=self._semantics is not None)
        return Signal("prompt", self.card.version, Status.OK, scores, tuple(records), reason)

    def _measure(self, prompt: str) -> tuple[Likeness, ...]:
        """Return the likenesses that count: those of a hold at least."""
        if self._semantics is None:
            return ()
        exempt = [span for bank in self._banks for span in bank.find_allowed(prompt)]
        least = self.card.thresholds["likeness_least"]
        return tuple(
            one
            for one in self._semantics.measure(prompt, exempt)
            if one.margin.makes_score and one.margin.score >= least
        )


@cache
def _builtin_bank() -> TermBank:
    return load_term_bank(TERMS_DIR)


def _record(one: Found) -> dict[str, Any]:
    return {"term": one.id, "category": one.category, "grade": str(one.grade), "start": one.start, "end": one.end}


def _record_likeness(one: Likeness) -> dict[str, Any]:
    margin = one.margin
    return {
        "likeness": margin.nearest,
        "category": margin.category,
        "raw": round(margin.margin, 4),
        "start": one.start,
        "end": one.end,
    }


def _reason(found: list[Found], alike: tuple[Likeness, ...], *, has_meaning: bool) -> str:
    worst = sorted({one.category for one in found if one.grade is not Grade.NOTE})
    near = sorted({one.margin.category for one in alike} - set(worst))
    parts = [f"terms of {', '.join(worst)}"] if worst else []
    if near:
        parts.append(f"means something like {', '.join(near)}")
    if parts:
        return "; ".join(parts)
    nothing = "no term of hold or block grade"
    return f"{nothing}, and no likeness" if has_meaning else f"{nothing}; meaning was not compared"
