"""What detectors that read prompts have in common: there may be none, and there is a longest one."""

from collections.abc import Callable

from detectors.base import Signal, Status, Subject
from detectors.cards import Card
from provenance.errors import DetectorError


def detect_text(name: str, card: Card, subject: Subject, detect_prompt: Callable[[str], Signal]) -> Signal:
    """Return what `detect_prompt` answers about the text of `subject`, its own or its prompt.

    Where there is neither, detector `name` is NOT_APPLICABLE.

    Raises:
        DetectorError: the text is longer than the card allows.
    """
    if subject.text is None or not subject.text.strip():
        return Signal(name, card.version, Status.NOT_APPLICABLE, reason="no prompt is known")
    return detect_prompt(subject.text)


def check_length(text: str, card: Card) -> None:
    """Refuse a text that is longer than `max_characters` of the card.

    Raises:
        DetectorError: it is.
    """
    limit = int(card.thresholds["max_characters"])
    if len(text) > limit:
        raise DetectorError(f"expected a text of at most {limit} characters, got {len(text)}")
