"""Does a prompt mean what a policy speaks of, in any common language, whether or not it uses a listed word?

The sentence encoder reads the prompt part by part, and a head that learned from sentences of each kind, and from
harmless ones in nearly the same words, says how near each part comes to each category, and whether something harmless
lies nearer. The nearest concept sentence is named as its reason, and a category only where no other is clearly nearer.
Of many texts one always looks like something: the more there are, the nearer one has to come. Source:
`cards/prompt.toml`, with the figures; made by `training.meaning`.
"""

import io
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.concept_bank import Margin, logistic
from detectors.lexicon import is_english
from detectors.normalisation import fold_character
from detectors.semantics import Likeness, Span
from detectors.sentences.encoder import DIGESTS, HEAD, load_encoder, read_file
from detectors.sentences.pieces import UNKNOWN
from provenance.asset import Digest, sha256_hex

BANK: Final = "meaning"
"""What evidence calls the concept sentences."""
MOST_TEXTS: Final = 400
"""Parts of a prompt that are compared, some 3 s of one core; of a longer one nothing is, and it says."""
_WORDS_IN_PASSAGE: Final = 30
_WORDS_IN_PART: Final = 16
# A style or two ("8k, oil on canvas") say nothing of their own.
_FEWEST_WORDS: Final = 3
# Of other scripts it finds too little, or nobody has measured it: for those it does not vouch.
_READ: Final = frozenset({"LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI", "THAI"})
_SYLLABLES: Final = frozenset(["CJK", "HIRAGANA", "KATAKANA", "HANGUL", "KATAKANA-HIRAGANA"])
# Pieces a letter, above which a word is spelled rather than known. Two letters a piece are common in any language.
_MOST_PIECES: Final = 0.55
# A short word with marks of its own ("mèo") is spelled even where it is common, and no key that was struck at random.
_SHORT: Final = 4
_MOST_SHORT_PIECES: Final = 0.75
# A rare sign among others that are known: "부엌칼과".
_SYLLABLES_TO_ONE_UNKNOWN: Final = 3
# Thai writes no blanks, and every sentence has some rare words: of 53 the most had 0.59, keys struck at random 0.77.
_MOST_UNSPACED_PIECES: Final = 0.65
_HOLD: Final = 0.5
# A category is named where no other comes nearer by more than this: of 1,438 that were found, none of which its head
# had learned from, 96 % are named rightly, with 1.4 names each.
_NEAREST: Final = 1.5
# Texts of a prompt that count as a chance each: about those of 200 words.
_MOST_CHANCES: Final = 32
# More than any margin: a text that is near goes before one that is not.
_FIRST: Final = 1e3
# A word of letters, or up to two signs of a script without blanks: about a word.
_WORD: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{1,2}"
    r"|[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{1,40}"
    r"|[\u2600-\u27bf\U0001f300-\U0001faff]"
)
_PART_END: Final = re.compile(
    r"[.,;:!?()\[\]|\n\r\u060c\u061b\u061f\u0964\u06d4\u2026\u3001\u3002\uff0c\uff1b\uff1a\uff01\uff1f\uff08\uff09]"
)
# A policy speaks of it beside a child only: no other category is passed over for it.
_QUIET: Final = frozenset({"alcohol"})
Place = tuple[int, int]


@dataclass(frozen=True)
class Head:
    """What was learned: anchors, and what nearness to each says of each category.

    Attributes:
        categories: in the order of the weights' columns, which have one more, for all of them.
        texts: category and text of each anchor that the kernel compares with, the first of all.
        are_english: of each of these.
        anchors: (A, 384) int8 points: first `asked` of what is asked for, then harmless ones.
        centre, turn, spread, scale, reach, share: how a direction becomes a description (`training.meaning.Kernel`).
        nearer: what a whole cosine counts by which something asked for is nearer than anything harmless.
        weights: (len(texts) + 384 + 1, categories + 1) float32, the last row constants.
        offsets: (categories,) float32, the margin that scores 0.5.
    """

    categories: tuple[str, ...]
    texts: tuple[tuple[str, str], ...]
    are_english: tuple[bool, ...]
    anchors: NDArray[np.int8]
    centre: NDArray[np.float32]
    turn: NDArray[np.float32]
    spread: float
    reach: float
    share: float
    scale: float
    nearer: float
    asked: int
    weights: NDArray[np.float32]
    offsets: NDArray[np.float32]

    def judge(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, categories) float32 margins of (n, 384) directions, 0 where half of a score is reached.

        What lies far from every anchor is harmless, and so is what lies nearer to a harmless one.
        """
        points = self._place(rows)
        near, sizes = self._near
        sums, squares, compared = points @ near.T, (points**2).sum(1)[:, None], len(self.texts)
        apart = squares + sizes[None, :compared] - 2 * sums[:, :compared]
        described = np.hstack([np.exp(-self.reach * np.maximum(apart, 0)), points * self.share])
        logits = described @ self.weights[:-1] + self.weights[-1]
        cosines = sums / np.sqrt(squares * sizes[None])
        nearer = cosines[:, : self.asked].max(1) - cosines[:, self.asked :].max(1)
        return np.asarray(logits[:, :-1] + logits[:, -1:] + self.nearer * nearer[:, None] - self.offsets, np.float32)

    @cached_property
    def _near(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The anchors as `judge` compares them, and their squared lengths."""
        near = self.anchors * np.float32(self.scale)
        return near, (near**2).sum(1)

    def _place(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return directions as points, in which what language they are in counts for little."""
        return np.asarray((rows - self.centre) @ self.turn / self.spread, np.float32)

    def find_near(self, margins: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return (n, categories): which are clearly nearest to each of n texts, one or some about as near."""
        loud = [place for place, name in enumerate(self.categories) if name not in _QUIET]
        is_near: NDArray[np.bool_] = margins >= margins[:, loud].max(axis=1, keepdims=True) - _NEAREST
        return is_near

    def find_nearest(self, row: NDArray[np.float32], category: str) -> int:
        """Return which English anchor of `category`, for a reader, lies nearest to a direction."""
        own = [place for place, (name, _) in enumerate(self.texts) if name == category and self.are_english[place]]
        near, sizes = self._near
        return own[int(np.argmin(sizes[own] - 2 * near[own] @ self._place(row[None])[0]))]


@dataclass(frozen=True, slots=True)
class Part:
    """What the part at offsets [start, end) of a prompt means: a margin by category, 0 where it scores a half."""

    start: int
    end: int
    margins: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Passage:
    """The nearest part to each category, of the passage at offsets [start, end) of a prompt, and every part of it."""

    start: int
    end: int
    likenesses: tuple[Likeness, ...]
    parts: tuple[Part, ...]


@dataclass(slots=True)
class Meaning:
    """The encoder, once a prompt needs it, and the head.

    Attributes:
        head: what was learned.
        digest: of everything that influences an answer.
    """

    head: Head
    digest: Digest
    name: str = BANK

    @property
    def categories(self) -> tuple[str, ...]:
        """What it scores."""
        return self.head.categories

    def measure(self, prompt: str, exempt: Iterable[Span] = ()) -> tuple[Likeness, ...]:
        """Return the nearest part of `prompt` for each category; nothing for one without words, or too long a one.

        Args: as `look` takes them.
        """
        return find_nearest(self.look(prompt, exempt))

    def look(self, prompt: str, exempt: Iterable[Span] = ()) -> tuple[Passage, ...]:
        """Return how near each passage of `prompt` comes; nothing for one without words, or too long a one.

        Args:
            prompt: as given.
            exempt: phrases that mean something else to a category: it is judged without them.
        """
        passages = build_passages(prompt)
        if not passages or sum(map(len, passages)) > MOST_TEXTS:
            return ()
        spared = tuple(exempt)
        texts = len({prompt[start:end] for parts in passages for start, end in parts})
        rows = load_encoder().encode([_undisguise(prompt[start:end]) for parts in passages for start, end in parts])
        margins = self.head.judge(rows)
        found = []
        for parts, last in zip(passages, accumulate(map(len, passages)), strict=True):
            own = slice(last - len(parts), last)
            found.append(self._build_passage(prompt, parts, spared, texts, rows[own], margins[own]))
        return tuple(found)

    def is_too_long(self, prompt: str) -> bool:
        """Whether a prompt has more parts than are compared."""
        return sum(map(len, build_passages(prompt))) > MOST_TEXTS

    def describe(self, margin: Margin) -> str:
        """Return the concept sentence that is nearest."""
        return self.head.texts[margin.nearest][1]

    def reads(self, word: str) -> bool:
        """Whether the encoder knows a word, of a script that it was measured in, as more than a row of letters."""
        scripts = {unicodedata.name(sign, "?").split(" ")[0] for sign in word if sign.isalpha()}
        if not scripts or scripts - _READ - _SYLLABLES:
            return False
        pieces = load_encoder().cut(word)
        if scripts & _SYLLABLES:
            return pieces.count(UNKNOWN) <= len(word) // _SYLLABLES_TO_ONE_UNKNOWN and len(pieces) - 1 <= len(word)
        is_marked = len(word) <= _SHORT and not word.isascii()
        most = _MOST_UNSPACED_PIECES if "THAI" in scripts else _MOST_SHORT_PIECES if is_marked else _MOST_PIECES
        return UNKNOWN not in pieces and len(pieces) - 1 <= most * len(word)

    def knows(self, word: str) -> bool:
        """Whether a word, as it is spelled, is one piece to the encoder: so common in some language."""
        return len(pieces := load_encoder().cut(word)) == 1 and pieces[0] != UNKNOWN

    def _build_passage(
        self,
        prompt: str,
        places: Sequence[Place],
        spared: Sequence[Span],
        texts: int,
        rows: NDArray[np.float32],
        margins: NDArray[np.float32],
    ) -> Passage:
        parts = tuple(
            Part(*place, dict(zip(self.categories, row, strict=True)))
            for place, row in zip(places, margins.tolist(), strict=True)
        )
        likenesses = tuple(self._find_likenesses(prompt, places, spared, texts, rows, margins))
        return Passage(places[0][0], places[-1][1], likenesses, parts)

    def _find_likenesses(
        self,
        prompt: str,
        places: Sequence[Place],
        spared: Sequence[Span],
        texts: int,
        rows: NDArray[np.float32],
        margins: NDArray[np.float32],
    ) -> Iterator[Likeness]:
        is_near = self.head.find_near(margins)
        # A text that is nearer to another category says nothing of this one, unless no other text does.
        nearest_rows = np.where(is_near, margins + _FIRST, margins).argmax(axis=0).tolist()
        for column, (category, row) in enumerate(zip(self.categories, nearest_rows, strict=True)):
            (start, end), margin, direction = places[row], float(margins[row, column]), rows[row]
            cut = [one for one in spared if one[0] == category and one[1] < end and start < one[2]]
            if cut and score_of(margin, texts) >= _HOLD:
                direction = load_encoder().encode([_undisguise(_leave_out(prompt, (start, end), cut))])[0]
                margin = float(self.head.judge(direction[None])[0, column])
            score = score_of(margin, texts) if is_near[row, column] else 0.0
            nearest = self.head.find_nearest(direction, category) if score >= _HOLD else 0
            yield Likeness(Margin(category, margin, score, nearest), start, end)


def find_nearest(passages: Iterable[Passage]) -> tuple[Likeness, ...]:
    """Return the nearest part of all passages for each category."""
    best: dict[str, Likeness] = {}
    for passage in passages:
        for one in passage.likenesses:
            known = best.get(one.margin.category)
            if known is None or _nearness(one) > _nearness(known):
                best[one.margin.category] = one
    return tuple(best.values())


def _nearness(one: Likeness) -> tuple[float, float]:
    return one.margin.score, one.margin.margin


def score_of(margin: float, texts: int) -> float:
    """Return what the best margin of so many texts scores: each more is a chance more, so as Bonferroni has it.

    The logarithm of their number is taken off a logit, up to a number: nobody shall hide a sentence in a book.
    """
    return logistic(margin - math.log(min(texts, _MOST_CHANCES)))


def _undisguise(text: str) -> str:
    """Return `text` without invisible signs, and with words of mixed alphabets as what they look like."""
    if text.isascii():
        return text
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return _WORD.sub(lambda word: _unmix(word.group()), seen)


def _unmix(word: str) -> str:
    scripts = {unicodedata.name(sign, "?").split(" ")[0] for sign in word if sign.isalpha()}
    folded = "".join(map(fold_character, word)) if len(scripts) > 1 and "LATIN" in scripts else word
    return folded if folded.isascii() else word


def _leave_out(prompt: str, place: Place, spared: Sequence[Span]) -> str:
    start, end = place
    kept = [
        " " if any(first <= start + at < last for _, first, last in spared) else sign
        for at, sign in enumerate(prompt[start:end])
    ]
    return "".join(kept)


def build_passages(prompt: str) -> list[list[Place]]:
    """Return offsets of the prompt's parts, passage by passage, in order; every word is in one of them.

    A part ends where a sentence or a part of it does, or after 16 words; what has fewer than three joins the one
    before. A passage is as many parts as have 30 words together.
    """
    parts: list[tuple[int, int, int]] = []
    before = None
    for word in _WORD.finditer(prompt):
        breaks = before is None or _PART_END.search(prompt, before, word.start()) is not None
        if parts and (parts[-1][2] < _FEWEST_WORDS or not breaks) and parts[-1][2] < _WORDS_IN_PART:
            parts[-1] = (parts[-1][0], word.end(), parts[-1][2] + 1)
        else:
            parts.append((word.start(), word.end(), 1))
        before = word.end()
    return _join_passages(_join_short(parts))


def _join_short(parts: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    joined: list[tuple[int, int, int]] = []
    for start, end, words in parts:
        if joined and words < _FEWEST_WORDS and joined[-1][2] + words <= _WORDS_IN_PART:
            joined[-1] = (joined[-1][0], end, joined[-1][2] + words)
        else:
            joined.append((start, end, words))
    return joined


def _join_passages(parts: Sequence[tuple[int, int, int]]) -> list[list[Place]]:
    passages: list[list[Place]] = []
    words = 0
    for start, end, count in parts:
        if not passages or words + count > _WORDS_IN_PASSAGE:
            passages.append([])
            words = 0
        passages[-1].append((start, end))
        words += count
    return passages


@cache
def load_meaning() -> Meaning:
    """Return what comes with the package; the encoder itself is loaded by the first prompt.

    Raises:
        WeightsError: a file is missing, or not the one that this version was tested with.
    """
    data = {name: read_file(name) for name in DIGESTS}
    with np.load(io.BytesIO(data[HEAD]), allow_pickle=False) as archive:
        read = {name: archive[name] for name in archive.files}
    spread, reach, share, scale, nearer, asked = read["numbers"].tolist()
    floats: dict[str, Any] = {name: read[name].astype(np.float32) for name in ("centre", "turn", "weights", "offsets")}
    texts = tuple((category, text) for category, text in json.loads(read["texts"].tobytes()))
    are_english = tuple(all(map(is_english, re.findall(r"\w+", text.lower()))) for _, text in texts)
    head = Head(
        tuple(json.loads(read["categories"].tobytes())),
        texts,
        are_english,
        read["anchors"],
        nearer=nearer,
        asked=int(asked),
        scale=scale,
        spread=spread,
        reach=reach,
        share=share,
        **floats,
    )
    return Meaning(head, sha256_hex(" ".join(DIGESTS.values()).encode()))
