"""What is read from pictures that bear no mark under the key: nothing, one hopes.

Two materials: pictures that bear no mark at all, and pictures marked under another key than the one tried. Every attack
is applied first, because a search over geometry has more chances on a picture that it does not understand.
"""

from collections.abc import Sequence
from pathlib import Path

from bench.watermark.attacks import Attack
from bench.watermark.pictures import Picture
from bench.watermark.results import Journal, Row
from bench.watermark.schemes import KEYS, Scheme, key_of, payload_of
from provenance.asset import Frame
from provenance.errors import UnmarkableError

FIELDS = ("scheme", "split", "size", "picture", "material", "attacks")


def _material(scheme: Scheme, picture: Picture, number: int, material: str) -> Frame | None:
    frame = picture.load()
    if material == "unmarked":
        return frame
    try:
        return scheme.embed(frame, payload_of(picture.name, scheme.payload_bits), key_of(number))
    except UnmarkableError:
        return None


def run(scheme: Scheme, pictures: Sequence[Picture], attacks: Sequence[Attack], folder: Path, *, keys: int) -> None:
    """Extract from each attacked picture under several keys, none of which marked it."""
    journal = Journal(folder, "falsepositives")
    done = journal.done(FIELDS)
    for number, picture in enumerate(pictures):
        for material in ("unmarked", "another key"):
            names = ",".join(attack.name for attack in attacks)
            row: Row = dict(
                zip(FIELDS, (scheme.name, picture.split, picture.size, picture.name, material, names), strict=True)
            )
            frame = None if tuple(row.values()) in done else _material(scheme, picture, number, material)
            if frame is None:
                continue
            found, extractions = [], 0
            for place, attack in enumerate(attacks):
                attacked = attack.apply(frame, picture.name)
                # Nobody changes it: what readers look at is made once for all keys.
                attacked.flags.writeable = False
                for offset in range(keys if material == "unmarked" else 1):
                    key = (key_of(number) + 1 + (place + offset) % (len(KEYS) - 1)) % len(KEYS)
                    payload = scheme.extract(attacked, key)
                    extractions += 1
                    if payload is not None:
                        found.append({"attack": attack.name, "key": key, "payload": payload})
            journal.append([row | {"extractions": extractions, "found": found}])
            print(f"{scheme.name} {picture.name} {material}: {len(found)} of {extractions}", flush=True)
