"""What turns utterances into words: the seam between the detector `speech` and whichever model listens."""

from typing import Protocol

from detectors.hearing.utterances import Utterance, Word


class Recogniser(Protocol):
    """Says which words stand in an utterance."""

    @property
    def name(self) -> str:
        """Of the model, for people."""

    @property
    def digest(self) -> str:
        """Names its weights; part of the version of every answer."""

    def listen(self, utterance: Utterance) -> tuple[Word, ...]:
        """Return the words of an utterance, with their times in the sound. MUST be thread-safe, the same each time.

        Raises:
            DetectorError: it cannot.
        """


def spread(text: str, utterance: Utterance) -> tuple[Word, ...]:
    """Return the words of `text`, each where it would stand if all letters of an utterance took the same time."""
    words = text.lower().split()
    letters = sum(map(len, words)) or 1
    made, at = [], 0
    for word in words:
        start, end = (utterance.start_s + utterance.seconds * count / letters for count in (at, at + len(word)))
        made.append(Word(word, start, end))
        at += len(word)
    return tuple(made)
