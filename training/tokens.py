"""CLIP's tokens for many phrases at once, and captions put together from phrases without leaving the device.

CLIP's tokenizer splits text into words first, so the tokens of two phrases one after the other are the tokens of both
together. Each phrase is held twice: as the whole vocabulary splits it and as the first 16,384 merges do, so that the
text tower understands both, and chop-draw can ship a third of the vocabulary.
"""

import gzip
import hashlib
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

CONTEXT: Final = 32
SMALL_MERGES: Final = 16_384
SMALL_VOCABULARY: Final = 512 + SMALL_MERGES + 2
START: Final = 49_406
END: Final = 49_407
_LONGEST: Final = 24


def load_tokenizers() -> tuple[Any, Any]:
    """Return CLIP's tokenizer with all its merges, and with the first of them."""
    from provenance.torchvision_guard import import_torchvision

    import_torchvision()
    from open_clip.tokenizer import SimpleTokenizer, default_bpe

    lines = gzip.decompress(Path(default_bpe()).read_bytes()).decode().split("\n")[: SMALL_MERGES + 1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "merges.gz"
        path.write_bytes(gzip.compress("\n".join(lines).encode()))
        return SimpleTokenizer(), SimpleTokenizer(bpe_path=str(path))


class Phrases:
    """Phrases by number; number 0 is the empty one."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, phrase: str) -> int:
        """Return the phrase's number."""
        return self._numbers.setdefault(phrase, len(self._numbers))

    def add_all(self, phrases: Iterable[str]) -> list[int]:
        """Return each phrase's number."""
        return [self.add(phrase) for phrase in phrases]

    @property
    def texts(self) -> Sequence[str]:
        """Every phrase, by number."""
        return list(self._numbers)


class TokenTable:
    """The tokens of every phrase, on a device."""

    def __init__(self, texts: Sequence[str], device: torch.device, cache: Path | None = None) -> None:
        """Tokenise `texts`, or read their tokens from the folder `cache`, where they are kept for the next run."""
        digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
        kept = cache / f"tokens-{digest}.npz" if cache else None
        if kept and kept.is_file():
            held = np.load(kept)
            tokens, counts = held["tokens"], held["counts"]
        else:
            tokens, counts = _tokenise(texts)
            if kept:
                np.savez_compressed(kept, tokens=tokens, counts=counts)
        self._tokens = torch.from_numpy(tokens.astype(np.int64)).to(device)
        self._counts = torch.from_numpy(counts.astype(np.int64)).to(device)

    def join(self, segments: torch.Tensor, is_small: torch.Tensor, length: int = CONTEXT) -> torch.Tensor:
        """Return (B, length) tokens of captions.

        Args:
            segments: (B, K) numbers of phrases, in order; 0 where a caption has none.
            is_small: (B,) whether to split by the small vocabulary.
            length: of the answer; what is longer loses its end.
        """
        batch, parts = segments.shape
        kind = is_small.long()[:, None].expand(-1, parts)
        tokens, counts = self._tokens[kind, segments], self._counts[kind, segments]
        starts = 1 + counts.cumsum(1) - counts
        inner = torch.arange(_LONGEST, device=segments.device)
        places = starts[:, :, None] + inner
        valid = (inner < counts[:, :, None]) & (places < length - 1)
        places = torch.where(valid, places, length).flatten(1)
        out = torch.zeros((batch, length + 1), dtype=torch.long, device=segments.device)
        out.scatter_(1, places, tokens.flatten(1))
        out = out[:, :length]
        out[:, 0] = START
        last = (1 + counts.sum(1)).clamp(max=length - 1)
        return out.scatter_(1, last[:, None], END)


def _tokenise(texts: Sequence[str]) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Return (2, N, _LONGEST) tokens, by all merges and by the first, and (2, N) how many there are."""
    tokens = np.zeros((2, len(texts), _LONGEST), dtype=np.uint16)
    counts = np.zeros((2, len(texts)), dtype=np.uint8)
    for kind, tokenizer in enumerate(load_tokenizers()):
        for row, text in enumerate(texts):
            found = tokenizer.encode(text)[:_LONGEST]
            tokens[kind, row, : len(found)] = found
            counts[kind, row] = len(found)
    return tokens, counts


def to_small(tokens: torch.Tensor) -> torch.Tensor:
    """Number the tokens of the small vocabulary as a tokenizer that knows no others does."""
    return torch.where(tokens >= START, tokens - START + SMALL_VOCABULARY - 2, tokens)
