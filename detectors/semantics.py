"""Does a prompt mean what a bank says, whether or not it uses a listed word?

The prompt is cut into overlapping runs of words, none across a comma or the end of a sentence; each is embedded by the
text tower of a CLIP model and compared with the prompts of a concept bank. A short run says one thing; a whole prompt
says many, and what matters drowns in it. Of many runs one always looks like something: the more there are, the nearer
one has to come (Bonferroni), and of a long prompt nothing is compared. Source: `cards/prompt.toml`, with the figures.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.bank_texts import embed_bank
from detectors.concept_bank import ConceptBank, Margin, load_concept_bank, logistic
from detectors.lexicon import load_words
from detectors.segmentation import cut_han, is_han
from detectors.weights import DEFAULT_MODEL, EMBEDDED_NAME, find_checkpoint
from provenance.asset import Digest, sha256_hex
from provenance.errors import ConfigurationError, MissingExtraError

if TYPE_CHECKING:
    from detectors._clip_net import ClipNet

OPTIONS: Final = frozenset({"model", "pretrained", "checkpoint", "sha256", "config", "quick_gelu", "bank", "threads"})
_BANK: Final = "prompts"
# A word of letters and digits, or Chinese characters without a blank.
_WORD: Final = re.compile(r"[^\W_\u3400-\u9fff]+(?:['\u2019-][^\W_\u3400-\u9fff]+)*|[\u3400-\u9fff]+")
_PART: Final = re.compile(r"[^.,;:!?\n\r()\[\]\uff0c\u3002\u3001\uff1b\uff1a\uff01\uff1f\uff08\uff09]+")
# By what they find at one rate of false holds, runs of more words add nothing.
_MOST_IN_RUN: Final = 4
_NOISE: Final = load_words("noise")
_HAN_IN_WORD: Final = 2
MOST_WORDS: Final = 50
"""Words of a prompt above which meaning is not compared: it held as many harmless ones as harmful ones there."""

Span = tuple[str, int, int]
"""A category, and where in the prompt it does not count."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How near the nearest run of words, at offsets [start, end) of the prompt, comes to one category."""

    margin: Margin
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Semantics:
    """A text tower and a bank in its terms.

    Attributes:
        net: embeds texts only.
        bank: what to look for.
        texts: the bank's texts, embedded.
        digest: of everything that influences an answer.
    """

    net: "ClipNet"
    bank: ConceptBank
    texts: NDArray[np.float32]
    digest: Digest

    @property
    def name(self) -> str:
        """What evidence calls the bank."""
        return self.bank.name

    @property
    def categories(self) -> tuple[str, ...]:
        """What it scores."""
        return tuple(one.category for one in self.bank.concepts)

    def is_too_long(self, prompt: str) -> bool:
        """Whether a prompt has more words than meaning says something about."""
        return is_too_long(prompt)

    def describe(self, margin: Margin) -> str:
        """Return the text of the bank that is nearest."""
        concept = next(one for one in self.bank.concepts if one.category == margin.category)
        return concept.positive[margin.nearest]

    def measure(self, prompt: str, exempt: Iterable[Span] = ()) -> tuple[Likeness, ...]:
        """Return the nearest run of words for each category; nothing for a prompt without words, or with too many.

        Args:
            prompt: as given; folded only as the tokenizer folds.
            exempt: where a category does not count, because a phrase there means something else.
        """
        runs = build_runs(prompt)
        if not runs or is_too_long(prompt):
            return ()
        spared = tuple(exempt)
        rows = self.net.embed_texts([prompt[start:end] for start, end in runs])
        best: dict[str, Likeness] = {}
        for (start, end), row in zip(runs, rows, strict=True):
            for one in self.bank.measure(row, self.texts):
                if any(category == one.category and start < last and first < end for category, first, last in spared):
                    continue
                if one.category not in best or one.margin > best[one.category].margin.margin:
                    best[one.category] = Likeness(self._corrected(one, len(runs)), start, end)
        return tuple(best.values())

    def _corrected(self, margin: Margin, runs: int) -> Margin:
        """Return `margin` with the score it has as the best of `runs`: their logarithm off its logit.

        Exact where margins of harmless runs fall off exponentially, at the rate of the bank's scale, as it is fitted.
        """
        concept = next(one for one in self.bank.concepts if one.category == margin.category)
        logit = concept.scale * (margin.margin - concept.offset) - math.log(runs)
        return replace(margin, score=logistic(logit))


def is_too_long(prompt: str) -> bool:
    """Whether a prompt has more words than meaning says something about."""
    sizes = (len(found.group()) / _HAN_IN_WORD if is_han(found.group()) else 1 for found in _WORD.finditer(prompt))
    return sum(sizes) > MOST_WORDS


def build_runs(prompt: str) -> tuple[tuple[int, int], ...]:
    """Return offsets of the prompt's runs of words, each once, in order.

    None goes across a sentence mark, none begins or ends with a word that stands in every other prompt, and one word is
    a run only where its part of the sentence has no other.
    """
    runs = set()
    for part in _PART.finditer(prompt):
        words = [word for found in _WORD.finditer(prompt, *part.span()) for word in _cut_word(found)]
        telling = [prompt[start:end].lower() not in _NOISE for start, end in words]
        for first in range(len(words)):
            for last in range(first, min(first + _MOST_IN_RUN, len(words))):
                if telling[first] and telling[last] and (last > first or sum(telling) == 1):
                    runs.add((words[first][0], words[last][1]))
    return tuple(sorted(runs))


def _cut_word(found: re.Match[str]) -> list[tuple[int, int]]:
    """Return the places of the words in what stands between blanks; of Chinese, those of its dictionary."""
    start, end = found.span()
    if not is_han(found.group()):
        return [(start, end)]
    places = []
    for word in cut_han(found.group()):
        places.append((start, start + len(word)))
        start += len(word)
    return places


def load_semantics(given: Mapping[str, Any], models_dir: Path) -> Semantics:
    """Load a text tower and a bank: published ViT-B-32 and ``prompts`` where `given` names no others.

    Args:
        given: options of a CLIP model as the detector `clip` takes them, and ``bank``.
        models_dir: folder of pulled weights, and of cached texts.

    Raises:
        ConfigurationError: an option is not known or does not fit.
        DetectorUnavailableError: the weights are missing or have another digest.
        MissingExtraError: the extra ``clip`` is not installed.
    """
    if unknown := set(given) - OPTIONS:
        raise ConfigurationError(f"semantics has no option {min(unknown)!r}; known: {', '.join(sorted(OPTIONS))}")
    model, tag = str(given.get("model", DEFAULT_MODEL)), str(given.get("pretrained", ""))
    if model == EMBEDDED_NAME and "config" not in given:
        raise ConfigurationError(f"{EMBEDDED_NAME} has no text tower: set semantics to true to compare meaning")
    bank = load_concept_bank(str(given.get("bank", _BANK)))
    path, digest, tag = find_checkpoint(given, models_dir, model, tag)
    try:
        from detectors._clip_net import ClipNet
    except ImportError as exc:
        raise MissingExtraError(f"semantics needs the extra: pip install 'chopmark[clip]' ({exc})") from exc
    net = ClipNet(model, path, tag=tag, options=dict(given))
    net.settle_on_texts()
    key = f"{digest} {model} {tag} {given.get('quick_gelu')}"
    texts = embed_bank(net, bank, key, models_dir / "cache")
    return Semantics(net, bank, texts, sha256_hex(f"{key} {bank.digest}".encode()))
