"""Codes for the tests of the match index, and an oracle that shares no line with it."""

import numpy as np


def flip(code, bits):
    """Return a copy of one code with these bit numbers inverted."""
    unpacked = np.unpackbits(np.asarray(code))
    unpacked[list(bits)] ^= 1
    return np.packbits(unpacked)


def near(rng, code, distance):
    """Return a code at exactly this distance."""
    return flip(code, rng.choice(len(code) * 8, distance, replace=False))


def families(rng, count, *, size_bytes=32, members=(20, 80), reach=30):
    """Return (count, size_bytes) codes in families: members lie within `reach` bits of a centre."""
    codes = []
    while len(codes) < count:
        centre = rng.integers(0, 256, size_bytes, np.uint8)
        codes += [near(rng, centre, int(rng.integers(0, reach + 1))) for _ in range(rng.integers(*members))]
    return np.stack(codes[:count])


def low_entropy(rng, count, *, size_bytes=32):
    """Return codes of which many share long runs of zeros, or are almost empty, or are equal."""
    codes = rng.integers(0, 256, (count, size_bytes), np.uint8)
    codes[: count // 4, : size_bytes // 2] = 0
    sparse = rng.random((count // 4, size_bytes * 8)) < 0.04
    codes[count // 4 : count // 4 * 2] = np.packbits(sparse, axis=1)
    codes[-count // 8 :] = codes[0]
    return codes


def within(codes, query, radius):
    """Return {row: distance} by faiss, whose radius is strict."""
    import faiss

    faiss.omp_set_num_threads(1)  # its threads spin while they wait
    flat = faiss.IndexBinaryFlat(codes.shape[1] * 8)
    flat.add(np.ascontiguousarray(codes))
    _, distances, rows = flat.range_search(query[None], radius + 1)
    return dict(zip(rows.tolist(), distances.astype(int).tolist(), strict=True))


def add(database, codes, *, collection="works", alg="pdq", owner_id="w"):
    """Append codes in one transaction; return their sequence numbers."""
    from provenance.works.codes import Code, append_codes, read_marks

    with database.write() as connection:
        before = read_marks(connection).code
        append_codes(
            connection,
            collection,
            owner_id=owner_id,
            codes=[Code(alg, "plain", bytes(code)) for code in codes],
        )
        after = read_marks(connection).code
    return range(before + 1, after + 1)
