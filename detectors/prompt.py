"""Does the prompt ask for something that a policy may forbid?

Answers from words alone: term banks in English and Chinese, matched through disguises. Trusts nothing in the prompt,
and never repeats it: evidence names the term by an opaque id and its place. Source: `cards/prompt.toml`.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.term_bank import TERMS_DIR, Found, Grade, TermBank, load_term_bank
from provenance.errors import ConfigurationError, DetectorError

_PREFIX: Final = "prompt."
# A picture's audit record has to stay small; a prompt with more matches is judged by its strictest ones anyway.
_MOST_EVIDENCE: Final = 50


@dataclass(slots=True)
class PromptDetector:
    """Matches the prompt against term banks.

    Options: ``terms``, a folder of further YAML files (same form as `detectors/terms`), whose categories must be on the
    card.
    """

    toolbox: Toolbox
    card: Card = field(init=False)
    _banks: tuple[TermBank, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        unknown = set(self.toolbox.options) - {"terms"}
        if unknown:
            raise ConfigurationError(f"detector 'prompt' has no option {min(unknown)!r}; known: terms")
        self.card = load_card("prompt")

    def warm(self) -> None:
        """Load the banks.

        Raises:
            ConfigurationError: a bank cannot be used.
        """
        banks = [_builtin_bank()]
        if "terms" in self.toolbox.options:
            own = load_term_bank(Path(self.toolbox.options["terms"]))
            unknown = {f"{_PREFIX}{category}" for category in own.categories} - set(self.card.categories)
            if unknown:
                raise ConfigurationError(f"term bank category {min(unknown)!r} is not on the card of 'prompt'")
            banks.append(own)
        self._banks = tuple(banks)

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
        scores = dict.fromkeys(self.card.categories, 0.0)
        for one in found:
            name = _PREFIX + one.category
            scores[name] = max(scores[name], self.card.thresholds[one.grade])
        evidence = tuple(_record(one) for one in found[:_MOST_EVIDENCE])
        return Signal("prompt", self.card.version, Status.OK, scores, evidence, reason=_reason(found))


@cache
def _builtin_bank() -> TermBank:
    return load_term_bank(TERMS_DIR)


def _record(one: Found) -> dict[str, Any]:
    return {"term": one.id, "category": one.category, "grade": str(one.grade), "start": one.start, "end": one.end}


def _reason(found: list[Found]) -> str:
    worst = sorted({one.category for one in found if one.grade is not Grade.NOTE})
    if not worst:
        return "no term of hold or block grade"
    return f"terms of {', '.join(worst)}"
