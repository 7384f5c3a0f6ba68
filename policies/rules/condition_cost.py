"""How long a condition can take at most: weighed on its tree, for lists and texts of given sizes.

CEL has no loops, but its macros multiply, and ``map`` and ``filter`` copy what they have made for each item that they
add. So each condition has a weight, in microseconds of a slow machine: at check for sizes that are assumed, and again
for the sizes at hand before it runs. What weighs too much does not run, because nothing can end it while it does.

A pattern is weighed by its instructions, because RE2 may go through all of them at each sign.

The figures are of common-expression-language 0.10 on one 2.5 GHz core, measured and doubled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from policies.rules.condition_syntax import Node, read_literal
from policies.rules.patterns import measure_pattern

MOST_US: Final = 1_000_000.0
"""One condition."""

MOST_IN_ALL_US: Final = 5_000_000.0
"""All conditions of one decision."""

# A step of the interpreter; the same and the next item of a macro; an item or sign looked at, or copied; a sign
# searched, or matched by one instruction of a pattern; a call into Python.
_STEP: Final = 0.4
_ITEM: Final = 2.4
_LOOK: Final = 0.06
_COPY: Final = 0.2
_SEARCH: Final = 0.004
_MATCH: Final = 0.02
_CALL: Final = 6.0

_COPYING: Final = frozenset({"map", "filter"})
_SEARCHING: Final = frozenset({"contains", "startsWith", "endsWith"})
_LOOKING: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})


@dataclass(frozen=True, slots=True)
class Size:
    """How large a value can be.

    Attributes:
        items: of the longest list or mapping in it.
        weight: items and signs in all.
    """

    items: float
    weight: float


ASSUMED: Final = Size(items=100, weight=10_000)
"""What evidence is taken to be when a pack is checked."""

_SMALL: Final = Size(0, 8)


def measure_values(values: Mapping[str, Any]) -> Size:
    """Return how large the values are that conditions read."""
    items = weight = 0
    waiting: list[object] = [values]
    while waiting:
        value = waiting.pop()
        weight += 1
        if isinstance(value, str):
            weight += len(value)
        elif isinstance(value, Mapping):
            items = max(items, len(value))
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, Sequence):
            items = max(items, len(value))
            waiting += value
    return Size(items, weight)


def weigh(tree: Node, variables: Size) -> float:
    """Return the most microseconds that a condition takes where the largest variable has this size."""
    return _weigh(tree, variables, {})[0]


def _weigh(node: Node, variables: Size, bound: Mapping[str, Size]) -> tuple[float, Size]:
    """Return (microseconds, size of the value)."""
    leaves = {"text": Size(0, len(node.value)), "number": _SMALL, "name": bound.get(node.value, variables)}
    if node.kind in leaves:
        return _STEP, leaves[node.kind]
    if node.kind == "macro":
        return _weigh_macro(node, variables, bound)
    weighed = [_weigh(child, variables, bound) for child in node.children]
    cost = _STEP + sum(cost for cost, _ in weighed)
    sizes = [size for _, size in weighed]
    own, size = _weigh_operation(node, sizes)
    return cost + own, size


def _weigh_operation(node: Node, sizes: Sequence[Size]) -> tuple[float, Size]:
    total = Size(sum(size.items for size in sizes), sum(size.weight for size in sizes))
    if node.kind in {"list", "map"}:
        return 0.0, Size(max([len(sizes), *(size.items for size in sizes)]), len(sizes) + total.weight)
    if node.kind in {"select", "index"}:
        return 0.0, sizes[0]
    if node.kind == "if":
        return 0.0, Size(max(size.items for size in sizes[1:]), max(size.weight for size in sizes[1:]))
    return _weigh_sign_or_call(node, sizes, total)


def _weigh_sign_or_call(node: Node, sizes: Sequence[Size], total: Size) -> tuple[float, Size]:
    if node.kind == "binary" and node.value == "+":
        return _COPY * total.weight, total
    if node.kind == "binary" and node.value in _LOOKING:
        # A list is gone through for `in`; two values are compared until the shorter one ends.
        seen = sizes[1].weight if node.value == "in" else min(size.weight for size in sizes)
        return _LOOK * seen, _SMALL
    if node.value == "matches":
        return _CALL + _MATCH * total.weight * _measure_pattern(node), _SMALL
    if node.value in _SEARCHING:
        return _SEARCH * total.weight, _SMALL
    if node.value == "string":
        return _COPY * total.weight, total
    return _LOOK * total.weight if node.kind == "call" else 0.0, _SMALL


def _measure_pattern(node: Node) -> int:
    """Return how many instructions the pattern of a ``matches`` is; what is none is told by the checks."""
    try:
        return measure_pattern(read_literal(node.children[-1]) or "")
    except ValueError:
        return 1


def _weigh_macro(node: Node, variables: Size, bound: Mapping[str, Size]) -> tuple[float, Size]:
    """Weigh what is done for each item, as often as there are items."""
    source, name, *bodies = node.children
    cost, size = _weigh(source, variables, bound)
    # Together the items weigh what the list does, and every cost below grows evenly with a weight.
    item = Size(size.items, size.weight / max(1, size.items))
    weighed = [_weigh(body, variables, {**bound, name.value: item}) for body in bodies]
    cost += _STEP + size.items * (_ITEM + sum(own for own, _ in weighed))
    if node.value not in _COPYING:
        return cost, _SMALL
    made = item if node.value == "filter" else weighed[-1][1]
    cost += _COPY * size.items**2 * (1 + made.weight)
    if node.value == "filter":
        return cost, size
    return cost, Size(max(size.items, made.items), size.items * (1 + made.weight))
