"""A clip of ten seconds in a registry of thousands of hours of video: how long it takes to say of what work, and where.

    python -m bench.hours                  # 10,000 hours: 72,000,000 codes, 8 GiB of files, 10 GiB of memory to build
    python -m bench.hours --hours 1000

Works of an hour each, two codes a second. Codes are synthetic: each shot of four seconds has a code of its own by
chance, and each code in it differs from that by a few bits, as those of videos do. A clip that is asked about is twenty
codes in a row out of one work, off the grid by up to a quarter of a second, each with up to 20 bits changed; as many
clips are of no work. Index, database and votes are those of the registry (`provenance.works.tracks`); the database
holds the codes of the works that are asked about alone, as a look-up reads no others.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.page import machine
from bench.registry import NEEDED, RADIUS, milliseconds, open_index, resident_bytes
from bench.watermark.measure import wilson
from provenance.fingerprints.base import Fingerprint
from provenance.storage.database import METADATA, Database
from provenance.works.segment import Origin, build_limbs
from provenance.works.shelf import Shelf
from provenance.works.tables import CODES
from provenance.works.tracks import LEAST_PAIRS, align_with_owners, spell_time

A_SECOND = 2
AN_HOUR = 3600 * A_SECOND
A_SHOT = 8
CLIP = 20
ASKED = 100
_CHUNK = 1 << 20


def build_codes(hours: int) -> np.ndarray:
    """Return (n, 32) uint8: the codes of so many works of an hour each, one after another."""
    random = np.random.default_rng(1)
    codes = np.empty((hours * AN_HOUR, 32), np.uint8)
    masks = np.packbits(random.random((1 << 14, 256)) < 6 / 256, axis=1)
    for start in range(0, len(codes), _CHUNK):
        part = codes[start : start + _CHUNK]
        shots = random.integers(0, 256, (-(-len(part) // A_SHOT), 32), np.uint8)
        part[:] = np.repeat(shots, A_SHOT, axis=0)[: len(part)]
        part ^= masks[random.integers(0, len(masks), len(part))]
    return codes


def change(code: np.ndarray, random: np.random.Generator) -> bytes:
    """Return a code with up to 20 of its bits changed."""
    bits = np.unpackbits(code)
    bits[random.choice(256, int(random.integers(0, 21)), replace=False)] ^= 1
    return np.packbits(bits).tobytes()


def draw_clips(codes: np.ndarray) -> list[tuple[int, float, list[Fingerprint]]]:
    """Return clips with the work that each is of, -1 for none, and where in it each begins, in seconds."""
    random, clips = np.random.default_rng(2), []
    works = random.choice(len(codes) // AN_HOUR, ASKED, replace=len(codes) // AN_HOUR < ASKED)
    for work in works:
        first, late_s = int(random.integers(0, AN_HOUR - CLIP)), float(random.uniform(-0.25, 0.25))
        rows = codes[work * AN_HOUR + first :][:CLIP]
        track = [Fingerprint("pdq", change(row, random), 100, at / A_SECOND) for at, row in enumerate(rows)]
        clips.append((int(work), first / A_SECOND + late_s, track))
        clips.append((-1, 0.0, [Fingerprint("pdq", random.bytes(32), 100, at / A_SECOND) for at in range(CLIP)]))
    return clips


def fill_database(database: Database, codes: np.ndarray, works: set[int]) -> None:
    """Write the codes of some works, and the last one of all."""
    METADATA.create_all(database.engine, tables=[table for table in METADATA.sorted_tables if table.name in NEEDED])
    rows = {work * AN_HOUR + at for work in works for at in range(AN_HOUR)} | {len(codes) - 1}
    with database.write() as connection:
        connection.execute(
            CODES.insert(),
            [
                {
                    "sequence": row + 1, "collection": "works", "owner_id": f"work {row // AN_HOUR}", "alg": "pdq",
                    "variant": spell_time(row % AN_HOUR / A_SECOND), "value": bytes(codes[row]), "created_at": "",
                }
                for row in sorted(rows)
            ],
        )  # fmt: skip


def main() -> None:
    """Build, ask, and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.hours", description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=int, default=10_000)
    hours = parser.parse_args().hours
    with tempfile.TemporaryDirectory(prefix="chopmark-bench-") as name:
        folder, codes = Path(name), build_codes(hours)
        clips = draw_clips(codes)
        database = Database(f"sqlite:///{folder / 'bench.db'}")
        fill_database(database, codes, {work for work, _, _ in clips if work >= 0})
        count, last = len(codes), bytes(codes[-1]).hex()
        began, shelf = time.perf_counter(), Shelf(folder / "index")
        with shelf.building():
            limbs = build_limbs(codes)
            del codes
            origin = Origin("works", "pdq", 256, count, 0, count, last)
            shelf.put(limbs=limbs, sequences=np.arange(1, count + 1), origin=origin, radius_bits=RADIUS)
            del limbs
        build_s, built_mib = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        size = sum(path.stat().st_size for path in (folder / "index").rglob("*.bin")) / 2**30
        index = open_index(database, folder)
        index.size()
        wall, cpu, found, right, false = [], [], 0, 0, 0
        for work, start_s, track in [clips[1], *clips]:  # the first once more: what is loaded at first use
            began, began_cpu = time.perf_counter(), time.process_time()
            answer = align_with_owners(database, index, track, RADIUS, None, least=LEAST_PAIRS)
            wall.append(time.perf_counter() - began)
            cpu.append(time.process_time() - began_cpu)
            best = next(iter(answer.items()), None)
            if work < 0:
                false += bool(answer)
            elif best is not None and best[0] == f"work {work}":
                found += 1
                right += abs(best[1].there[0] - best[1].here[0] - start_s) <= 1.0
        wall, cpu = wall[1:], cpu[1:]
        print(machine())
        print(
            f"{hours:,} hours, {count:,} codes: built in {build_s:.0f} s, {built_mib:,.0f} MiB at most; {size:.1f} GiB of files"
        )
        print(f"memory of the process when it answers, without mapped files: {resident_bytes() / 2**20:,.0f} MiB")
        low, high = wilson(found, ASKED)
        print(f"found {found}/{ASKED} ({low:.0%} to {high:.0%}), in its place {right}; of no work: {false}/{ASKED}")
        for what, spent in (("wall", wall), ("CPU", cpu)):
            middle, most = np.percentile(spent, [50, 95])
            print(
                f"{what} a clip: median {milliseconds(middle)}, 95 % {milliseconds(most)}, most {milliseconds(max(spent))}"
            )
        index.close()
        database.close()


if __name__ == "__main__":
    main()
