"""Conditions of packs, in CEL, evaluated for one asset.

A condition was checked when its pack was loaded (`policies.rules.condition_checks`); what still goes wrong at run time,
such as a score that no detector gave, is a `ConditionError`, which the engine turns into a HOLD.
Source: CEL language definition, https://github.com/google/cel-spec.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any, Final

from detectors.base import Signal, Status
from policies.rules.cel_library import load_cel
from policies.rules.condition_cost import ASSUMED, MOST_IN_ALL_US, MOST_US, Size, measure_values, weigh
from policies.rules.condition_syntax import Node
from policies.rules.context import CONDITION_FIELDS, Context
from policies.rules.patterns import compile_pattern
from policies.rules.vocabulary import ASSET_FACTS, ASSET_FIELDS, TEXT_BYTES
from provenance.asset import Asset
from provenance.errors import ConditionError

ROOTS: Final = ("asset", "context", "scores", "signals")
"""Variables that conditions may read."""

NESTING_LIMIT: Final = 32
"""Levels of evidence that conditions see; what lies deeper reads as an empty text."""

EVALUATION_ERRORS: Final = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
"""Every class that the CEL library raises while it evaluates."""

# CEL language definition, "Numeric values": int is 64-bit and signed.
_INT_RANGE: Final = range(-(2**63), 2**63)


MATCHES: Final = "_matches"
"""What ``matches`` is called where it runs: ours, which compiles a pattern once, and takes time in proportion."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One checked condition; made by `parse_condition`."""

    text: str
    _program: Any = field(repr=False, compare=False)
    _tree: Node = field(repr=False, compare=False)
    _cost_us: float = field(repr=False, compare=False)

    def evaluate(self, variables: "Variables") -> bool:
        """Return what the condition says about one asset.

        Raises:
            ConditionError: it cannot be evaluated, such as a score that no detector gave, does not answer true or
                false, or could take too long on what there is to read.
        """
        is_as_checked = variables.size.items <= ASSUMED.items and variables.size.weight <= ASSUMED.weight
        variables.spend(self._cost_us if is_as_checked else weigh(self._tree, variables.size), self.text)
        try:
            answer = self._program.execute(variables.context)
        except EVALUATION_ERRORS as exc:
            raise ConditionError(f"cannot evaluate {self.text!r}: {describe_error(exc)}") from exc
        if not isinstance(answer, bool):
            raise ConditionError(f"expected {self.text!r} to be true or false, got {type(answer).__name__}")
        return answer


@dataclass(frozen=True, slots=True)
class Variables:
    """What the conditions of one decision read, converted once.

    Attributes:
        context: of the CEL library.
        size: how large the values are.
        spent_us: what the conditions so far can have taken at most, one figure for each.
    """

    context: Any
    size: Size
    spent_us: list[float] = field(default_factory=list)

    @classmethod
    def build(cls, roots: Mapping[str, Any]) -> "Variables":
        """Convert the values of the four roots."""
        return cls(load_cel().Context(variables=dict(roots), functions={MATCHES: match_pattern}), measure_values(roots))

    def spend(self, cost_us: float, text: str) -> None:
        """Note what a condition can take before it runs; nothing can end it while it does.

        Raises:
            ConditionError: that is too much for one condition, or for all of this decision together.
        """
        self.spent_us.append(cost_us)
        if cost_us > MOST_US:
            raise ConditionError(f"{text!r} could take {cost_us / 1e6:.1f} s on so much evidence, at most 1 s")
        if sum(self.spent_us) > MOST_IN_ALL_US:
            raise ConditionError(f"the conditions up to {text!r} could take more than 5 s together")


def match_pattern(text: str, pattern: str) -> bool:
    """Tell whether `pattern`, a regular expression of RE2, is found in `text`; in time in proportion to both.

    Raises:
        ValueError: RE2 does not take the pattern.
    """
    return compile_pattern(pattern).search(text) is not None


def build_variables(asset: Asset, signals: Sequence[Signal], context: Context) -> Variables:
    """Return what conditions may read about one asset; independent of the order of `signals`."""
    scores: dict[str, float] = {}
    merged: dict[str, dict[str, Any]] = {}
    for signal in sorted(signals, key=repr):
        entry = merged.setdefault(signal.detector, {"status": Status.OK, "scores": {}, "evidence": []})
        entry["status"] = max(entry["status"], signal.status, key=tuple(Status).index)
        entry["evidence"] += [_plain(item) for item in signal.evidence]
        for category, score in signal.scores.items():
            if not isnan(score):
                entry["scores"][category] = max(float(score), entry["scores"].get(category, float("-inf")))
                scores[category] = max(float(score), scores.get(category, float("-inf")))
    return Variables.build(
        {
            "asset": {**_plain_facts(asset)},
            "context": {name: _plain(getattr(context, name)) for name in CONDITION_FIELDS},
            "scores": scores,
            "signals": {name: {**entry, "status": str(entry["status"])} for name, entry in merged.items()},
        }
    )


def _plain_facts(asset: Asset) -> dict[str, object]:
    """Return what is known of an asset; a fact that its medium does not have is not there, so asking for it holds."""
    facts = {name: asset.facts[name] for name in ASSET_FACTS if name in asset.facts}
    facts |= {TEXT_BYTES: asset.facts.get(TEXT_BYTES, asset.size_bytes)}
    return {name: _plain(value) for name, value in facts.items()} | {
        name: _plain(getattr(asset, name)) for name in ASSET_FIELDS if name not in {*ASSET_FACTS, TEXT_BYTES}
    }


def _plain(value: object, depth: int = 0) -> object:
    """Return `value` as something that CEL can hold; evidence may hold anything that is JSON."""
    if depth > NESTING_LIMIT:
        return ""
    if isinstance(value, Mapping):
        return {_text(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    if value is None or isinstance(value, (bool, float)):
        return value
    return value if isinstance(value, int) and value in _INT_RANGE else _text(value)


def _text(value: object) -> str:
    """Return `value` as text that can be encoded: evidence may quote a file's metadata, lone surrogates and all."""
    return str(value).encode(errors="replace").decode()


def describe_error(exc: Exception) -> str:
    """Return what the CEL library complains of, in one line."""
    if isinstance(exc, KeyError):
        return f"there is no {exc.args[0]!r}"
    if isinstance(exc, TypeError):
        return "its operands are of unlike types"
    return str(exc).splitlines()[0]
