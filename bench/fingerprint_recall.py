"""How often an edited copy is found, per edit and fingerprint: the table of docs/fingerprints.md.

python -m bench.fingerprint_recall
"""

from statistics import median

from bench.edits import ALL, load_photographs
from provenance.asset import Frame
from provenance.fingerprints.base import FINGERPRINTS, Fingerprint, FingerprintScheme
from provenance.media.picture.image import Picture


def codes_of(scheme: FingerprintScheme, frame: Frame) -> list[tuple[str, int]]:
    """Return (variant, code) of all that the registry indexes."""
    picture = Picture.from_frame(frame)
    plain = scheme.compute(picture)
    found = [("identity", plain)] if isinstance(plain, Fingerprint) else []
    return [(name, int.from_bytes(code.value, "big")) for name, code in (*found, *scheme.compute_variants(picture))]


def main() -> None:
    """Run and print."""
    photographs = list(load_photographs().values())
    for alg in sorted(FINGERPRINTS.builtins):
        scheme = FINGERPRINTS.load(alg)()
        radius = scheme.confident_distance_bits
        indexed = [codes_of(scheme, frame) for frame in photographs]
        print(f"\n{alg}: {len(photographs)} photographs, found within {radius} bits")
        print("| edit | plain code alone | with variants | median distance, plain | false |")
        print("|---|---|---|---|---|")
        for name, edit in ALL.items():
            plain, best, false = [], [], 0
            for number, frame in enumerate(photographs):
                query = scheme.compute(Picture.from_frame(edit(frame)))
                if not isinstance(query, Fingerprint):
                    continue
                value = int.from_bytes(query.value, "big")
                distances = [{v: (value ^ code).bit_count() for v, code in codes} for codes in indexed]
                plain.append(distances[number]["identity"])
                best.append(min(distances[number].values()))
                false += sum(min(each.values()) <= radius for i, each in enumerate(distances) if i != number)
            hits = [sum(each <= radius for each in column) for column in (plain, best)]
            print(
                f"| {name} | {hits[0]}/{len(photographs)} | {hits[1]}/{len(photographs)} | {median(plain):.0f} | {false} |"
            )


if __name__ == "__main__":
    main()
