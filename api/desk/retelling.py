"""What other parts say in English, in the language of a page: reasons, clauses, packs, evidence, errors.

English pages show what is on record, word for word. Others say the same by codes (rule, category, detector, code of an
error), never by translating a sentence. What a pack of one's own says stays as it is: it is its author's.
"""

from typing import TYPE_CHECKING, Final

from api.desk.language import Words, load_words
from policies.rules.naming import find_names, put

if TYPE_CHECKING:
    from policies.rules.decision import Reason
    from policies.rules.evidence import Finding

_ENGINE: Final = "engine"
_PEOPLE: Final = frozenset({"review", "appeal"})
"""Packs under which what people wrote stands."""


class Retelling:
    """Says in one language what has English words on record."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._english = load_words("en")
        self._is_english = words.language == "en"

    def tell_pack(self, name: str, part: str, text: str) -> str:
        """Return a text of a pack, such as `title` or `rules.ID`; of one that was changed, what it says now."""
        key = f"packs.{name}.{part}"
        is_ours = not self._is_english and key in self._words and self._english.tell(key) == " ".join(text.split())
        return self._words.tell(key) if is_ours else text

    def tell_limit(self, category: str, text: str) -> str:
        """Return what a threshold is about."""
        return text if self._is_english else self._name(category)

    def tell_reason(self, reason: "Reason") -> str:
        """Return what a rule, a threshold or the engine says."""
        if self._is_english or reason.pack in _PEOPLE:
            return reason.text
        kind, _, rest = reason.rule.partition(".")
        if reason.pack == _ENGINE or kind == "requires":
            key = f"reasons.{'requires' if kind == 'requires' else reason.rule}"
            known = key if key in self._words else "reasons.closed"
            return self._words.tell(known, detector=self._name_detector(reason.detector or rest))
        if kind == "thresholds":
            return self._tell_threshold(reason.category or rest, reason.text)
        return self._tell_rule(f"packs.{reason.pack}.rules.{reason.rule}", reason.text)

    def tell_about(self, reason: "Reason") -> str:
        """Return in two or three words what a reason is about: its category, or which check has no answer."""
        if reason.category:
            return self._name(reason.category)
        kind, _, rest = reason.rule.partition(".")
        if kind == "requires" or (reason.pack == _ENGINE and reason.detector):
            return self._words.tell("reasons.unanswered", detector=self._name_detector(reason.detector or rest))
        return self._name(reason.rule)

    def tell_clause(self, clause: str) -> str:
        """Return a clause with the name of what it cites; numbers of articles stay."""
        if self._is_english:
            return clause
        return "; ".join(self._tell_one(one) for one in clause.split("; "))

    def _tell_threshold(self, category: str, text: str) -> str:
        """Return that a score reached its limit: of words what they are about, of all else what was found."""
        family, _, about = category.rpartition(".")
        key = f"reasons.threshold_{family.replace('.', '_')}"
        if key not in self._words or f"category.{about}" not in self._words:
            return self._words.tell("reasons.threshold", category=self._name(category))
        names = sorted((name for _, name in self._english.section("read")), key=len, reverse=True)
        read = next((name for name in names if text.startswith(f"{name} ")), "the prompt")
        return self._words.tell(key, category=self._name(about), read=self._read(read))

    def _tell_rule(self, key: str, text: str) -> str:
        """Return what a rule says of what was read, be it a picture, a clip, a sound or a text."""
        if key not in self._words:
            return text
        names = find_names(" ".join(text.split()), self._english.tell(key))
        if names is None:
            return text
        return put(self._words.tell(key), {self._read(words): self._read(name) for words, name in names.items()})

    def _read(self, name: str) -> str:
        return self._words.name("read", name.replace(" ", "_"))

    def _tell_one(self, clause: str) -> str:
        for key, source in self._words.section("clauses"):
            english = self._english.tell(f"clauses.{key}")
            if clause == english or clause.startswith(f"{english} "):
                return f"{source}{clause[len(english) :]}"
        return clause

    def tell_finding(self, finding: "Finding") -> str:
        """Return one piece of evidence: what, where, what it comes nearest to."""
        if self._is_english:
            return finding.text
        category = self._name(finding.category) if finding.category else self._name_detector(finding.detector)
        told = [category]
        if finding.start is not None and finding.end is not None:
            told.append(self._words.tell("reasons.place", start=finding.start, end=finding.end))
        if finding.words:
            told.append(self._words.tell("reasons.words", words=finding.words))
        if finding.nearest:
            told.append(self._words.tell("reasons.nearest", nearest=finding.nearest))
        if finding.work_id:
            told.append(self._words.tell("reasons.work", work=finding.work_id))
        return self._words.tell("reasons.between").join(told)

    def tell_error(self, code: str, text: str) -> str:
        """Return what went wrong; a code without words of its own says so, with what is on record behind it."""
        if self._is_english:
            return text
        parts = code.split(".")
        for length in range(len(parts), 0, -1):
            key = f"errors.{'_'.join(parts[:length])}"
            if key in self._words:
                return self._words.tell(key)
        return self._words.tell("errors.other", text=text)

    def _name(self, category: str) -> str:
        return self._words.name("category", category)

    def _name_detector(self, detector: str) -> str:
        return self._words.name("detectors", detector)
