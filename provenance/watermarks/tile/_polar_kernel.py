"""Compiled loops of the polar code: encoding, and decoding that keeps a list of the likeliest messages.

Sources: Arikan 2009 (arXiv:0807.3917); Tal and Vardy 2011, "List decoding of polar codes" (arXiv:1206.0050);
Balatsoukas-Stimming et al. 2014 for the metric in log-likelihood ratios (arXiv:1401.3753).
"""

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed

Bits = NDArray[np.uint8]
Floats = NDArray[np.float32]


@compiled_for_speed
def transform(columns: Bits) -> None:
    """Multiply each column of (N, C) bits by the Kronecker power of [[1, 0], [1, 1]], in place; its own inverse."""
    length, count = columns.shape
    step = 1
    while step < length:
        for start in range(0, length, 2 * step):
            for i in range(start, start + step):
                for c in range(count):
                    columns[i, c] ^= columns[i + step, c]
        step *= 2


@compiled_for_speed
def _descend(ratios: Floats, sums: Bits, position: int, depth: int, lowest: int) -> None:
    """Recompute one path's ratios from stage `depth` down to stage `lowest` above the leaf at `position`."""
    for stage in range(depth - 1, lowest - 1, -1):
        size = 1 << stage
        if position >> stage & 1:
            for j in range(size):
                left, right = ratios[2 * size + j], ratios[3 * size + j]
                ratios[size + j] = right + left if sums[0, size + j] == 0 else right - left
        else:
            for j in range(size):
                left, right = ratios[2 * size + j], ratios[3 * size + j]
                least = min(abs(left), abs(right))
                ratios[size + j] = least if (left < 0) == (right < 0) else -least


@compiled_for_speed
def _ascend(sums: Bits, position: int, lowest: int, length: int) -> None:
    """Combine the finished halves above stage `lowest` at `position`, as far as they are finished."""
    size, place = 1 << lowest, position >> lowest
    while place & 1 and 2 * size < length:
        place >>= 1
        side = place & 1
        for j in range(size):
            left, right = sums[0, size + j], sums[1, size + j]
            sums[side, 2 * size + j] = left ^ right
            sums[side, 3 * size + j] = right
        size *= 2


@compiled_for_speed
def _fork(
    ratios: Floats, sums: Bits, messages: Bits, metrics: Floats, active: int, index: int, used: tuple[int, int]
) -> int:
    """Let every path go on with 0 and with 1, keep the likeliest, and return how many there are.

    used: how many ratios and how many sums of a path are still read after this.
    """
    paths, count = len(metrics), 2 * active
    costs = np.empty(count, np.float32)
    for path in range(active):
        ratio = ratios[path, 1]
        costs[2 * path] = metrics[path] + max(-ratio, np.float32(0))
        costs[2 * path + 1] = metrics[path] + max(ratio, np.float32(0))
    keep = np.ones(count, np.bool_)
    if count > paths:
        for rank, which in enumerate(np.argsort(costs)):
            keep[which] = rank < paths
    free = np.empty(paths, np.int64)
    spare = 0
    for path in range(paths - 1, -1, -1):
        if path >= active or not (keep[2 * path] or keep[2 * path + 1]):
            free[spare] = path
            spare += 1
    for path in range(active):
        goes0, goes1 = keep[2 * path], keep[2 * path + 1]
        if goes0 and goes1:
            spare -= 1
            other = free[spare]
            ratios[other, : used[0]] = ratios[path, : used[0]]
            sums[other, 0, : used[1]] = sums[path, 0, : used[1]]
            messages[other] = messages[path]
            messages[other, index], metrics[other] = 1, costs[2 * path + 1]
        if goes0:
            messages[path, index], metrics[path] = 0, costs[2 * path]
        elif goes1:
            messages[path, index], metrics[path] = 1, costs[2 * path + 1]
    return min(count, paths)


@compiled_for_speed
def _count_used(position: int, stages: int) -> tuple[int, int]:
    """Return how many of a path's ratios and sums are read after the leaf at `position`.

    Ratios of a stage are read until its right half is begun, sums of a left half while its right half lasts.
    """
    ratios, sums = 0, 0
    for stage in range(stages):
        if position >> stage & 1:
            sums = 2 << stage
        elif stage + 1 < stages:
            ratios = 4 << stage
    return ratios, sums


@compiled_for_speed
def _root_of(position: int, is_frozen: NDArray[np.bool_], stages: int) -> int:
    """Return the stage of the largest subtree that begins at a position and is frozen throughout; 0 for a leaf."""
    lowest, size = 0, 1
    while is_frozen[position] and lowest + 1 < stages and position & (2 * size - 1) == 0:
        for leaf in range(position + size, position + 2 * size):
            if not is_frozen[leaf]:
                return lowest
        lowest, size = lowest + 1, 2 * size
    return lowest


@compiled_for_speed
def _freeze(ratios: Floats, sums: Bits, metrics: Floats, size: int) -> None:
    """Add to paths' metrics what a frozen subtree of so many leaves costs them; its sums are 0."""
    for path in range(sums.shape[0]):
        root, cost = ratios[path, size : 2 * size], np.float32(0)
        for j in range(size):
            cost += max(-root[j], np.float32(0))
        metrics[path] += cost
        sums[path, size : 2 * size] = 0


@compiled_for_speed
def _depth_of(position: int, stages: int) -> int:
    """Return the stage above which ratios are still those of the position before."""
    depth = stages
    if position:
        depth = 1
        while not position >> (depth - 1) & 1:
            depth += 1
    return depth


@compiled_for_speed
def decode_list(received: Floats, is_frozen: NDArray[np.bool_], messages: Bits) -> int:
    """Fill messages (L, K) with the likeliest messages, likeliest first, and return how many there are.

    A whole subtree of frozen leaves is one step: what its leaves add to a path's metric is what its root's ratios below
    zero add up to (Hashemi et al. 2016, arXiv:1604.08104).

    received: (N,) log-likelihood ratios, positive for 0. is_frozen: (N,), K of them false.
    """
    length, paths = len(received), len(messages)
    ratios, sums = np.empty((paths, 2 * length), np.float32), np.zeros((paths, 2, 2 * length), np.uint8)
    metrics, active, index = np.zeros(paths, np.float32), 1, 0
    for path in range(paths):
        ratios[path, length:] = received
    stages = 0
    while 1 << stages < length:
        stages += 1
    position = 0
    while position < length:
        lowest, depth = _root_of(position, is_frozen, stages), _depth_of(position, stages)
        for path in range(active):
            _descend(ratios[path], sums[path], position, depth, lowest)
        side = position >> lowest & 1
        if is_frozen[position]:
            _freeze(ratios, sums[:active, side], metrics, 1 << lowest)
        else:
            active = _fork(ratios, sums, messages, metrics, active, index, _count_used(position, stages))
            for path in range(active):
                sums[path, side, 1] = messages[path, index]
            index += 1
        for path in range(active):
            _ascend(sums[path], position, lowest, length)
        position += 1 << lowest
    messages[:active] = messages[:active][np.argsort(metrics[:active])]
    return active


@compiled_for_speed
def _descend_all(ratios: Floats, sums: Bits, position: int, depth: int, lowest: int) -> None:
    """Recompute the ratios of every column from stage `depth` down to stage `lowest` above the leaf at `position`."""
    for stage in range(depth - 1, lowest - 1, -1):
        size = 1 << stage
        for j in range(size):
            left, right, made, bits = ratios[2 * size + j], ratios[3 * size + j], ratios[size + j], sums[0, size + j]
            if position >> stage & 1:
                for c in range(made.shape[0]):
                    made[c] = right[c] + (left[c] if bits[c] == 0 else -left[c])
            else:
                for c in range(made.shape[0]):
                    least = min(abs(left[c]), abs(right[c]))
                    made[c] = least if (left[c] < 0) == (right[c] < 0) else -least


@compiled_for_speed
def _ascend_all(sums: Bits, position: int, lowest: int, length: int) -> None:
    """Combine every column's finished halves above stage `lowest` at `position`, as far as they are finished."""
    size, place = 1 << lowest, position >> lowest
    while place & 1 and 2 * size < length:
        place >>= 1
        side = place & 1
        for j in range(size):
            sums[side, 2 * size + j] = sums[0, size + j] ^ sums[1, size + j]
            sums[side, 3 * size + j] = sums[1, size + j]
        size *= 2


@compiled_for_speed
def measure_costs(received: Floats, is_frozen: NDArray[np.bool_], costs: Floats) -> None:
    """Fill costs (C,) with what the message costs that one path finds in each column: ratios that it contradicts.

    The columns go side by side, so that many are decoded in the time of a few.

    received: (N, C) log-likelihood ratios, positive for 0. is_frozen: (N,).
    """
    length, count = received.shape
    ratios, sums = np.empty((2 * length, count), np.float32), np.zeros((2, 2 * length, count), np.uint8)
    ratios[length:] = received
    costs[:] = 0
    stages = 0
    while 1 << stages < length:
        stages += 1
    position = 0
    while position < length:
        lowest = _root_of(position, is_frozen, stages)
        _descend_all(ratios, sums, position, _depth_of(position, stages), lowest)
        size, side = 1 << lowest, position >> lowest & 1
        if is_frozen[position]:
            for j in range(size, 2 * size):
                row = ratios[j]
                for c in range(count):
                    costs[c] += max(-row[c], np.float32(0))
            sums[side, size : 2 * size] = 0
        else:
            for c in range(count):
                sums[side, 1, c] = 1 if ratios[1, c] < 0 else 0
        _ascend_all(sums, position, lowest, length)
        position += size
