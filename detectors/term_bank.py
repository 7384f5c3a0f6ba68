"""Term banks: words and phrases per category, graded, with phrases in which they mean something else.

A bank is a folder of YAML files, one a category, and `combinations.yaml` for terms that are harmless apart and not
together. Matching walks a trie of words along every reading of the prompt (see `detectors.normalisation`), so one pass
serves all categories and languages. A term matches whole words only; a Chinese one where no word of the dictionary
reaches across its edge. One to which the prompt says no counts a grade less. Some languages' terms match as they are
written (`detectors.literal_terms`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from detectors.joining import PASSAGE, find_joined
from detectors.literal_terms import LANGUAGES, LiteralTerms, spell_literal
from detectors.negation import find_unwanted
from detectors.normalisation import Edge, Token, build_edges, build_tokens, build_words, cut, fold
from detectors.repairs import Repairs
from detectors.segmentation import Words, crosses, find_words, is_han
from detectors.yaml_file import read_yaml
from provenance.errors import ConfigurationError

TERMS_DIR: Final = Path(__file__).parent / "terms"
COMBINATION: Final = "combination/"
"""What the id of a combination begins with; of a term it is a category."""
_COMBINATIONS: Final = "combinations.yaml"
_ALLOW: Final = "allow"
_DOUBTFUL: Final = "doubtful"
# Here an allow phrase exempts by itself and says nothing of its words elsewhere: "पिस्तौल" is a pistol though there are
# toys of it, and meaning, which would have to tell, finds too little in single words of these languages.
_SURE: Final = frozenset({"ar", "bn", "fa", "hi", "id", "ja", "km", "ko", "lo", "my", "pl", "th", "tr", "ur", "vi"})
_ID_DIGITS: Final = 8
# How far apart words of a combination may stand, in characters.
_REACHES: Final = {reach: reach for reach in range(1, PASSAGE + 1)}


class Grade(StrEnum):
    """How much one term weighs, from least to most."""

    NOTE = "note"
    """Says what the prompt is about; recorded, and an ingredient of combinations."""
    HOLD = "hold"
    """A person should look."""
    BLOCK = "block"
    """Asks for what the category forbids."""

    @property
    def rank(self) -> int:
        """0 for NOTE, 1 for HOLD, 2 for BLOCK."""
        return _RANKS[self]


_RANKS: Final = {grade: place for place, grade in enumerate(Grade)}
_WEIGHTS: Final = {**{str(grade): grade for grade in Grade}, _ALLOW: None, _DOUBTFUL: Grade.HOLD}


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of a bank.

    Attributes:
        id: ``<category>/<language>/<8 hexadecimal digits of its text>``: stable, and silent about what it says.
        category, language, text: as in the file.
        grade: its weight, or None for an allow phrase.
        words: the folded words it is matched by.
        is_doubtful: the file says that it means other things, too.
    """

    id: str
    category: str
    language: str
    text: str
    grade: Grade | None
    words: tuple[str, ...]
    is_doubtful: bool = False

    @property
    def is_han(self) -> bool:
        """Whether it begins and ends in Chinese characters, so that nothing but a dictionary says where."""
        return all(is_han(word) for word in (self.words[0], self.words[-1]))


@dataclass(frozen=True, slots=True)
class Found:
    """A term in a prompt, at offsets [start, end) of the unfolded prompt.

    A combination has the whole prompt, of a long one the passage that makes it.

    Attributes:
        id, category: of the term, or of the combination.
        grade: a grade less than the term's where `is_unwanted`.
        start, end: its place.
        is_unwanted: the prompt says no to it.
        is_doubtful: it counts as a note, because it most likely means something else (`detectors.doubt`).
    """

    id: str
    category: str
    grade: Grade
    start: int
    end: int
    is_unwanted: bool = False
    is_doubtful: bool = False


Place = tuple[str, int, int]
"""A category, and where in the prompt it does not count."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a bank finds in a prompt.

    Attributes:
        found: every term and combination, strictest first, then by place.
        spared: where a category does not count: phrases that are allowed, and what the prompt says no to.
    """

    found: tuple[Found, ...]
    spared: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Combination:
    """Where a passage has a match of every category in `needs`, of at least that grade, `category` gets `grade`.

    The matches stand `within` so many characters of each other.
    """

    id: str
    category: str
    grade: Grade
    needs: Mapping[str, Grade]
    within: int = PASSAGE


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    terms: list[Term] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Span:
    term: Term
    first: int
    last: int


class TermBank:
    """An immutable set of terms and combinations, ready to match.

    Attributes:
        terms: by id.
        combinations, categories, vocabulary: of all terms.
        ingredients: categories of notes alone: nothing by themselves, they are there for combinations.
        doubtful: ids of terms of hold grade that mean other things too: those listed so, and those that an allow phrase
            of their own category has a word of.
    """

    def __init__(self, terms: Iterable[Term], combinations: Iterable[Combination] = ()) -> None:
        self.terms: Final = {term.id: term for term in terms}
        self.combinations: Final = tuple(combinations)
        self.categories: Final = tuple(dict.fromkeys(term.category for term in self.terms.values()))
        told = {term.category for term in self.terms.values() if term.grade not in {None, Grade.NOTE}}
        self.ingredients: Final = frozenset(self.categories) - told
        self._root: Final = _Node()
        self.doubtful: Final = frozenset(_find_doubtful(self.terms.values()))
        self._literal: Final = LiteralTerms(term for term in self.terms.values() if term.language in LANGUAGES)
        folded = [term for term in self.terms.values() if term.language not in LANGUAGES]
        self.vocabulary: Final = {word for term in folded for word in _with_plurals(term)}
        self._repairs: Final = Repairs(self.vocabulary)
        for term in folded:
            node = self._root
            for word in term.words[:-1]:
                node = node.children.setdefault(word, _Node())
            for last in dict.fromkeys((term.words[-1], *_plurals(term.words[-1]))):
                node.children.setdefault(last, _Node()).terms.append(term)

    def match(self, prompt: str) -> tuple[Found, ...]:
        """Return every term and combination in `prompt`, strictest first, then by place."""
        return self.read(prompt).found

    def read(self, prompt: str) -> Reading:
        """Return what is found in `prompt`, and where its categories do not count."""
        folded = fold(prompt)
        tokens = build_tokens(folded)
        repaired = self._repairs.find(folded.text, *cut(folded))
        edges = tuple(dict.fromkeys((*build_edges(folded, self.vocabulary), *repaired)))
        spans = self._whole(tokens, prompt, self._walk(tokens, edges))
        literal = self._literal.find(prompt)
        places = {one: (tokens[one.first].start, tokens[one.last - 1].end) for one in spans}
        allowed = {(one.term.category, *places[one]) for one in spans if one.term.grade is None}
        allowed |= {(one.term.category, one.start, one.end) for one in literal if one.term.grade is None}
        meant = [one for one in spans if one.term.grade and not _is_allowed(one.term, places[one], allowed)]
        unwanted = find_unwanted(tokens, [(span.first, span.last) for span in meant], prompt)
        found = {_found(one.term, places[one], is_unwanted=(one.first, one.last) in unwanted) for one in meant}
        found |= {
            _found(one.term, (one.start, one.end), is_unwanted=one.is_unwanted)
            for one in literal
            if one.term.grade and not _is_allowed(one.term, (one.start, one.end), allowed)
        }
        spared = allowed | {(one.category, one.start, one.end) for one in found if one.is_unwanted}
        found |= set(self.combine(found, len(prompt)))
        ordered = sorted(found, key=lambda one: (-one.grade.rank, one.category, one.start, one.id, one.end))
        return Reading(tuple(ordered), tuple(sorted(spared)))

    def _whole(self, tokens: tuple[Token, ...], prompt: str, spans: Iterable[_Span]) -> tuple[_Span, ...]:
        """Leave out the Chinese terms that end or begin inside a word of the dictionary, however the text is spaced."""
        readings: tuple[Words, Words] | None = None
        kept = []
        for span in spans:
            if span.term.grade is not None and span.term.is_han:
                readings = readings or find_words(tokens, prompt)
                if all(crosses(words, span.first, span.last) for words in readings):
                    continue
            kept.append(span)
        return tuple(kept)

    def _walk(self, tokens: tuple[Token, ...], edges: tuple[Edge, ...]) -> Iterator[_Span]:
        onward: dict[int, list[Edge]] = {}
        for edge in edges:
            onward.setdefault(edge.first, []).append(edge)
        for first in onward:
            paths = [(first, self._root)]
            while paths:
                place, node = paths.pop()
                if place > first and (place >= len(tokens) or not tokens[place].follows):
                    continue
                for edge in onward.get(place, ()):
                    child = node.children.get(edge.word)
                    if child is not None:
                        yield from (_Span(term, first, edge.last) for term in child.terms)
                        paths.append((edge.last, child))

    def combine(self, found: Iterable[Found], length: int) -> Iterator[Found]:
        """Return the combinations that terms make in a prompt of `length` characters, each where it is made first."""
        meant = [one for one in found if not one.is_unwanted]
        for rule in self.combinations if meant else ():
            kinds = [
                [(one.start, one.end) for one in meant if one.category == category and one.grade.rank >= grade.rank]
                for category, grade in rule.needs.items()
            ]
            passage = find_joined(kinds, within=rule.within)
            if passage is not None:
                place = passage if length > PASSAGE else (0, length)
                yield Found(f"{COMBINATION}{rule.id}", rule.category, rule.grade, *place)


def load_term_bank(directory: Path = TERMS_DIR) -> TermBank:
    """Load every file of a bank.

    Raises:
        ConfigurationError: a file is missing or malformed; the message names file and entry.
    """
    paths = sorted(path for path in directory.glob("*.yaml") if path.name != _COMBINATIONS)
    if not paths:
        raise ConfigurationError(f"no term files (*.yaml) in {directory.name}")
    terms: dict[str, Term] = {}
    for path in paths:
        for term in _parse_terms(path.name, read_yaml(path)):
            if term.id in terms:
                raise ConfigurationError(f"{path.name}: {term.text!r} stands there twice in {term.language!r}")
            terms[term.id] = term
    extra = directory / _COMBINATIONS
    return TermBank(terms.values(), _parse_combinations(read_yaml(extra)) if extra.exists() else ())


def _parse_terms(name: str, data: Any) -> Iterator[Term]:  # noqa: ANN401 - checked here
    if not isinstance(data, dict) or not isinstance(data.get("category"), str):
        raise ConfigurationError(f"{name}: expected a mapping with a text field 'category'")
    category = data["category"]
    for language, grades in data.items():
        if language == "category":
            continue
        if not isinstance(grades, dict) or not set(grades) <= set(_WEIGHTS):
            raise ConfigurationError(
                f"{name}: {language!r} takes lists named block, hold, doubtful, note and allow only"
            )
        for grade, texts in grades.items():
            for text in texts if isinstance(texts, list) else [texts]:
                words = _spell(text, language) if isinstance(text, str) else ()
                if not words:
                    raise ConfigurationError(
                        f"{name}: {language}.{grade} has {text!r}, which is not a term (quote it?)"
                    )
                digest = hashlib.sha256(" ".join(words).encode()).hexdigest()[:_ID_DIGITS]
                known = f"{category}/{language}/{digest}", category, language, text
                yield Term(*known, _WEIGHTS[grade], words, is_doubtful=grade == _DOUBTFUL)


def _spell(text: str, language: str) -> tuple[str, ...]:
    return spell_literal(text, language) if language in LANGUAGES else build_words(text)


def _parse_combinations(data: Any) -> Iterator[Combination]:  # noqa: ANN401 - checked here
    try:
        for rule in data["combinations"]:
            needs = {category: Grade(grade) for category, grade in rule["all"].items()}
            within = _REACHES[rule.get("within", PASSAGE)]
            yield Combination(rule["id"], rule["category"], Grade(rule["grade"]), needs, within)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise ConfigurationError(
            f"{_COMBINATIONS}: a rule needs id, category, grade and all, and may have within: {exc!r}"
        ) from exc


def _find_doubtful(terms: Iterable[Term]) -> Iterator[str]:
    given = tuple(terms)
    allowed: dict[str, str] = {}
    for term in given:
        if term.grade is None:
            allowed[term.category] = f"{allowed.get(term.category, '|')} {' '.join(term.words)} |"
    for term in given:
        is_sure = term.language in _SURE
        means_more = not is_sure and f" {' '.join(term.words)} " in allowed.get(term.category, "")
        if term.grade is Grade.HOLD and (term.is_doubtful or means_more):
            yield term.id


def _found(term: Term, place: tuple[int, int], *, is_unwanted: bool) -> Found:
    assert term.grade is not None
    grade = tuple(Grade)[max(0, term.grade.rank - 1)] if is_unwanted else term.grade
    return Found(term.id, term.category, grade, *place, is_unwanted=is_unwanted)


def _is_allowed(term: Term, place: tuple[int, int], allowed: Iterable[Place]) -> bool:
    return any(one == term.category and start <= place[0] and place[1] <= end for one, start, end in allowed)


def _with_plurals(term: Term) -> Iterator[str]:
    yield from term.words
    yield from _plurals(term.words[-1])


def _plurals(word: str) -> tuple[str, ...]:
    """Return the regular English plural of a Latin word; none for a Chinese one or a number."""
    if not (word.isascii() and word.isalpha()):
        return ()
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return (f"{word[:-1]}ies",)
    return (f"{word}es",) if word.endswith(("s", "x", "z", "ch", "sh")) else (f"{word}s",)
