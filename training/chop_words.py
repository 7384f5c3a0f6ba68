"""Teaches other languages where drawings lie, and embeds the texts of the shipped banks ahead of time.

    python -m training.chop_words --pack PACK --weights CLIP.safetensors OUT

chop-clip was trained with a text tower of its own, over CLIP's tokens. Here two layers learn to bring the sentence
encoder's rows to where that tower puts the same words: names and keywords of the training families, and Chinese names
to where their English ones lie, for texts that the tower itself cannot read (`training.words`). The rows of the
shipped bank of drawings come from the tower. `OUT` has ``tables.npz`` of `training.chop_tables`, which gets the layers,
and gets ``banks.npz``. Without a pack the layers stay, and what is kept in more bits than it should be is rounded.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from detectors.chop.model import place_sentences, unit
from detectors.chop.tables import BANKS, TABLES, pack_table, parse_tables, rows_key
from detectors.concept_bank import ConceptBank, load_concept_bank
from detectors.sentences.encoder import encode
from detectors.weights import EMBEDDED_BANKS
from training.chop_tables import pack_tables
from training.measure_clip import load_net
from training.render import read_pack

Rows = NDArray[np.float32]
WIDTH: Final = 768
"""Of the layer between."""
_STEPS: Final = 4000
_BATCH: Final = 512
_RATE: Final = 2e-3
_TEMPLATES: Final = ("an icon of {}", "a picture of {}")
_SKIN: Final = ("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff")


def list_words(pack: Path, banks: Sequence[ConceptBank]) -> list[tuple[str, str]]:
    """Return what is read beside what the old tower is asked: words, some in a template, and Chinese beside English."""
    said: dict[str, str] = {}
    chinese: dict[str, str] = {}
    for record in read_pack(pack, "clip"):
        keywords = record["keywords"][: 1 if record["key"].startswith("o:") else 2]
        for word in (*record["names"][:3], *keywords):
            if 1 < len(word) < 60:
                said.setdefault(word.lower(), word)
        if record["chinese"] and not any(tone in record["key"] for tone in _SKIN):
            chinese.setdefault(record["chinese"][0], record["names"][0])
    words = list(dict.fromkeys([*said.values(), *(text for bank in banks for text in bank.texts)]))
    framed = [_TEMPLATES[place % 2].format(word) for place, word in enumerate(words) if place % 3 == 0]
    return [*((word, word) for word in (*words, *framed)), *chinese.items()]


def fit_words(given: Rows, wanted: Rows, seed: int = 0, steps: int = _STEPS) -> dict[str, Any]:
    """Return two layers that bring `given` rows of length 1 near the directions of `wanted`."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    net = torch.nn.Sequential(
        torch.nn.Linear(given.shape[1], WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, wanted.shape[1])
    )
    rule = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=1e-4)
    pace = torch.optim.lr_scheduler.CosineAnnealingLR(rule, steps)
    x, y = torch.from_numpy(given.astype(np.float32)), torch.from_numpy(wanted.astype(np.float32))
    for _ in range(steps):
        places = torch.from_numpy(random.integers(0, len(x), _BATCH))
        loss = (1 - torch.nn.functional.cosine_similarity(net(x[places]), y[places])).mean()
        rule.zero_grad(set_to_none=True)
        loss.backward()
        rule.step()
        pace.step()
    first, _, last = net
    layers = {"words_in": first.weight.T, "words_in_bias": first.bias, "words_out": last.weight.T}
    layers["words_out_bias"] = last.bias
    return {name: value.detach().numpy().copy() for name, value in layers.items()}


def embed_banks(
    banks: Sequence[ConceptBank],
    tables: dict[str, Any],
    tower: Any,  # noqa: ANN401 - a ClipNet
) -> dict[str, Any]:
    """Return the rows of every bank, in the world that it is named for; among drawings as `tower` puts them."""
    rows: dict[str, Any] = {}
    for bank in banks:
        said = [[template.format(text) for text in bank.texts] for template in bank.templates]
        if bank.name == EMBEDDED_BANKS[0]:
            placed = [place_sentences(encode(texts), tables)[0] for texts in said]
        else:
            placed = [tower.embed_texts(texts) for texts in said]
        rows |= pack_table(unit(np.sum(placed, axis=0)), rows_key(bank.texts_digest, bank.name), axis=1)
    return rows


def main() -> None:
    """Add the layers to the tables, and make the banks' rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, help="without it only the banks are made anew")
    parser.add_argument(
        "--weights", type=Path, required=True, help="with the text tower that drawings were learned with"
    )
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    tower = load_net(given.weights)
    banks = [load_concept_bank(name) for name in EMBEDDED_BANKS]
    tables = parse_tables((given.out / TABLES).read_bytes())
    if given.pack:
        read, asked = zip(*list_words(given.pack, banks), strict=True)
        wanted = np.concatenate([tower.embed_texts(list(asked[at : at + 256])) for at in range(0, len(asked), 256)])
        places = unit((encode(read) - tables["usual_sentence"]) @ tables["whitening"])
        tables |= fit_words(places, wanted)
    np.savez_compressed(given.out / TABLES, **pack_tables(tables))
    tables = parse_tables((given.out / TABLES).read_bytes())
    np.savez_compressed(given.out / BANKS, **embed_banks(banks, tables, tower))
    for name in (TABLES, BANKS):
        print(f"{given.out / name}: {(given.out / name).stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
