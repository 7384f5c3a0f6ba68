"""Trains chop-clip: an open_clip model that ties small pictures to plain words.

    python -m training.clip --pack PACK --pictures PICTURES.npy --out FOLDER --seconds 150 [--held FAMILY]

Four losses: pictures and captions find each other in a batch, several right answers allowed (UniCL, arXiv:2204.03610);
both find the prototype of their concept, one learned vector each, which is what gets the towers going; a caption of two
things beats the one with both swapped; and words lie as far apart as their word vectors do, lemmas near their glosses,
so that a word that no picture bore lands beside those that one did. Resumes from FOLDER.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional

from training.batches import CAPTION_TOKENS, Batch, coin, load_pictures, make_batch
from training.clock import Clock, Curve, choose_device, wait_for
from training.run import Run
from training.tokens import Phrases, TokenTable
from training.towers import build_model, encode_texts, plant_words

_WORDS: Final = 512
_PAIRS: Final = 256
_WORD_TOKENS: Final = 8
_TEACHER_TEMPERATURE: Final = 0.12
_ORDER_WEIGHT: Final = 1.0
_LEXICAL_WEIGHT: Final = 0.25
_PROTOTYPE_WEIGHT: Final = 0.5


@dataclass(slots=True)
class Lexicon:
    """Words with vectors, and pairs of texts that mean nearly the same, as tokens on the device."""

    words: TokenTable
    listed: list[str]
    vectors: torch.Tensor
    firsts: TokenTable
    seconds: TokenTable
    pairs: torch.Tensor


def load_lexicon(path: Path, device: torch.device) -> Lexicon:
    """Read `training.lexicon`'s file."""
    held = np.load(path)
    phrases, others = Phrases(), Phrases()
    pairs = [(phrases.add(str(a)), others.add(str(b))) for a, b in zip(held["lemmas"], held["others"], strict=True)]
    vectors = torch.from_numpy(held["vectors"].astype(np.float32)).to(device)
    return Lexicon(
        listed=[str(word) for word in held["words"]],
        words=TokenTable([str(word) for word in held["words"]], device, path.parent),
        vectors=functional.normalize(vectors, dim=1),
        firsts=TokenTable(phrases.texts, device, path.parent),
        seconds=TokenTable(others.texts, device, path.parent),
        pairs=torch.tensor(pairs, device=device),
    )


def embed_canvas(model: Any, batch: Batch) -> torch.Tensor:  # noqa: ANN401
    """Return (B, D) image features of length 1."""
    return functional.normalize(model.encode_image(batch.canvas).float(), dim=-1)


def contrast(model: Any, image: torch.Tensor, prototypes: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:  # noqa: ANN401
    """Return the losses of embedded pictures and their captions, and how often the right caption wins."""
    both = encode_texts(model, torch.cat([batch.texts, batch.swapped]))
    text, swapped = both[: len(batch.texts)], both[len(batch.texts) :]
    scale = model.logit_scale.exp().clamp(max=100)
    logits = (scale * image @ text.T).float().masked_fill(batch.is_neutral, -1e4)
    targets = batch.targets.float()
    with_swapped = torch.cat([logits, (scale * image @ swapped.T).float()], 1)
    by_image = -(functional.log_softmax(with_swapped, 1)[:, : len(text)] * targets).sum(1) / targets.sum(1)
    by_text = -(functional.log_softmax(logits, 0) * targets).sum(0) / targets.sum(0)
    own = (image[batch.ordered] * text[batch.ordered]).sum(1)
    other = (image[batch.ordered] * swapped).sum(1)
    order = functional.softplus(-scale.detach() * (own - other)).sum() / max(1, len(own))
    anchors = functional.normalize(prototypes, dim=-1)
    concept = sum(
        functional.cross_entropy((20 * rows @ anchors.T).float(), batch.concepts, ignore_index=-1)
        for rows in (image, text)
    )
    right = batch.targets.gather(1, logits.argmax(1, keepdim=True)).float().mean()
    return {
        "main": (by_image.mean() + by_text.mean()) / 2,
        "order": order,
        "concept": concept,
        "right": right,
        "ordered": (own > other).float().mean(),
    }


def lexical(model: Any, lexicon: Lexicon) -> torch.Tensor:  # noqa: ANN401
    """Return how far words are from where their vectors and WordNet put them."""
    device = lexicon.vectors.device
    words = torch.randint(len(lexicon.vectors), (_WORDS,), device=device)
    chosen = lexicon.pairs[torch.randint(len(lexicon.pairs), (_PAIRS,), device=device)]
    rows = encode_texts(model, lexicon.words.join(words[:, None], coin(_WORDS, 0.3, device), _WORD_TOKENS))
    firsts = encode_texts(model, lexicon.firsts.join(chosen[:, :1], coin(_PAIRS, 0.3, device), _WORD_TOKENS))
    seconds = encode_texts(model, lexicon.seconds.join(chosen[:, 1:], coin(_PAIRS, 0.3, device), CAPTION_TOKENS))
    same = torch.eye(_WORDS, dtype=torch.bool, device=device)
    teacher = (lexicon.vectors[words] @ lexicon.vectors[words].T / _TEACHER_TEMPERATURE).float().masked_fill(same, -1e4)
    student = (rows @ rows.T / _TEACHER_TEMPERATURE).float().masked_fill(same, -1e4)
    imitation = functional.kl_div(
        functional.log_softmax(student, 1), functional.log_softmax(teacher, 1), log_target=True, reduction="batchmean"
    )
    logits = (20 * firsts @ seconds.T).float()
    target = torch.arange(_PAIRS, device=device)
    likeness = (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2
    return imitation + 0.3 * likeness


class Pupil(torch.nn.Module):  # type: ignore[misc]  # torch is skipped
    """The towers, and the prototypes that lead them."""

    def __init__(self, concepts: int, lexicon: Lexicon, device: torch.device) -> None:
        super().__init__()
        self.towers = build_model().to(device)
        plant_words(self.towers, lexicon.listed, lexicon.vectors)
        self.towers.visual.to(memory_format=torch.channels_last)
        width = self.towers.text_projection.shape[1]
        self.prototypes = torch.nn.Parameter(torch.randn(concepts, width, device=device) * 0.1)

    def groups(self) -> list[dict[str, Any]]:
        """Return AdamW's groups: matrices decay, tables and biases do not, prototypes and temperature learn faster."""
        tables = [self.towers.token_embedding.weight, self.towers.positional_embedding]
        quick = [self.prototypes, self.towers.logit_scale]
        kept = {id(value) for value in (*tables, *quick)}
        others = [value for value in self.parameters() if id(value) not in kept]
        return [
            {"params": [value for value in others if value.ndim > 1], "weight_decay": 0.1, "share": 1.0},
            {"params": [*tables, *(value for value in others if value.ndim <= 1)], "weight_decay": 0.0, "share": 1.0},
            {"params": quick, "weight_decay": 0.0, "share": 5.0},
        ]

    def losses(self, batch: Batch, lexicon: Lexicon) -> dict[str, torch.Tensor]:
        """Return each loss, how often the right caption wins, and as ``all`` what is to be lowered."""
        with torch.autocast(batch.canvas.device.type, dtype=torch.bfloat16, enabled=batch.canvas.is_cuda):
            losses = contrast(self.towers, embed_canvas(self.towers, batch), self.prototypes, batch)
            losses["lexical"] = lexical(self.towers, lexicon)
        total = losses["main"] + _ORDER_WEIGHT * losses["order"] + _PROTOTYPE_WEIGHT * losses["concept"]
        losses["all"] = total + _LEXICAL_WEIGHT * losses["lexical"]
        return losses


def begin(path: Path, pupil: Pupil, rate: float) -> Run:
    """Return the run of `pupil`, on from the checkpoint if there is one."""
    return Run(path, pupil, rate=rate, betas=(0.9, 0.98), decay=0.998, groups=pupil.groups())


def towers_of(average: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the towers' weights alone, as open_clip names them."""
    prefix = "towers."
    return {name.removeprefix(prefix): value for name, value in average.items() if name.startswith(prefix)}


def train(arguments: argparse.Namespace) -> None:
    """Train for the given seconds, from the last checkpoint if there is one."""
    device = choose_device()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    torch.manual_seed(arguments.seed)
    clock = Clock(1)
    pictures = load_pictures(arguments.pack, arguments.pictures, arguments.held, device)
    lexicon = load_lexicon(arguments.pack / "lexicon.npz", device)
    pupil = Pupil(int(pictures.concepts.max()) + 1, lexicon, device)
    run = begin(arguments.out / "clip.pt", pupil, arguments.rate)
    torch.manual_seed(arguments.seed + run.steps)
    print(f"loaded after {clock.elapsed_s:.0f} s", flush=True)  # noqa: T201 - progress
    wait_for(arguments.after)
    clock, curve = Clock(arguments.seconds), Curve(arguments.out / "clip.csv")
    side = pupil.towers.visual.image_size[0]
    while clock.progress < 1:
        with torch.no_grad():
            batch = make_batch(pictures, arguments.batch, side)
        losses = pupil.losses(batch, lexicon)
        run.learn(losses["all"], clock)
        if run.steps % arguments.log == 0:
            measured = {name: value.item() for name, value in losses.items()}
            scale = pupil.towers.logit_scale.exp().item()
            curve.append(step=run.steps, seconds=run.seconds(clock), **measured, scale=scale)
        if run.steps % arguments.keep == 0 or clock.progress >= 1:
            run.save(clock)
    export(towers_of(run.average), arguments.out)


def export(state: dict[str, torch.Tensor], out: Path) -> None:
    """Write the averaged weights as half-precision safetensors, as open_clip names them."""
    halves = {
        name: (value.half() if value.is_floating_point() and value.ndim else value).contiguous().cpu()
        for name, value in state.items()
        if name != "attn_mask"
    }
    partial = out / "chop-clip.part"
    save_file(halves, partial, metadata={"format": "pt", "licence": "Apache-2.0"})
    partial.replace(out / "chop-clip.safetensors")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--after", type=Path, help="a file to wait for, once everything is loaded")
    parser.add_argument("--held", default="", help="a family to keep out, for tuning")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--log", type=int, default=50)
    parser.add_argument("--keep", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(_parse())
