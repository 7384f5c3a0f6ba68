"""Makes chop-clip's tables: what names mean, where features lean, which kind a picture is of.

    python -m training.chop_tables --pack PACK --pictures CLIP.npy OUT

**Names**: the sentence encoder reads every lemma of ImageNet's thousand classes and its gloss (WordNet 3.0, as timm
lists them); their mean, centred and softly whitened, is where a class lies. **Projection**: a ridge from there to the
classifier's weights of `provenance.sight`, turned round; so no photograph is needed. **Kinds**: a linear head on the
network's features of Tux Paint's and scikit-image's photographs, of drawings of the pack and of Fluent 3D; fxemoji is
held back. Layers for words among drawings are `training.chop_words`'s to add. `OUT` gets ``tables.npz``.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import minimize

from detectors.chop.model import load_names, unit
from detectors.chop.tables import TABLES, pack_table
from detectors.concept_bank import KINDS
from detectors.sentences.encoder import encode
from provenance.sight.network import WEIGHTS, load_network
from training.onnx_file import read_weight
from training.render import read_pack

Rows = NDArray[np.float32]
Tables = dict[str, Any]
_LEMMAS: Final = 4
_BITS: Final = {"classes": 8, "projection": 8, "words_in": 5, "words_out": 5}
"""Of each number of the large tables; the last two are for languages alone that the tower of words cannot read."""
_WHITEN: Final = 0.5
"""Power to which variances are evened out: 0 leaves them, 1 makes them all the same."""
_RIDGE: Final = 1.0
_KIND_DECAY: Final = 0.1
_HELD: Final = "fxemoji"
_RENDERED: Final = "fluent-3d"
_A_FAMILY: Final = 250


def list_class_texts() -> tuple[list[str], NDArray[np.int64]]:
    """Return texts that say what each class is, and whose each is."""
    import timm

    folder = Path(timm.__file__).parent / "data" / "_info"
    synsets = (folder / "imagenet_synsets.txt").read_text(encoding="utf-8").split()
    lemmas, glosses = (
        dict(line.split("\t") for line in (folder / f"imagenet_synset_to_{what}.txt").read_text().splitlines())
        for what in ("lemma", "definition")
    )
    texts, owners = [], []
    for place, (synset, name) in enumerate(zip(synsets, load_names(), strict=True)):
        said = list(dict.fromkeys([name, *(one.strip() for one in lemmas[synset].split(",")[:_LEMMAS])]))
        own = [text.format(one) for one in said for text in ("{}", "a photo of {}")]
        own.append(f"{said[-1] if len(said) == 1 else said[1]}: {glosses[synset]}")
        texts += own
        owners += [place] * len(own)
    return texts, np.array(owners)


def fit_classes(sentences: Rows, owners: NDArray[np.int64]) -> Tables:
    """Return where sentences are centred, how they are evened out, and where each class lies after that."""
    usual = sentences.mean(axis=0)
    _, spread, directions = np.linalg.svd(sentences - usual, full_matrices=False)
    whitening = directions.T / (spread / np.sqrt(len(sentences))) ** _WHITEN
    rows = unit((sentences - usual) @ whitening)
    classes = unit(np.stack([rows[owners == one].mean(axis=0) for one in range(int(owners.max()) + 1)]))
    return {"usual_sentence": usual, "whitening": whitening, "classes": classes}


def read_classifier() -> Rows:
    """Return the classifier's weights of the network that sees: (1000, 1280), centred."""
    import onnx

    import provenance.sight

    model = onnx.load(str(Path(provenance.sight.__file__).parent / WEIGHTS))
    weights = read_weight(model, [1000, 1280])
    centred: Rows = weights - weights.mean(axis=0)
    return centred


def fit_projection(classes: Rows, weights: Rows, ridge: float = _RIDGE) -> Rows:
    """Return (1280, 384): from features to where what they are like lies.

    The ridge goes from a class's place to its weights, which score features; read the other way round it brings
    features to places whose products are those scores.
    """
    square = classes.T @ classes
    level = ridge * np.trace(square) / len(square)
    there = np.linalg.solve(square + level * np.eye(len(square)), classes.T @ weights)
    projection: Rows = (there / np.linalg.norm(classes @ there, axis=1).mean()).T
    return projection


def look_at_kinds(pack: Path, pictures: Path, seed: int = 0) -> tuple[Rows, list[str], list[str]]:
    """Return features, kind and family of photographs, drawings and renders that nothing is measured on."""
    records, pixels = read_pack(pack, "clip"), np.load(pictures, mmap_mode="r")
    random, network = np.random.default_rng(seed), load_network()
    features, kinds, families = [], [], []
    for frame in cut_photographs(random):
        features.append(network.look(frame).features.mean(axis=(0, 1)))
        kinds.append(KINDS[0])
        families.append("scikit-image")
    by_family: dict[str, list[int]] = {}
    for place, record in enumerate(records):
        by_family.setdefault(record["family"], []).append(place)
    # Of the stamps those in pixels are photographs, the others drawings.
    by_family["stamps"] = [place for place in by_family["stamps"] if "raster" in records[place]]
    for family, places in by_family.items():
        few = random.choice(
            places, min({_RENDERED: 4, "stamps": 2}.get(family, 1) * _A_FAMILY, len(places)), replace=False
        )
        for place in few:
            if pixels[place, :, :, 3].any():
                look = network.look(lay_down(pixels[place], random))
                features.append(look.features.mean(axis=(0, 1)))
                kinds.append({"stamps": KINDS[0], _RENDERED: KINDS[2]}.get(family, KINDS[1]))
                families.append(family)
    return np.stack(features), kinds, families


def cut_photographs(random: np.random.Generator, parts: int = 14) -> list[NDArray[np.uint8]]:
    """Return parts of scikit-image's photographs, some grey."""
    import skimage

    left_out = ("page", "text", "clock_motion", "microaneurysms", "cell", "checker", "phantom", "logo", "multipage")
    cut = []
    for path in sorted((Path(skimage.__file__).parent / "data").iterdir()):
        if path.suffix not in {".png", ".jpg", ".jpeg"} or path.name.startswith(left_out):
            continue
        with Image.open(path) as opened:
            frame = np.asarray(opened.convert("RGB"))
        for _ in range(parts):
            share = random.uniform(0.3, 1) ** 0.5
            rows, columns = int(frame.shape[0] * share), int(frame.shape[1] * share)
            top, left = random.integers(0, frame.shape[0] - rows + 1), random.integers(0, frame.shape[1] - columns + 1)
            part = frame[top : top + rows, left : left + columns]
            grey = np.repeat(part.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
            cut.append(np.ascontiguousarray(grey if random.random() < 0.15 else part))
    return cut


def lay_down(rgba: NDArray[np.uint8], random: np.random.Generator, side: int = 256) -> NDArray[np.uint8]:
    """Return a cut-out somewhere on white or one colour, half of them recompressed."""
    import cv2

    colour = random.integers(0, 256, 3) if random.random() < 0.3 else np.array([255, 255, 255])
    ground = Image.new("RGBA", (side, side), (*(int(level) for level in colour), 255))
    size = int(side * random.uniform(0.5, 1))
    small = Image.fromarray(rgba).resize((size, size), Image.Resampling.BICUBIC)
    ground.alpha_composite(small, (int(random.integers(0, side - size + 1)), int(random.integers(0, side - size + 1))))
    frame = np.ascontiguousarray(np.asarray(ground.convert("RGB")))
    if random.random() < 0.5:
        quality = int(random.integers(50, 96))
        return np.asarray(
            cv2.imdecode(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1), np.uint8
        )
    return frame


def fit_kinds(features: Rows, kinds: Sequence[str], decay: float = _KIND_DECAY) -> tuple[Rows, Rows]:
    """Return weights (1280, 3) and biases (3,) of a logistic regression in which each kind counts as much."""
    centre, spread = features.mean(axis=0), features.std(axis=0) + 0.05
    given = (features - centre) / spread
    labels = np.array([KINDS.index(kind) for kind in kinds])
    counts = np.bincount(labels, minlength=len(KINDS))
    shares, wanted = (1 / counts)[labels] / len(KINDS), np.eye(len(KINDS))[labels]
    width = given.shape[1]

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, bias = values[: len(KINDS) * width].reshape(width, -1), values[len(KINDS) * width :]
        logits = given @ weights + bias
        logits -= logits.max(axis=1, keepdims=True)
        raised = np.exp(logits)
        found = raised / raised.sum(axis=1, keepdims=True)
        steps = shares[:, None] * (found - wanted)
        slopes = given.T @ steps + 2 * decay * weights
        cost = -(shares * np.log(found[np.arange(len(labels)), labels] + 1e-12)).sum() + decay * (weights**2).sum()
        return float(cost), np.concatenate([slopes.ravel(), steps.sum(axis=0)])

    start = np.zeros(len(KINDS) * (width + 1))
    values = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 100}).x
    weights = values[: len(KINDS) * width].reshape(width, -1) / spread[:, None]
    bias = values[len(KINDS) * width :] - centre @ weights
    return weights.astype(np.float32), bias.astype(np.float32)


def pack_tables(tables: Tables) -> Tables:
    """Return the tables as they are kept: the large ones in five or eight bits, the others in halves or floats."""
    packed: Tables = {}
    for name, array in tables.items():
        if name in _BITS:
            packed |= pack_table(np.asarray(array, np.float32), name, bits=_BITS[name])
        else:
            kind = np.float16 if array.size > 100_000 else np.float32
            packed[name] = np.asarray(array, kind)
    return packed


def build(pack: Path, pictures: Path) -> Tables:
    """Return every table but those of words among drawings, which `training.chop_words` adds."""
    texts, owners = list_class_texts()
    tables = fit_classes(encode(texts), owners)
    tables["projection"] = fit_projection(tables["classes"], read_classifier())
    features, kinds, families = look_at_kinds(pack, pictures)
    is_photograph = np.array([kind == KINDS[0] for kind in kinds])
    tables["usual_features"] = features[is_photograph].mean(axis=0)
    learning = np.array([family != _HELD for family in families])
    chosen = [kind for kind, learns in zip(kinds, learning, strict=True) if learns]
    tables["kinds"], tables["kinds_bias"] = fit_kinds(features[learning], chosen)
    return tables


def main() -> None:
    """Make the file, without words until `training.chop_words` has run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    path = given.out / TABLES
    np.savez_compressed(path, **pack_tables(build(given.pack, given.pictures)))
    print(f"{path}: {path.stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
