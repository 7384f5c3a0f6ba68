"""Compiled loops of the match index; imported only when an index is large enough to need them.

Codes are rows of 64-bit limbs, flattened. Every loop releases the interpreter lock and has scratch space of its own, so
any number of threads may run them over the same arrays.

Trusts: that the arrays passed belong together. A segment checks its files before it passes them here.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled

Foreign = Any
"""Objects of the compiler, which has no types of its own."""

# The three costs are nanoseconds measured at 10,000,000 codes (docs/works.md); only their ratios matter.
PROBE_COST: Final = 25.0
"""Looking at one bucket."""
CANDIDATE_COST: Final = 25.0
"""Fetching one code by its number and comparing it."""
SCAN_COST: Final = 2.7
"""Comparing one code when all are read in order."""

BLOCK: Final = 1024
"""Buckets or candidates fetched together: enough to hide memory latency, few enough for the first cache."""

HIGHEST_SHELL: Final = 4
"""Most flips tried within a word; five (33,649 buckets of 23 bits) cost more than reading everything."""


def _build_intrinsics() -> tuple[Foreign, Foreign]:
    """Return the processor's own bit count and prefetch as compiled functions."""
    from llvmlite import ir  # type: ignore[import-untyped]  # comes with numba, has no types
    from numba import types
    from numba.extending import intrinsic

    # Parameter names are the compiler's: it passes them by keyword.
    def count_bits(typingctx: Foreign, value: Foreign) -> Foreign:  # noqa: ARG001
        def emit(_context: Foreign, builder: Foreign, _signature: Foreign, arguments: Foreign) -> Foreign:
            return builder.ctpop(arguments[0])

        return types.uint64(types.uint64), emit

    def prefetch(typingctx: Foreign, array: Foreign, index: Foreign) -> Foreign:  # noqa: ARG001
        def emit(context: Foreign, builder: Foreign, _signature: Foreign, arguments: Foreign) -> Foreign:
            view = context.make_array(array)(context, builder, arguments[0])
            pointer, flag = ir.PointerType(ir.IntType(8)), ir.IntType(32)
            callee = builder.module.declare_intrinsic(
                "llvm.prefetch", [pointer], ir.FunctionType(ir.VoidType(), [pointer, flag, flag, flag])
            )
            address = builder.bitcast(builder.gep(view.data, [arguments[1]]), pointer)
            # LLVM language reference, llvm.prefetch: read (0), keep in every cache (3), data (1)
            builder.call(callee, [address, flag(0), flag(3), flag(1)])
            return context.get_dummy_value()

        return types.void(array, types.int64), emit

    return intrinsic(count_bits), intrinsic(prefetch)


_count_bits: Foreign = None
_prefetch: Foreign = None


def prepare_compiler() -> None:
    """Make what only the compiler knows, before it compiles a loop of this module."""
    global _count_bits, _prefetch
    if _count_bits is None:
        _count_bits, _prefetch = _build_intrinsics()


@compiled
def word_at(limbs: NDArray[np.uint64], base: int, word: int, bits: int) -> int:
    """Return word number `word`, `bits` long, of the code whose first limb is at `base`."""
    start = word * bits
    limb = base + (start >> 6)
    shift = start & 63
    value = limbs[limb] >> np.uint64(shift)
    if shift + bits > 64:
        value |= limbs[limb + 1] << np.uint64(64 - shift)
    return int(np.int64(value & np.uint64((1 << bits) - 1)))


@compiled
def distance_at(limbs: NDArray[np.uint64], base: int, query: tuple[np.uint64, ...]) -> int:
    """Return in how many bits the code whose first limb is at `base` differs from `query`."""
    distance = np.uint64(0)
    for k in range(len(query)):
        distance += _count_bits(limbs[base + k] ^ query[k])
    return int(np.int64(distance))


@compiled
def scan(
    limbs: NDArray[np.uint64],
    count: int,
    query: tuple[np.uint64, ...],
    radius: int,
    positions: NDArray[np.int64],
    distances: NDArray[np.int64],
) -> int:
    """Compare `query` with the first `count` codes in order; the result is as that of `search`."""
    found = 0
    width = len(query)
    for i in range(count):
        distance = distance_at(limbs, i * width, query)
        if distance <= radius:
            if found < positions.size:
                positions[found] = i
                distances[found] = distance
            found += 1
    return found


@compiled
def estimate_steps(
    offsets: NDArray[np.uint32],
    keys: NDArray[np.int64],
    flips: NDArray[np.int64],
    shells: NDArray[np.int64],
    bits: int,
) -> NDArray[np.float64]:
    """Return (words, shells) what each further shell of each word costs, in nanoseconds.

    The buckets of shells 0 and 1 are counted. Later shells are taken to be as dense as the one before and at least as
    the whole table: they only steer the search, so a wrong guess costs time and never a match.
    """
    stride = (1 << bits) + 1
    steps = np.empty((keys.size, shells.size - 1), np.float64)
    for w in range(keys.size):
        for t in range(shells[2]):
            _prefetch(offsets, w * stride + (keys[w] ^ flips[t]))
    for w in range(keys.size):
        density = offsets[(w + 1) * stride - 1] / (1 << bits)
        entries = 0.0
        for shell in range(shells.size - 1):
            probes = shells[shell + 1] - shells[shell]
            if shell < 2:
                entries = 0.0
                for t in range(shells[shell], shells[shell + 1]):
                    k = w * stride + (keys[w] ^ flips[t])
                    entries += offsets[k + 1] - offsets[k]
            else:
                entries = probes * max(density, entries / (shells[shell] - shells[shell - 1]))
            steps[w, shell] = probes * PROBE_COST + entries * CANDIDATE_COST
    return steps


@compiled
def plan_radii(steps: NDArray[np.float64], radius: int, radii: NDArray[np.int64]) -> float:
    """Choose how many flips to try in each word and return what that costs; infinite if it cannot be exact.

    Exact by the general pigeonhole rule: a code within `radius` differs in some word by at most `radii[word]` bits
    whenever the sum of `radii[word] + 1` exceeds `radius` (-1 leaves a word out). A word whose buckets are full is
    dear, so others are searched more widely in its place: each step takes the cheapest next shell.
    Source: Qin et al., "GPH: Similarity Search in Hamming Space", ICDE 2018.
    """
    radii[:] = -1
    cost = 0.0
    for _ in range(radius + 1):
        best = -1
        for w in range(radii.size):
            step = radii[w] + 1
            if step < steps.shape[1] and (best < 0 or steps[w, step] < steps[best, radii[best] + 1]):
                best = w
        if best < 0:
            return np.inf
        radii[best] += 1
        cost += steps[best, radii[best]]
    return cost


@compiled
def compare(
    limbs: NDArray[np.uint64],
    block: NDArray[np.int64],
    filled: int,
    query: tuple[np.uint64, ...],
    radius: int,
    keys: NDArray[np.int64],
    radii: NDArray[np.int64],
    word: int,
    bits: int,
    found: int,
    positions: NDArray[np.int64],
    distances: NDArray[np.int64],
) -> int:
    """Measure the candidates of a block; keep those within `radius` to which no earlier word has led."""
    width = len(query)
    for t in range(filled):
        base = block[t] * width
        distance = distance_at(limbs, base, query)
        if distance > radius:
            continue
        is_first = True
        for w in range(word):
            flipped = np.uint64(word_at(limbs, base, w, bits) ^ keys[w])
            if np.int64(_count_bits(flipped)) <= radii[w]:
                is_first = False
                break
        if is_first:
            if found < positions.size:
                positions[found] = block[t]
                distances[found] = distance
            found += 1
    return found


@compiled
def probe(
    limbs: NDArray[np.uint64],
    offsets: NDArray[np.uint32],
    entries: NDArray[np.uint32],
    masks: NDArray[np.int64],
    count: int,
    bits: int,
    query: tuple[np.uint64, ...],
    radius: int,
    keys: NDArray[np.int64],
    radii: NDArray[np.int64],
    word: int,
    found: int,
    positions: NDArray[np.int64],
    distances: NDArray[np.int64],
) -> int:
    """Compare what lies in the buckets that `masks` lead to from one word of `query`.

    Everything is asked for a block ahead of its use, so that the processor waits for memory once a block.
    """
    begins, ends, block = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    base = word * ((1 << bits) + 1)
    for first in range(0, masks.size, BLOCK):
        probes = min(BLOCK, masks.size - first)
        for t in range(probes):
            _prefetch(offsets, base + (keys[word] ^ masks[first + t]))
        for t in range(probes):
            k = base + (keys[word] ^ masks[first + t])
            begins[t] = word * count + np.int64(offsets[k])
            ends[t] = word * count + np.int64(offsets[k + 1])
            _prefetch(entries, begins[t])
        filled = 0
        for t in range(probes):
            for p in range(begins[t], ends[t]):
                block[filled] = entries[p]
                _prefetch(limbs, block[filled] * len(query))
                filled += 1
                if filled == BLOCK:
                    found = compare(
                        limbs, block, filled, query, radius, keys, radii, word, bits, found, positions, distances
                    )
                    filled = 0
        found = compare(limbs, block, filled, query, radius, keys, radii, word, bits, found, positions, distances)
    return found


@compiled
def search(
    limbs: NDArray[np.uint64],
    offsets: NDArray[np.uint32],
    entries: NDArray[np.uint32],
    flips: NDArray[np.int64],
    shells: NDArray[np.int64],
    count: int,
    words: int,
    bits: int,
    query: tuple[np.uint64, ...],
    radius: int,
    scan_cost: float,
    positions: NDArray[np.int64],
    distances: NDArray[np.int64],
) -> int:
    """Find every code within `radius` bits of `query`, each once.

    Args:
        limbs: (count * len(query),) all codes.
        offsets: (words * (2**bits + 1),) where each word's buckets begin in its part of `entries`.
        entries: (words * count,) code numbers, bucket after bucket.
        flips: masks to apply to a word, fewest bits first; `shells[s]:shells[s + 1]` are those with `s` bits.
        shells: (HIGHEST_SHELL + 2,) see `flips`.
        count: how many codes there are.
        words: how many words a code is cut into.
        bits: length of a word; bits left over count in distances only.
        query: limbs of the code to look for.
        radius: largest distance that matches.
        scan_cost: nanoseconds a code for reading everything, against which looking up is weighed.
        positions: filled with the numbers of the codes found, as far as it reaches.
        distances: filled with their distances.

    Returns:
        How many codes match; if more than `positions` holds, repeat the call with larger arrays.
    """
    width = len(query)
    target = np.empty(width, np.uint64)
    for k in range(width):
        target[k] = query[k]
    keys = np.empty(words, np.int64)
    for w in range(words):
        keys[w] = word_at(target, 0, w, bits)
    radii = np.empty(words, np.int64)
    cost = plan_radii(estimate_steps(offsets, keys, flips, shells, bits), radius, radii)
    if cost == np.inf or cost > count * scan_cost:
        return scan(limbs, count, query, radius, positions, distances)
    found = 0
    for w in range(words):
        masks = flips[: shells[radii[w] + 1]]
        found = probe(
            limbs, offsets, entries, masks, count, bits, query, radius, keys, radii, w, found, positions, distances
        )
    return found


@compiled
def build_table(
    limbs: NDArray[np.uint64],
    count: int,
    width: int,
    word: int,
    bits: int,
    offsets: NDArray[np.uint32],
    entries: NDArray[np.uint32],
) -> None:
    """Fill one word's `offsets` (2**bits + 1) and `entries` (count) by a counting sort."""
    offsets[:] = 0
    for i in range(count):
        offsets[word_at(limbs, i * width, word, bits) + 1] += 1
    for k in range(offsets.size - 1):
        offsets[k + 1] += offsets[k]
    for i in range(count):
        key = word_at(limbs, i * width, word, bits)
        entries[offsets[key]] = i
        offsets[key] += 1
    for k in range(offsets.size - 1, 0, -1):  # each now holds where its bucket ends, which is where the next begins
        offsets[k] = offsets[k - 1]
    offsets[0] = 0


@compiled
def spread(codes: NDArray[np.uint8], table: NDArray[np.uint64], limbs: NDArray[np.uint64]) -> None:
    """Reorder the bits of `codes` (n, bytes) into `limbs` (n, limbs); `table` (bytes, 256, limbs) says how."""
    limbs[:] = 0
    for i in range(codes.shape[0]):
        for b in range(codes.shape[1]):
            for k in range(limbs.shape[1]):
                limbs[i, k] |= table[b, codes[i, b], k]


@compiled
def checksum(values: NDArray[np.uint64]) -> int:
    """Return a 64-bit checksum of `values` at about the speed of memory; a change of any one value changes it.

    Limits: finds damage, not malice.
    """
    prime = np.uint64(0x9E3779B97F4A7C15)  # odd, so multiplying by it loses nothing
    a, b, c, d = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    whole = values.size // 4 * 4
    for i in range(0, whole, 4):  # four lanes, because each step waits for the one before
        a = (a ^ values[i]) * prime
        b = (b ^ values[i + 1]) * prime
        c = (c ^ values[i + 2]) * prime
        d = (d ^ values[i + 3]) * prime
        a ^= a >> np.uint64(29)
        b ^= b >> np.uint64(29)
        c ^= c >> np.uint64(29)
        d ^= d >> np.uint64(29)
    for i in range(whole, values.size):
        a = (a ^ values[i]) * prime
        a ^= a >> np.uint64(29)
    mixed = np.uint64(values.size)
    for lane in (a, b, c, d):
        mixed = (mixed ^ lane) * prime
        mixed ^= mixed >> np.uint64(32)
    return int(mixed)
