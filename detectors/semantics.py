"""Does a prompt mean what a bank says, whether or not it uses a listed word?

The prompt is cut into overlapping runs of words, each is embedded by the text tower of a CLIP model, and each is
compared with the prompts of a concept bank. A short run says one thing; a whole prompt says many, and what matters
drowns in it. Source: `cards/prompt.toml`, which has the figures.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.bank_texts import embed_bank
from detectors.concept_bank import ConceptBank, Margin, load_concept_bank
from detectors.weights import DEFAULT_MODEL, build_clip_options, find_checkpoint
from provenance.asset import Digest, sha256_hex
from provenance.errors import ConfigurationError, MissingExtraError

if TYPE_CHECKING:
    from detectors._clip_net import ClipNet

OPTIONS: Final = frozenset({"model", "pretrained", "checkpoint", "sha256", "config", "quick_gelu", "bank", "threads"})
_BANK: Final = "prompts"
# A word of letters and digits, or one Chinese character.
_WORD: Final = re.compile(r"[^\W_\u3400-\u9fff]+(?:['\u2019-][^\W_\u3400-\u9fff]+)*|[\u3400-\u9fff]")
# Runs of these many words; by area under the curve on the calibration prompts, others came out about the same.
_SIZES: Final = (2, 4, 7)
# A run of nothing else says nothing.
_FUNCTION_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "a above an and are as at be behind below beside by for from front he her his in into is it its my near next "
        "of on or our over she some that the their this to under was we were while with you your",
    )
)
_MOST_RUNS: Final = 2048

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

    def measure(self, prompt: str, exempt: Iterable[Span] = ()) -> tuple[Likeness, ...]:
        """Return the nearest run of words for each category; nothing for a prompt without words.

        Args:
            prompt: as given; folded only as the tokenizer folds.
            exempt: where a category does not count, because a phrase there means something else.
        """
        runs = build_runs(prompt)
        if not runs:
            return ()
        spared = tuple(exempt)
        rows = self.net.embed_texts([prompt[start:end] for start, end in runs])
        best: dict[str, Likeness] = {}
        for (start, end), row in zip(runs, rows, strict=True):
            for one in self.bank.measure(row, self.texts):
                if any(category == one.category and start < last and first < end for category, first, last in spared):
                    continue
                if one.category not in best or one.margin > best[one.category].margin.margin:
                    best[one.category] = Likeness(one, start, end)
        return tuple(best.values())


def build_runs(prompt: str) -> tuple[tuple[int, int], ...]:
    """Return offsets of the prompt's runs of words, each once, and of the whole where it is short.

    Limits: of a prompt with more than `_MOST_RUNS` runs, evenly spread ones.
    """
    words = list(_WORD.finditer(prompt))
    sizes = (*_SIZES, len(words)) if 0 < len(words) <= max(_SIZES) else _SIZES
    runs = set()
    for size in sizes:
        for first in range(max(1, len(words) - size + 1)):
            run = words[first : first + size]
            if any(word.group().lower() not in _FUNCTION_WORDS for word in run):
                runs.add((run[0].start(), run[-1].end()))
    ordered = sorted(runs)
    step = max(1, -(-len(ordered) // _MOST_RUNS))
    return tuple(ordered[::step])


def load_semantics(given: Mapping[str, Any], models_dir: Path, digests: Mapping[str, str]) -> Semantics:
    """Load a text tower and the bank; the embedded ones where `given` names no others.

    Args:
        given: options of a CLIP model as the detector `clip` takes them, and ``bank``.
        models_dir: folder of pulled weights, and of cached texts.
        digests: file name to SHA-256 of embedded weights.

    Raises:
        ConfigurationError: an option is not known or does not fit.
        DetectorUnavailableError: the weights are missing or have another digest.
        MissingExtraError: the extra ``clip`` is not installed.
    """
    if unknown := set(given) - OPTIONS:
        raise ConfigurationError(f"semantics has no option {min(unknown)!r}; known: {', '.join(sorted(OPTIONS))}")
    options = build_clip_options({"bank": _BANK, **given}, digests)
    bank = load_concept_bank(str(options["bank"]))
    model, tag = str(options.get("model", DEFAULT_MODEL)), str(options.get("pretrained", ""))
    path, digest, tag = find_checkpoint(options, models_dir, model, tag)
    try:
        from detectors._clip_net import ClipNet
    except ImportError as exc:
        raise MissingExtraError(f"semantics needs the extra: pip install 'chopmark[clip]' ({exc})") from exc
    net = ClipNet(model, path, tag=tag, options=options)
    net.settle_on_texts()
    key = f"{digest} {model} {tag} {options.get('quick_gelu')}"
    texts = embed_bank(net, bank, key, models_dir / "cache")
    return Semantics(net, bank, texts, sha256_hex(f"{key} {bank.digest}".encode()))
