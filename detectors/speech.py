"""What is said in a sound, or a clip's soundtrack: words that a policy may forbid, and when they are said?

A recogniser hears words (`detectors.hearing`), which meet the term banks as a prompt does but have categories of their
own, ``spoken.<category>``: what is said is no wish, and a misheard word is none. Nothing that was heard leaves this
module: evidence is terms by an opaque id, and times. Source: `cards/speech.toml`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from detectors.base import Finding, Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.hearing.folder import Folder
from detectors.hearing.recogniser import Recogniser
from detectors.hearing.sphinx import FILES, Sphinx
from detectors.hearing.utterances import Utterance, Word, cut, to_speech
from detectors.prompt import PromptDetector
from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError
from provenance.media.view import SOUND, Span

if TYPE_CHECKING:
    from provenance.media.sound.sound import Sound

_PREFIX: Final = "spoken."
_ASKED: Final = "prompt."
_UNHEARD: Final = "spoken.unheard"
_OPTIONS: Final = frozenset({"device", "enough", "language", "model", "most_seconds", "terms"})
_MOST_EVIDENCE: Final = 50
# The banks take a prompt's length; what is longer is asked in parts.
_MOST_CHARACTERS: Final = 8_000
# A longer pause ends a sentence.
_PAUSE_S: Final = 0.9


@dataclass(frozen=True, slots=True)
class _Heard:
    """Words in their order, and how many seconds somebody listened to and how many nobody."""

    words: tuple[Word, ...]
    heard_s: float
    unheard_s: float

    @property
    def unheard(self) -> float:
        """The share that nobody listened to, 0..1."""
        return round(self.unheard_s / max(self.heard_s + self.unheard_s, 1e-9), 4)


@dataclass(slots=True)
class SpeechDetector:
    """Listens to speech.

    Options: ``model``, a folder with a model of speech as transformers writes it, instead of the weak one of the extra;
    ``language`` and ``device`` for such a model; ``enough``, whether its answer counts as one that somebody gave who
    listened: true for a model of one's own, false for the weak one, unless given; ``most_seconds``, of speech, that it
    listens to; ``terms``, a folder of further term files, as for the detector ``prompt``.
    """

    toolbox: Toolbox
    card: Card = field(init=False)
    _recogniser: Recogniser | None = field(init=False, default=None)
    _words: PromptDetector = field(init=False)
    _most_s: float = field(init=False)

    def __post_init__(self) -> None:
        options = self.toolbox.options
        if unknown := set(options) - _OPTIONS:
            raise ConfigurationError(
                f"detector 'speech' has no option {min(unknown)!r}; known: {', '.join(sorted(_OPTIONS))}"
            )
        enough, most = options.get("enough", "model" in options), options.get("most_seconds", 600)
        if not isinstance(enough, bool):
            raise ConfigurationError(f"detector 'speech': expected enough to be true or false, got {enough!r}")
        if isinstance(most, bool) or not isinstance(most, int | float) or not 1 <= most <= 14_400:
            raise ConfigurationError(f"detector 'speech': expected most_seconds of 1 to 14400, got {most!r}")
        given = {name: value for name, value in options.items() if name == "terms"}
        self._words = PromptDetector(replace(self.toolbox, options={**given, "semantics": False}))
        self._most_s = float(most)
        self.card = load_card("speech")
        if enough:
            version = sha256_hex(f"{self.card.version} enough".encode())[:16]
            self.card = replace(self.card, screens=(SOUND,), version=version)

    def warm(self) -> None:
        """Load the model and the term banks.

        Raises:
            MissingExtraError: the extra ``speech`` is not installed, or ``generate`` for a model of one's own.
            DetectorUnavailableError: the model is missing, cannot be loaded, or is not that of the card.
        """
        if self._recogniser is not None:
            return
        options = self.toolbox.options
        if "model" in options:
            folder, language = Path(str(options["model"])), str(options.get("language", ""))
            made: Recogniser = Folder(folder, language=language, device=str(options.get("device", "cpu")))
            version = sha256_hex(f"{self.card.version} {made.digest} {language}".encode())[:16]
            self.card = replace(self.card, version=version)
        else:
            made = Sphinx({name: self.card.weights[name.replace("/", "_")] for name in FILES})
        self._words.warm()
        self._recogniser = made

    def detect(self, subject: Subject) -> Signal:
        """Answer about a sound, or a clip's soundtrack.

        Raises:
            DetectorError: the model failed.
            MissingExtraError: as `warm`, which the first call makes if nobody did.
        """
        if subject.view.kind != SOUND:
            return Signal("speech", self.card.version, Status.NOT_APPLICABLE, reason="nothing is heard")
        self.warm()
        assert self._recogniser is not None
        heard = self._listen(subject.view.carrier)
        scores = dict.fromkeys(self.card.categories, 0.0)
        scores[_UNHEARD] = heard.unheard
        found = sorted(self._judge(heard.words), key=lambda record: -record["score"])
        findings: dict[str, Finding] = {}
        for record in found:
            name, score = record["category"], record["score"]
            scores[name] = max(scores[name], score)
            findings.setdefault(name, Finding(name, score, Span(record["from_s"], record["to_s"])))
        summary = {"words": len(heard.words), "heard_s": round(heard.heard_s, 1), "by": self._recogniser.name}
        reason = self._reason(heard, findings)
        return Signal(
            "speech", self.card.version, Status.OK, scores, (summary, *found[:_MOST_EVIDENCE]), reason,
            findings=tuple(findings.values()),
        )  # fmt: skip

    def _listen(self, sound: "Sound") -> _Heard:
        """Listen to as much as there is time for."""
        assert self._recogniser is not None
        words: list[Word] = []
        heard_s = unheard_s = 0.0
        for utterance in cut_sound(sound):
            if heard_s + utterance.seconds > self._most_s:
                unheard_s += utterance.seconds
                continue
            words += self._recogniser.listen(utterance)
            heard_s += utterance.seconds
        return _Heard(tuple(words), heard_s, unheard_s)

    def _judge(self, words: Sequence[Word]) -> Iterator[dict[str, Any]]:
        """Yield the terms that the banks find in what was said, in the evidence's opaque form."""
        for text, places in _write(words):
            answer = self._words.detect_prompt(text)
            for found in answer.evidence:
                category = f"{_PREFIX}{found.get('category', '')}"
                if "term" not in found or category not in self.card.categories:
                    continue
                score = answer.scores.get(f"{_ASKED}{found['category']}", 0.0)
                score = min(score, self._words.card.thresholds.get(str(found.get("grade")), score))
                said = [word for start, end, word in places if start < found["end"] and end > found["start"]]
                yield {
                    "category": category,
                    "spoken": found["term"],
                    "score": score,
                    "from_s": round(said[0].start_s, 2) if said else 0.0,
                    "to_s": round(said[-1].end_s, 2) if said else 0.0,
                }

    def _reason(self, heard: _Heard, findings: Mapping[str, Finding]) -> str:
        assert self._recogniser is not None
        if not heard.words:
            parts = [f"{self._recogniser.name} heard no word"]
        else:
            parts = [f"{self._recogniser.name} heard {len(heard.words)} words in {heard.heard_s:.0f} s"]
        worst = [one for one in findings.values() if one.score >= 0.5]
        if worst:
            names = sorted(one.category.removeprefix(_PREFIX).replace("_", " ") for one in worst)
            first = min(one.span.start_s for one in worst if one.span)
            parts.append(f"terms of {', '.join(names)}, the first at {first:.1f} s")
        if heard.unheard:
            parts.append(f"{heard.unheard:.0%} was too much to listen to")
        return "; ".join(parts)


def cut_sound(sound: "Sound") -> Iterator[Utterance]:
    """Yield the utterances of a sound."""
    return cut(to_speech(sound.blocks(), sound.track.rate_hz))


def _write(words: Sequence[Word]) -> Iterator[tuple[str, list[tuple[int, int, Word]]]]:
    """Yield what was said as text that the banks take, with where in it each word stands.

    A part begins with the last words of the one before, so that no term is cut in two.
    """
    held: list[Word] = []
    size = 0
    for word in words:
        if size + len(word.text) + 2 > _MOST_CHARACTERS:
            yield _join(held)
            held = held[-8:]
            size = sum(len(one.text) + 2 for one in held)
        held.append(word)
        size += len(word.text) + 2
    if held:
        yield _join(held)


def _join(words: Sequence[Word]) -> tuple[str, list[tuple[int, int, Word]]]:
    text, places = "", []
    for before, word in zip((None, *words[:-1]), words, strict=True):
        if before is not None:
            text += ". " if word.start_s - before.end_s > _PAUSE_S else " "
        places.append((len(text), len(text) + len(word.text), word))
        text += word.text
    return text, places
