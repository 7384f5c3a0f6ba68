"""Does the prompt ask for something that a policy may forbid?

Two looks: term banks in English and Chinese, matched through disguises, and likeness of meaning to concept sentences,
in any common language, by a sentence encoder (or by the text tower of a CLIP model). Each has its own categories, so
that no rule takes a likeness for a word that was written. Trusts nothing in the prompt, and never repeats it: evidence
names a term by an opaque id, a likeness by the concept sentence, which is ours, and both by their place. Source:
`cards/prompt.toml`.
"""

import re
import threading
from bisect import bisect_right
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.decoding import Hidden, Plain, find_hidden, reverse, undo_escapes
from detectors.doubt import Doubts, is_listed
from detectors.joining import find_joined
from detectors.languages import measure_unread
from detectors.lexicon import english_words
from detectors.meaning import Meaning, Passage, find_nearest, load_meaning
from detectors.normalisation import build_tokens, fold
from detectors.prompt_text import check_length, detect_text
from detectors.segmentation import warm_segmentation
from detectors.semantics import Likeness, Semantics, load_semantics
from detectors.term_bank import COMBINATION, TERMS_DIR, Found, Grade, Place, Reading, TermBank, load_term_bank
from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError

_PREFIX: Final = "prompt."
_MEANING: Final = "prompt.meaning."
_UNREAD: Final = "prompt.unread"
_UNCOMPARED: Final = "prompt.meaning_unchecked"
# What categories say together, in one passage: whom the prompt speaks of beside sex or nudity, and the least weight of
# either; that a prompt says no to nudity is asking for none of a child.
_JOINED: Final = {
    "prompt.sexual_minors": ("minors", "note", "hold"),
    "prompt.sexual_person": ("real_person", "unwanted", "unwanted"),
}
_SEXUAL: Final = frozenset({"sexual", "nudity"})
# A picture's audit record has to stay small; a prompt with more matches is judged by its strictest ones anyway.
_MOST_EVIDENCE: Final = 50
# What a prompt wraps is compared too, so many layers of it.
_MOST_LAYERS: Final = 8
# What several detectors read with is loaded once, also where they are warmed at the same time.
_LOADING: Final = threading.Lock()
# Shorter words read from their end are other words: lana, stun, top.
_SHORTEST_REVERSED: Final = 5
_SENTENCE_END: Final = re.compile(r"(?<![.!?])[.!?]+\s+|[\u3002\uff01\uff1f\n]+")


@dataclass(slots=True)
class PromptDetector:
    """Matches the prompt against term banks, and compares its meaning with concept sentences.

    Options: ``terms``, a folder of further YAML files (same form as `detectors/terms`), whose categories must be on the
    card; ``semantics``, whether meaning is compared: true, unless given (with the sentence encoder that comes along),
    false, or a table of options of a CLIP model as the detector `clip` takes them.
    """

    toolbox: Toolbox
    card: Card = field(init=False)
    _banks: tuple[TermBank, ...] = field(init=False, default=())
    _semantics: Semantics | Meaning | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        unknown = set(self.toolbox.options) - {"terms", "semantics"}
        if unknown:
            raise ConfigurationError(f"detector 'prompt' has no option {min(unknown)!r}; known: semantics, terms")
        self.card = load_card("prompt")

    def warm(self) -> None:
        """Load the banks, and what meaning is compared by.

        Raises:
            ConfigurationError: a bank or an option cannot be used.
            DetectorUnavailableError, WeightsError: weights are missing or have another digest.
            MissingExtraError: meaning is to be compared by a CLIP model, and the extra ``clip`` is not installed.
        """
        with _LOADING:
            self._warm_semantics()
            warm_segmentation()
            english_words()
            banks = [_builtin_bank()]
        if "terms" in self.toolbox.options:
            own = load_term_bank(Path(self.toolbox.options["terms"]))
            unknown = {f"{_PREFIX}{category}" for category in own.categories} - set(self.card.categories)
            if unknown:
                raise ConfigurationError(f"term bank category {min(unknown)!r} is not on the card of 'prompt'")
            banks.append(own)
        self._banks = tuple(banks)

    def _warm_semantics(self) -> None:
        wanted = self.toolbox.options.get("semantics", True)
        if not isinstance(wanted, bool | Mapping):
            raise ConfigurationError(f"semantics is true, false or a table of options, got {wanted!r}")
        if wanted is False or self._semantics is not None:
            return
        loaded = load_meaning() if wanted is True else load_semantics(wanted, self.toolbox.models_dir)
        unknown = {_PREFIX + category for category in loaded.categories} - set(self.card.categories)
        if unknown:
            raise ConfigurationError(f"concept bank category {min(unknown)!r} is not on the card of 'prompt'")
        version = sha256_hex(f"{self.card.version} {loaded.digest}".encode())[:16]
        self.card = replace(self.card, version=version)
        self._semantics = loaded

    def detect(self, subject: Subject) -> Signal:
        """Answer about the prompt of `subject`, or about an asset that is text; NOT_APPLICABLE where there is neither.

        Raises:
            DetectorError: the prompt is longer than the card allows.
        """
        return detect_text("prompt", self.card, subject, self.detect_prompt)

    def detect_prompt(self, prompt: str) -> Signal:
        """Answer about a prompt for which nothing has been generated yet.

        Raises:
            DetectorError: the prompt is longer than the card allows.
        """
        check_length(prompt, self.card)
        if not self._banks:
            self.warm()
        plain = undo_escapes(prompt)
        readings = [bank.read(plain.text) for bank in self._banks]
        hidden = find_hidden(plain.text)
        spared = [place for reading in readings for place in reading.spared]
        passages = self._semantics.look(plain.text, spared) if isinstance(self._semantics, Meaning) else ()
        counted = [self._weigh_doubtful(*one, plain.text, passages) for one in zip(self._banks, readings, strict=True)]
        found = [_Written(one, *plain.place(one.start, one.end)) for part in counted for one in part]
        found += self._read_hidden(plain, hidden)
        # What is there for combinations alone is on no card: it scores nothing, and is no evidence of anything.
        found = [one for one in found if _PREFIX + one.found.category in self.card.categories]
        found.sort(key=lambda one: -one.found.grade.rank)
        alike, meaning = self._measure(plain.text, passages, spared, hidden)
        scores = dict.fromkeys(self.card.categories, 0.0) | meaning
        for written in found:
            name = _PREFIX + written.found.category
            scores[name] = max(scores[name], self._weigh(written.found))
        scores |= self._join(found)
        unread = max(map(self._measure_unread, (plain.text, *(one.text for one in hidden))))
        scores[_UNREAD] = unread if _is_text(prompt) else 1.0
        sentences = find_sentences(prompt)
        records = [_record(written, sentences) for written in found[:_MOST_EVIDENCE]]
        records += [self._record_likeness(one, plain, sentences) for one in alike]
        reason = self._reason([one.found for one in found], alike, scores)
        return Signal("prompt", self.card.version, Status.OK, scores, tuple(records), reason)

    def _join(self, found: Sequence["_Written"]) -> dict[str, float]:
        """Return what categories score together; what the prompt wraps stands where it is wrapped."""
        limits = self.card.thresholds
        terms = [one for one in found if not one.found.id.startswith(COMBINATION)]
        # What a combination adds to a category mostly has terms of it beside, and reaches further than they do.
        made = [one for one in found if one.found.id.startswith(COMBINATION)]

        def places(names: Container[str], least: str) -> list[tuple[int, int]]:
            for kind in (terms, made):
                asked = [one for one in kind if one.found.category in names]
                if strict := [one for one in asked if self._weigh(one.found) >= limits[least]]:
                    return [(one.start, one.end) for one in strict]
            return []

        return {
            name: limits["block"]
            for name, (asked, least, least_sexual) in _JOINED.items()
            if find_joined((places({asked}, least), places(_SEXUAL, least_sexual)))
        }

    def _weigh(self, found: Found) -> float:
        """Return what a term scores; one lowered to a hold because the prompt says no to it is for a person alone."""
        least = found.is_unwanted and found.grade is Grade.HOLD
        return self.card.thresholds["unwanted" if least else found.grade]

    def _weigh_doubtful(
        self, bank: TermBank, reading: Reading, prompt: str, passages: Sequence[Passage]
    ) -> tuple[Found, ...]:
        if not isinstance(self._semantics, Meaning) or not passages:
            return reading.found
        limits = (self.card.thresholds[name] for name in ("doubtful_least", "doubtful_known_least", "framed_least"))
        doubts = Doubts(bank, self._semantics.knows, self._semantics.reads, *limits)
        return doubts.weigh(reading.found, prompt, [part for passage in passages for part in passage.parts])

    def _read_hidden(self, plain: Plain, hidden: Sequence[Hidden]) -> list["_Written"]:
        """Return the terms in what the prompt wraps, and in what it says from its end, which takes longer words."""
        found = []
        for layer in hidden:
            place = plain.place(layer.start, layer.end)
            found += [_Written(one, *place, layer.how) for bank in self._banks for one in bank.read(layer.text).found]
        backwards = reverse(plain.text)
        if backwards is None:
            return found
        size = len(plain.text)
        for bank in self._banks:
            for one in bank.read(backwards.text).found:
                if one.end - one.start < _SHORTEST_REVERSED or one.id not in bank.terms:
                    continue
                # Nobody repairs what also has to be turned: "counting" from its end is nearly Tintin.
                if not is_listed(bank.terms[one.id], backwards.text[one.start : one.end]):
                    continue
                # Read so, "on a table" says no to what stands before it.
                listed = bank.terms[one.id].grade
                if listed is None or listed is Grade.NOTE:
                    continue
                meant = replace(one, grade=listed, is_unwanted=False)
                found.append(_Written(meant, *plain.place(size - one.end, size - one.start), backwards.how))
        return found

    def _measure_unread(self, text: str) -> float:
        known = _Known(self._banks)
        reads = self._semantics.reads if isinstance(self._semantics, Meaning) else None
        return measure_unread(build_tokens(fold(text)), text, known, reads)

    def _measure(
        self, prompt: str, passages: Sequence[Passage], spared: Sequence[Place], hidden: Sequence[Hidden]
    ) -> tuple[tuple[Likeness, ...], dict[str, float]]:
        """Return the likenesses that count, those of a hold at least, and what they score."""
        if self._semantics is None:
            return (), {}
        if not passages and self._semantics.is_too_long(prompt):
            return (), {_UNCOMPARED: 1.0}
        found = list(find_nearest(passages) if passages else self._semantics.measure(prompt, spared))
        for layer in hidden[:_MOST_LAYERS]:
            inner = self._semantics.measure(layer.text)
            found += (Likeness(one.margin, layer.start, layer.end) for one in inner)
        least, most = self.card.thresholds["likeness_least"], self.card.thresholds["likeness_most"]
        best: dict[str, Likeness] = {}
        for one in found:
            known = best.get(one.margin.category)
            if one.margin.makes_score and one.margin.score >= max(least, known.margin.score if known else 0):
                best[one.margin.category] = one
        scores = {_MEANING + category: min(one.margin.score, most) for category, one in best.items()}
        return tuple(best.values()), scores

    def _record_likeness(self, one: Likeness, plain: Plain, sentences: Sequence[int]) -> dict[str, Any]:
        assert self._semantics is not None
        margin = one.margin
        start, end = plain.place(one.start, one.end)
        return {
            "likeness": margin.nearest,
            "concept": self._semantics.describe(margin),
            "category": margin.category,
            "raw": round(margin.margin, 4),
            "limit": self.card.thresholds["likeness_least"],
            "score": round(margin.score, 4),
            "bank": self._semantics.name,
            "model": self._semantics.digest[:16],
            "start": start,
            "end": end,
            "sentence": bisect_right(sentences, start),
        }

    def _reason(self, found: Sequence[Found], alike: Sequence[Likeness], scores: Mapping[str, float]) -> str:
        worst = sorted({one.category for one in found if one.grade is not Grade.NOTE})
        near = sorted({one.margin.category for one in alike} - set(worst))
        parts = [f"terms of {', '.join(worst)}"] if worst else []
        if near:
            parts.append(f"means something like {', '.join(near)}")
        if scores[_UNREAD] >= self.card.thresholds["unread_least"]:
            parts.append(f"{scores[_UNREAD]:.0%} of it is in no language that is read here")
        if not parts:
            parts.append("no term of hold or block grade")
        if self._semantics is None:
            parts.append("meaning was not compared")
        elif scores[_UNCOMPARED]:
            parts.append("meaning was not compared: the prompt is too long for it")
        elif not alike:
            parts.append("no likeness")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class _Written:
    """A term, where in the prompt it stands, and how it was wrapped there, if it was."""

    found: Found
    start: int
    end: int
    how: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """Whether some bank knows a word."""

    banks: tuple[TermBank, ...]

    def __contains__(self, word: object) -> bool:
        return any(word in bank.vocabulary for bank in self.banks)


def _is_text(prompt: str) -> bool:
    """Whether a prompt can be written down: half of a surrogate pair may stand for anything."""
    try:
        prompt.encode()
    except UnicodeEncodeError:
        return False
    return True


@cache
def _builtin_bank() -> TermBank:
    return load_term_bank(TERMS_DIR)


def _record(written: _Written, sentences: Sequence[int]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "term": written.found.id,
        "category": written.found.category,
        "grade": str(written.found.grade),
        "start": written.start,
        "end": written.end,
        "sentence": bisect_right(sentences, written.start),
    }
    if written.how:
        record["how"] = written.how
    record |= {name: True for name in ("is_unwanted", "is_doubtful") if getattr(written.found, name)}
    return record


def find_sentences(prompt: str) -> tuple[int, ...]:
    """Return where each sentence of `prompt` begins, the first at 0: evidence counts them from 1."""
    return (0, *(found.end() for found in _SENTENCE_END.finditer(prompt) if found.end() < len(prompt)))
