"""Teaches the reader of `chord` what each chip is worth: makes `provenance/watermarks/chord/evidence.npz`.

    python -m training.chord OUT FOLDER

FOLDER has sounds of 14 s and more (`speech` in the name where it is that); composed pieces are added. Each is marked,
changed in every way of `bench.sound_edits` that keeps its speed, and lined up where it was marked; a network learns
which sign each chip was given from what the reader observes of it. It is odd by its build: what is turned round says
the opposite. What is shipped learnt from six pieces of game music of Extreme Tux Racer and two of Lincity, one by Kevin
MacLeod, Asterisk's spoken prompts in French, Spanish and Italian, a sentence of LibriSpeech, eight composed pieces and
ambience; no sound that figures are reported on is among them.
"""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.sound_edits import TIMED, change
from bench.sounds import choose_other, compose, load_sounds
from provenance.watermarks import WatermarkKey
from provenance.watermarks.chord.detection import Pose, gather
from provenance.watermarks.chord.embedding import Marker
from provenance.watermarks.chord.evidence import CONTEXT, SIGNED, Ear
from provenance.watermarks.chord.layout import SLOT_S, TURN_ROWS, build_layout
from provenance.watermarks.chord.scheme import Chord
from provenance.watermarks.chord.spectrum import Analyser, Window

Floats = NDArray[np.float32]

LENGTH_S: Final = 10.0
HIDDEN: Final = 32
EPOCHS: Final = 8
BATCH: Final = 4096
FASTEST: Final = 8e-3
PIECES: Final = 8
SEED: Final = 700
"""Of composed pieces; the bench has others."""
# Codecs begin late by up to this; where a sound lies is looked for in such steps.
_LATE_S, _STEP_S = 0.08, 0.005


def observe(folder: Path) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Yield what the reader observes of the chips of one changed sound, and the signs (n,) that they were given."""
    sounds = [*load_sounds(folder), *compose(PIECES, SEED)]
    for name, samples, rate_hz in sounds:
        seed = hashlib.sha256(name.encode()).digest()
        other = choose_other(sounds, name, rate_hz)
        layout = build_layout(WatermarkKey("training", seed), Chord.alg)
        signs = layout.signs * np.random.default_rng(seed[9]).choice([-1, 1], layout.signs.shape)
        marker = Marker(_spell(signs), rate_hz, len(samples))
        marked = np.concatenate([marker.push(samples), marker.finish()], axis=1)
        at = int(seed[9] / 256 * rate_hz)
        for edit, changed in change(marked, rate_hz, at, LENGTH_S, other, seed[10]):
            if edit not in TIMED and "cut" not in edit:
                analyser = Analyser(rate_hz)
                window = Window(analyser.push(np.ascontiguousarray(changed, np.float32)), analyser.bin_hz)
                shift_s, row = _line_up(window, signs, at / rate_hz)
                signed, context = Ear(window).observe(1.0, 1.0, shift_s)
                given = signs[(row + np.arange(len(signed))) % TURN_ROWS]
                yield signed.reshape(-1, SIGNED), context.reshape(-1, CONTEXT), given.reshape(-1).astype(np.float32)


def _spell(chips: Floats) -> Floats:
    cells = np.empty((2 * chips.shape[0], 2 * chips.shape[1]), np.float32)
    cells[0::2, 0::2], cells[0::2, 1::2], cells[1::2, 0::2], cells[1::2, 1::2] = chips, -chips, -chips, chips
    return cells


def _line_up(window: Window, signs: Floats, at_s: float) -> tuple[float, int]:
    """Return where the first chip begins and which row it has: where the chips agree best with their signs."""
    best = (-np.inf, 0.0, 0)
    for shift_s in np.arange(0, 2 * SLOT_S + _STEP_S / 2, _STEP_S):
        chips = gather(window, Pose(), float(shift_s))[0]
        middle = int((at_s + shift_s) / (2 * SLOT_S))
        reach = int(_LATE_S / (2 * SLOT_S)) + 1
        for row in range(middle - reach, middle + reach + 1):
            agreed = float((chips * signs[(row + np.arange(len(chips))) % TURN_ROWS]).sum())
            best = max(best, (agreed, float(shift_s), row))
    return best[1], best[2]


def fit(signed: Floats, context: Floats, signs: Floats) -> dict[str, NDArray[Any]]:
    """Return the network that tells signs, as `evidence.npz` has it."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    mean, spread = context.mean(0), context.std(0) + 1e-6
    given, around, wanted = (torch.tensor(values) for values in (signed, (context - mean) / spread, signs))
    own, beside = nn.Linear(SIGNED, HIDDEN, bias=False), nn.Linear(CONTEXT, HIDDEN)
    inner, out = nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, 1, bias=False)
    layers = nn.ModuleList([own, beside, inner, out])
    steps = EPOCHS * (len(signs) // BATCH)
    optimiser = torch.optim.Adam(layers.parameters(), lr=FASTEST)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, FASTEST, total_steps=steps)
    for step in range(steps):
        if step % (len(signs) // BATCH) == 0:
            order = torch.randperm(len(signs))
        chosen = order[step * BATCH % (len(signs) // BATCH * BATCH) :][:BATCH]
        left, right = own(given[chosen]), beside(around[chosen])
        ratios = (out(inner(sum_.relu()).relu()) for sum_ in (right + left, right - left))
        first, second = ratios
        loss = nn.functional.soft_margin_loss((first - second)[:, 0], wanted[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        pace.step()
    weights = {
        "own": own.weight.T, "around": beside.weight.T, "bias": beside.bias,
        "inner": inner.weight.T, "inner_bias": inner.bias, "out": out.weight[0],
    }  # fmt: skip
    return {"mean": mean, "spread": spread, **{name: value.detach().numpy() for name, value in weights.items()}}


def main() -> None:
    """Learn, and write the weights."""
    out, folder = (Path(argument) for argument in sys.argv[1:])
    seen = [np.concatenate(values) for values in zip(*observe(folder), strict=True)]
    np.savez_compressed(out, **fit(seen[0], seen[1], seen[2]))  # type: ignore[arg-type]  # numpy's stub has a keyword


if __name__ == "__main__":
    main()
