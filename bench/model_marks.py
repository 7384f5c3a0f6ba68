"""How often does `model_marks` find a mark where there is none, and how often where there is one?

Texts without a mark are sentences in six scripts, cut into tokens by a tokenizer that is made from them; each is read
under keys drawn for it and few others. Marked ones are written by a model that draws likelihoods for each next word,
with the schemes as transformers has them: a mark finds room only where several words would do, so a model that is
unsure of its next word and one that is sure of it are asked. ``python -m bench.model_marks`` prints tables in Markdown.
"""

import argparse
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from bench.text import draw_text, list_chinese, list_english
from bench.watermark.measure import wilson
from detectors.base import Subject, Toolbox
from detectors.model_marks import CATEGORY, ModelMarksDetector
from provenance.media.view import TEXT, View

LENGTHS: Final = (50, 100, 200)
"""Tokens of a text."""
DEPTH: Final = 10
"""Keys of SynthID-Text."""
SPREADS: Final = {"unsure": 2.0, "sure": 5.0}
"""How far apart the logits of a model's next words are: standard deviations of normal variables."""
_VOCABULARY: Final = 1000
_FOUND: Final = 0.5
_TEXTS_A_KEY: Final = 5
_UNSPACED: Final = frozenset({"Chinese", "Thai"})
_SCRIPTS: Final = {
    "Russian and Ukrainian": "[\u0400-\u04ff]", "Arabic and Persian": "[\u0600-\u06ff]", "Hindi": "[\u0900-\u097f]", "Thai": "[\u0e00-\u0e7f]",
}  # fmt: skip
_BANK: Final = Path(__file__).parent.parent / "training" / "meaning.txt"


def list_scripts() -> dict[str, list[str]]:
    """Return sentences by script: of Python's `pydoc`, and of the meaning bank."""
    lines = _BANK.read_text(encoding="utf-8").splitlines()
    texts = [line.rpartition("\t")[2].strip() for line in lines if line.strip() and not line.startswith("#")]
    found = {name: [one for one in texts if re.match(f"{signs}{{2}}", one)] for name, signs in _SCRIPTS.items()}
    return {"English": list_english(), "Chinese": list_chinese(), **found}


def make_tokenizer(sentences: Sequence[str], folder: Path) -> str:
    """Write a byte-level tokenizer learned from sentences, as models have them."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        sentences, trainers.BpeTrainer(vocab_size=6000, initial_alphabet=alphabet, show_progress=False)
    )
    made.save(str(folder / "prose.json"))
    return str(folder / "prose.json")


def make_words(folder: Path) -> str:
    """Write a tokenizer of one token a word, so that a text is cut as it was written."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    made = Tokenizer(WordLevel({f"w{number}": number for number in range(_VOCABULARY)}, unk_token="w0"))
    made.pre_tokenizer = WhitespaceSplit()
    made.save(str(folder / "words.json"))
    return str(folder / "words.json")


def build_detector(tokenizer: str, vocabulary: int, keys: Sequence[int]) -> ModelMarksDetector:
    """Return the detector with keys for both schemes."""
    options = {
        "tokenizer": tokenizer,
        "synthid": {"keys": list(keys)},
        "greenlist": {"vocab_size": vocabulary, "hashing_key": keys[0]},
    }
    made = ModelMarksDetector(Toolbox(cast("Any", None), Path(tempfile.gettempdir()), options=options))
    made.warm()
    return made


def ask(detector: ModelMarksDetector, text: str) -> tuple[bool, dict[str, float]]:
    """Return whether a mark is said to be found, and by scheme how likely chance alone is to give so much."""
    signal = detector.detect(cast("Subject", SimpleNamespace(view=View(TEXT, text))))
    return signal.scores[CATEGORY] >= _FOUND, {str(one["mark"]): float(one["p"]) for one in signal.evidence}


def measure_unmarked(count: int, folder: Path) -> Iterator[str]:
    """Yield rows: of texts without a mark, how many are said to have one, and how many chance would give p so small."""
    yield "| texts without a mark | read | found | SynthID-Text, p < 0.01 | green list, p < 0.01 |\n|---|---|---|---|---|"
    scripts, rng = list_scripts(), random.Random(5)
    tokenizer = make_tokenizer([one for sentences in scripts.values() for one in sentences], folder)
    totals = [0, 0, 0, 0]
    for name, sentences in scripts.items():
        row = [0, 0, 0, 0]
        for number in range(count):
            if number % _TEXTS_A_KEY == 0:
                detector = build_detector(tokenizer, 6000, [rng.randrange(1, 2**31) for _ in range(DEPTH)])
            size = rng.choice((60, 150, 400))
            text = draw_text(sentences, size, rng, joiner="" if name in _UNSPACED else " ")
            found, chances = ask(detector, text)
            small = [chances.get(scheme, 1.0) < 0.01 for scheme in ("synthid", "greenlist")]
            row = [known + more for known, more in zip(row, (1, found, *small), strict=True)]
        totals = [known + more for known, more in zip(totals, row, strict=True)]
        yield f"| {name} | {' | '.join(map(str, row))} |"
    yield f"| all | {' | '.join(map(str, totals))} |"
    yield f"\nfound at most {wilson(totals[1], totals[0])[1]:.2%} (95 %)"


def write(build: Callable[[], Any] | None, spread: float, texts: int, seed: int) -> tuple[list[list[int]], float]:
    """Return the tokens that a model writes, and how many bits each next one has on average."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    processor = build() if build else None
    tokens, bits = torch.randint(_VOCABULARY, (texts, 6), generator=generator), 0.0
    for _ in range(LENGTHS[-1]):
        scores = torch.randn((texts, _VOCABULARY), generator=generator) * spread
        plain = torch.log_softmax(scores, dim=1)
        bits -= float((plain.exp() * plain).sum(1).mean()) / 0.6931
        scores = scores if processor is None else processor(tokens, scores)
        drawn = torch.multinomial(torch.softmax(scores, dim=1), 1, generator=generator)
        tokens = torch.cat((tokens, drawn), dim=1)
    return tokens[:, 6:].tolist(), bits / LENGTHS[-1]


def measure_marked(count: int, folder: Path) -> Iterator[str]:
    """Yield rows: of texts that a model wrote with a mark, how many are found under its keys."""
    import torch
    from transformers import SynthIDTextWatermarkLogitsProcessor, WatermarkLogitsProcessor

    keys = [3, 141, 59, 26, 535, 89, 79, 323, 84, 626]
    words = make_words(folder)
    own = build_detector(words, _VOCABULARY, keys)
    other = build_detector(words, _VOCABULARY, [key + 1000 for key in keys])
    schemes: dict[str, Callable[[], Any] | None] = {
        "SynthID-Text": lambda: SynthIDTextWatermarkLogitsProcessor(
            ngram_len=5, keys=keys, sampling_table_size=2**16, sampling_table_seed=0, context_history_size=1024,
            device=torch.device("cpu"),
        ),
        "green list, bias 2": lambda: WatermarkLogitsProcessor(
            vocab_size=_VOCABULARY, device="cpu", greenlist_ratio=0.25, bias=2.0, hashing_key=keys[0],
            seeding_scheme="lefthash", context_width=1,
        ),
        "none": None,
    }  # fmt: skip
    yield (
        "| written with | by a model | bits a word | "
        + " | ".join(f"{size} words" for size in LENGTHS)
        + " | other keys |"
    )
    yield "|---" * (4 + len(LENGTHS)) + "|"
    for name, build in schemes.items():
        for model, spread in SPREADS.items():
            texts, bits = write(build, spread, count, seed=len(name))
            spelled = [[f"w{token}" for token in tokens] for tokens in texts]
            cells = []
            for size in LENGTHS:
                good = sum(ask(own, " ".join(tokens[:size]))[0] for tokens in spelled)
                low, high = wilson(good, count)
                cells.append(f"{good}/{count} ({low:.0%} to {high:.0%})")
            wrong = sum(ask(other, " ".join(tokens))[0] for tokens in spelled)
            yield f"| {name} | {model} | {bits:.1f} | {' | '.join(cells)} | {wrong}/{count} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.model_marks")
    parser.add_argument("--count", type=int, default=200, help="texts of each kind")
    options = parser.parse_args()
    started = time.process_time()
    with tempfile.TemporaryDirectory() as made:
        for rows in (measure_unmarked(options.count, Path(made)), measure_marked(options.count, Path(made))):
            print(*rows, sep="\n", end="\n\n", flush=True)
    print(f"{time.process_time() - started:.0f} s of processor time")


if __name__ == "__main__":
    main()
