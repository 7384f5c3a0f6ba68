"""Embed in every picture, attack, extract, and write down what came back.

`embeds.jsonl` has a row for each scheme and picture: how much the mark is seen, how long it took, or why it was refused.
`extracts.jsonl` has a row for each attack on it: recovered, lost or wrong, and how long it took.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.watermark.attacks import Attack
from bench.watermark.measure import quality
from bench.watermark.pictures import Picture
from bench.watermark.results import Journal, Row
from bench.watermark.schemes import Scheme, key_of, payload_of
from provenance.asset import Frame
from provenance.errors import UnmarkableError

EMBED_FIELDS = ("scheme", "split", "size", "picture")
EXTRACT_FIELDS = (*EMBED_FIELDS, "attack", "repeat")


def embed(scheme: Scheme, picture: Picture, number: int, *, perceptual: bool) -> tuple[Row, Frame | None]:
    """Mark a picture; the row says what it cost."""
    frame = picture.load()
    payload, key = payload_of(picture.name, scheme.payload_bits), key_of(number)
    row: Row = {
        "scheme": scheme.name,
        "split": picture.split,
        "size": picture.size,
        "picture": picture.name,
        "shape": list(frame.shape[:2]),
        "key": key,
    }
    started = time.perf_counter()
    try:
        marked = scheme.embed(frame, payload, key)
    except UnmarkableError as exc:
        return row | {"refused": str(exc)}, None
    row["embed_ms"] = round(1e3 * (time.perf_counter() - started), 2)
    return row | quality(frame, marked, perceptual=perceptual), marked


def extract(scheme: Scheme, attacked: Frame, payload: int, key: int) -> Row:
    """Read an attacked picture; the row says what came back."""
    started = time.perf_counter()
    found = scheme.extract(attacked, key)
    spent = 1e3 * (time.perf_counter() - started)
    outcome = "lost" if found is None else "recovered" if found == payload else "wrong"
    return {"outcome": outcome, "extract_ms": round(spent, 2), "shape": list(attacked.shape[:2])}


def _attacked(scheme: Scheme, marked: Frame, row: Row, wanted: Sequence[tuple[Attack, int]]) -> Iterator[Row]:
    payload = payload_of(row["picture"], scheme.payload_bits)
    for attack, repeat in wanted:
        attacked = attack.apply(marked, row["picture"], repeat)
        found = extract(scheme, attacked, payload, row["key"])
        identity = {name: row[name] for name in (*EMBED_FIELDS, "key")}
        yield identity | {"attack": attack.name, "repeat": repeat} | found


def run(
    schemes: Sequence[Scheme], pictures: Sequence[Picture], attacks: Sequence[Attack], folder: Path, *, perceptual: bool
) -> None:
    """Do what is not in the folder yet."""
    embeds, extracts = Journal(folder, "embeds"), Journal(folder, "extracts")
    embedded, extracted = embeds.done(EMBED_FIELDS), extracts.done(EXTRACT_FIELDS)
    refused = {tuple(row[name] for name in EMBED_FIELDS) for row in embeds.rows() if "refused" in row}
    for number, picture in enumerate(pictures):
        for scheme in schemes:
            identity = scheme.name, picture.split, picture.size, picture.name
            wanted = [
                (attack, repeat)
                for attack in attacks
                for repeat in range(attack.repeats)
                if (*identity, attack.name, repeat) not in extracted
            ]
            if identity in refused or not wanted:
                continue
            row, marked = embed(scheme, picture, number, perceptual=perceptual and identity not in embedded)
            if identity not in embedded:
                embeds.append([row])
            if marked is None:
                continue
            rows = list(_attacked(scheme, marked, row, wanted))
            extracts.append(rows)
            kept = sum(found["outcome"] == "recovered" for found in rows)
            wrong = sum(found["outcome"] == "wrong" for found in rows) if scheme.checked else 0
            remark = f", {wrong} WRONG" if wrong else ""
            print(f"{number + 1}/{len(pictures)} {picture.name} {scheme.name}: {kept}/{len(rows)}{remark}", flush=True)
