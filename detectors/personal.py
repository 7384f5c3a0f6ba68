"""Does the prompt, or a text, hold personal data: identity, card and account numbers, phones, e-mail?

The same categories as what `detectors.ocr` reads in pictures: a pack says once what happens to a card number, wherever
it stands. Evidence is kinds and places, never the number. Source: `detectors.personal_data`, `cards/personal.toml`.
"""

from dataclasses import dataclass, field
from typing import Final

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.personal_data import find_personal
from detectors.prompt_text import check_length, detect_text
from provenance.errors import ConfigurationError

# A picture's audit record has to stay small.
_MOST_EVIDENCE: Final = 50


@dataclass(slots=True)
class PersonalDetector:
    """Looks through prompts and texts; takes no options."""

    toolbox: Toolbox
    card: Card = field(init=False)

    def __post_init__(self) -> None:
        if self.toolbox.options:
            raise ConfigurationError(f"detector 'personal' has no option {min(self.toolbox.options)!r}")
        self.card = load_card("personal")

    def warm(self) -> None:
        """There is nothing to load."""

    def detect(self, subject: Subject) -> Signal:
        """Answer about the text of `subject`, its own or its prompt; NOT_APPLICABLE where there is neither.

        Raises:
            DetectorError: the text is longer than the card allows.
        """
        return detect_text("personal", self.card, subject, self.detect_prompt)

    def detect_prompt(self, prompt: str) -> Signal:
        """Answer about a prompt for which nothing has been generated yet.

        Raises:
            DetectorError: the prompt is longer than the card allows.
        """
        check_length(prompt, self.card)
        scores = dict.fromkeys(self.card.categories, 0.0)
        records = []
        for one in find_personal(prompt):
            category, score = f"personal.{one.kind}", self.card.thresholds["checked" if one.is_checked else "shape"]
            scores[category] = max(scores[category], score)
            records.append(
                {"category": category, "personal": one.form, "score": score, "start": one.start, "end": one.end}
            )
        kinds = sorted({str(record["category"]).partition(".")[2].replace("_", " ") for record in records})
        reason = f"{len(records)} found: {', '.join(kinds)}" if records else "no personal data"
        return Signal("personal", self.card.version, Status.OK, scores, tuple(records[:_MOST_EVIDENCE]), reason)
