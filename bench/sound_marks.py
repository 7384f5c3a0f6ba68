"""How well the mark of a few seconds of sound is read after each edit.

    python -m bench.sound_marks FOLDER [--lengths 3 5 6] [--pieces 4]

FOLDER has sounds of 14 s and more; what has `speech` in its name is speech. Pieces composed from photographs are added.
Each sound is marked whole under a key and an id of its own, changed (`bench.sound_edits`) and read. Nothing in the folder
may be what `training.chord` learnt from. Shares have Wilson's 95 % intervals.
"""

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.sound_edits import TIMED, change
from bench.sounds import Sound, choose_other, compose, load_sounds
from bench.watermark.measure import wilson
from provenance.watermarks import Chord, WatermarkKey

SEED = 100


def read_all(sounds: list[Sound], length_s: float) -> Iterator[tuple[str, str, bool, bool]]:
    """Yield name, edit, whether the whole id was read, and whether a wrong one was."""
    for name, samples, rate_hz in sounds:
        seed = hashlib.sha256(name.encode()).digest()
        payload = int.from_bytes(seed[:7], "big")
        other = choose_other(sounds, name, rate_hz)
        chord = Chord((WatermarkKey("bench", seed),))
        at = int(seed[9] / 256 * rate_hz)
        marked = chord.embed(samples, rate_hz, payload)
        for edit, changed in change(marked, rate_hz, at, length_s, other, seed[10]):
            reader = chord.build_reader(rate_hz, is_plain=edit not in TIMED)
            reader.push(np.ascontiguousarray(changed, np.float32))
            found = reader.finish()
            yield (
                name,
                edit,
                found is not None and found.payload == payload,
                found is not None and found.payload != payload,
            )


def main() -> None:
    """Print one table for each length."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lengths", type=float, nargs="+", default=[3.0, 5.0, 6.0])
    parser.add_argument("--pieces", type=int, default=4)
    options = parser.parse_args()
    sounds = [*load_sounds(options.folder), *compose(options.pieces, SEED)]
    for length_s in options.lengths:
        read: dict[str, list[bool]] = {}
        wrong = 0
        for _, edit, is_right, is_wrong in read_all(sounds, length_s):
            read.setdefault(edit, []).append(is_right)
            wrong += is_wrong
        print(f"\n| edit | whole id from {length_s:g} s |\n|---|---|")
        for edit, rights in read.items():
            low, high = wilson(sum(rights), len(rights))
            print(f"| {edit} | {sum(rights)}/{len(rights)} ({low:.0%} to {high:.0%}) |", flush=True)
        print(f"\nwrong ids: {wrong} of {sum(map(len, read.values()))}")


if __name__ == "__main__":
    main()
