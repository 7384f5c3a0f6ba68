"""Conditions of packs, in CEL: parsed and checked when a pack is loaded, evaluated for one asset.

What it trusts: the CEL library to end. CEL has no loops, but nested macros over lists multiply, so a condition is short
and has at most two of them. Everything a condition may name is checked before it ever runs; what still goes wrong at
run time is a `ConditionError`, which the engine turns into a HOLD.
Source: CEL language definition, https://github.com/google/cel-spec.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import isnan
from typing import Any, Final, NamedTuple

import cel

from detectors.base import Signal, Status
from policies.context import CONDITION_FIELDS, Context
from policies.vocabulary import ASSET_FIELDS, SIGNAL_FIELDS
from provenance.asset import Asset
from provenance.errors import ConditionError

LENGTH_LIMIT: Final = 1000
"""Characters in one condition."""

MACRO_LIMIT: Final = 2
"""List macros in one condition; two nested over 1,000 items each take 0.9 s, three would take a quarter of an hour."""

MACROS: Final = ("all", "exists", "existsOne", "exists_one", "filter", "map")
FUNCTIONS: Final = ("contains", "double", "endsWith", "int", "matches", "size", "startsWith", "string")
"""Functions that conditions may call, besides operators, ``has`` and the macros."""

ROOTS: Final[Mapping[str, tuple[str, ...]]] = {
    "asset": ASSET_FIELDS,
    "context": CONDITION_FIELDS,
    "scores": (),
    "signals": (),
}
"""Variables that conditions may read."""

# Every class that the CEL library raises while it evaluates.
_EVALUATION_ERRORS: Final = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
# The least and greatest CEL int.
_INT_RANGE: Final = range(-(2**63), 2**63)


class Flaw(NamedTuple):
    """Something wrong with a condition: what, a hint or "", and where in its text, from 0, or None."""

    message: str
    hint: str = ""
    offset: int | None = None


class ConditionFlawedError(ConditionError):
    """A condition does not parse, or names what does not exist.

    Attributes:
        flaws: everything found.
    """

    code = "policy.condition_flawed"

    def __init__(self, flaws: tuple[Flaw, ...]) -> None:
        super().__init__("; ".join(flaw.message for flaw in flaws))
        self.flaws = flaws


@dataclass(frozen=True, slots=True)
class Condition:
    """One checked condition; made by `parse_condition`."""

    text: str
    _program: Any = field(repr=False, compare=False)

    def evaluate(self, variables: "Variables") -> bool:
        """Return what the condition says about one asset.

        Raises:
            ConditionError: it cannot be evaluated, such as a score that no detector gave, or does not answer true or
                false.
        """
        try:
            answer = self._program.execute(variables.context)
        except _EVALUATION_ERRORS as exc:
            raise ConditionError(f"cannot evaluate {self.text!r}: {_describe(exc)}") from exc
        if not isinstance(answer, bool):
            raise ConditionError(f"expected {self.text!r} to be true or false, got {type(answer).__name__}")
        return answer


@dataclass(frozen=True, slots=True)
class Variables:
    """What the conditions of one decision read, converted once."""

    context: Any


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
    return _build(
        {
            "asset": {name: _plain(getattr(asset, name)) for name in ASSET_FIELDS},
            "context": {name: _plain(getattr(context, name)) for name in CONDITION_FIELDS},
            "scores": scores,
            "signals": {name: {**entry, "status": str(entry["status"])} for name, entry in merged.items()},
        }
    )


def parse_condition(unverified_text: str, *, categories: Collection[str], detectors: Collection[str]) -> Condition:
    """Check a condition and return it ready to run.

    Raises:
        ConditionFlawedError: with everything that is wrong with it.
    """
    if len(unverified_text) > LENGTH_LIMIT:
        raise ConditionFlawedError((Flaw(f"condition of {len(unverified_text)} characters, at most {LENGTH_LIMIT}"),))
    try:
        program = cel.compile(unverified_text)
    except ValueError as exc:
        raise ConditionFlawedError((_syntax_flaw(unverified_text, str(exc)),)) from exc
    flaws = [*_name_flaws(unverified_text, program), *_member_flaws(unverified_text, categories, detectors)]
    if not flaws:
        flaws.extend(_trial_flaws(program, categories, detectors))
    if flaws:
        raise ConditionFlawedError(tuple(flaws))
    return Condition(text=unverified_text, _program=program)


def suggest(name: str, known: Collection[str]) -> str:
    """Return a hint for a name that is not among `known`."""
    close = get_close_matches(name, sorted(known), n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"


def _build(variables: Mapping[str, Any]) -> Variables:
    return Variables(context=cel.Context(variables=dict(variables)))


def _plain(value: object) -> object:
    """Return `value` as something that CEL can hold; evidence may hold anything that is JSON."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value) if value in _INT_RANGE else float(value)
    if value is None or isinstance(value, (bool, float)):
        return value
    return str(value)


def _describe(exc: Exception) -> str:
    if isinstance(exc, KeyError):
        return f"there is no {exc.args[0]!r}"
    return str(exc).splitlines()[0]


def _syntax_flaw(text: str, report: str) -> Flaw:
    found = re.search(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)", report)
    if found is None:
        return Flaw("condition is not CEL")
    line, column, detail = int(found[1]), int(found[2]), found[3]
    offset = sum(len(part) for part in text.splitlines(keepends=True)[: line - 1]) + column - 1
    hint = "CEL compares with == and joins with && and ||" if re.search(r"[^=!<>]=[^=]|\b(and|or|not)\b", text) else ""
    return Flaw(f"condition is not CEL: {detail.split(' expecting ')[0]}", hint, min(offset, len(text)))


def _blank(text: str) -> str:
    """Return `text` with what stands in quotes and comments blanked out, at the same length."""
    pattern = r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|//[^\n]*)"""
    return re.sub(pattern, lambda found: " " * len(found[0]), text)


def _name_flaws(text: str, program: Any) -> Iterator[Flaw]:  # noqa: ANN401 - the CEL library has no types we can import
    blank = _blank(text)
    bound = set(re.findall(rf"\.\s*(?:{'|'.join(MACROS)})\s*\(\s*(\w+)\s*,", blank))
    for name in program.variables():
        if name not in ROOTS and name not in bound:
            yield Flaw(f"unknown variable {name!r}", suggest(name, ROOTS), _find(blank, name))
    for name in sorted(bound & ROOTS.keys()):
        yield Flaw(f"a macro may not rename {name!r}", "choose another name", _find(blank, name))
    for name in program.functions():
        if re.fullmatch(r"\w+", name) and not name.startswith("_") and name not in FUNCTIONS:
            yield Flaw(f"unknown function {name!r}", suggest(name, (*FUNCTIONS, *MACROS, "has")), _find(blank, name))
    macros = re.findall(rf"\b(?:{'|'.join(MACROS)})\b", blank)
    if len(macros) > MACRO_LIMIT:
        yield Flaw(f"condition has {len(macros)} list macros, at most {MACRO_LIMIT}", "split it into two rules")


def _find(text: str, name: str) -> int | None:
    found = re.search(rf"(?<![\w]){re.escape(name)}(?!\w)", text)
    return None if found is None else found.start()


def _member_flaws(text: str, categories: Collection[str], detectors: Collection[str]) -> Iterator[Flaw]:
    known = {**ROOTS, "scores": tuple(categories), "signals": tuple(detectors)}
    nouns = {"asset": "field of asset", "context": "field of context", "scores": "category", "signals": "detector"}
    for root, name, offset in _members(text):
        if name not in known[root]:
            yield Flaw(f"unknown {nouns[root]} {name!r}", suggest(name, known[root]), offset)
    for found in re.finditer(r"\bsignals\s*(?:\.\s*\w+|\[[^\]]*\])\s*\.\s*(\w+)", text):
        if found[1] not in SIGNAL_FIELDS:
            yield Flaw(f"unknown part of a signal {found[1]!r}", suggest(found[1], SIGNAL_FIELDS), found.start(1))


def _members(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield each name that is looked up in a root: ``root.name``, ``root["name"]`` and ``"name" in root``."""
    roots = "|".join(ROOTS)
    for found in re.finditer(rf"(?<![\w.])({roots})\s*\.\s*(\w+)(\s*\()?", _blank(text)):
        if found[3] is None:
            yield found[1], found[2], found.start(2)
    for found in re.finditer(rf"(?<![\w.])({roots})\s*\[\s*([\"'])([^\"']*)\2", text):
        yield found[1], found[3], found.start(3)
    for found in re.finditer(rf"([\"'])([^\"']*)\1\s+in\s+({roots})\b(?!\s*\.)", text):
        yield found[3], found[2], found.start(2)


def _trial_flaws(program: Any, categories: Collection[str], detectors: Collection[str]) -> Iterator[Flaw]:  # noqa: ANN401 - see above
    """Run the condition twice on made-up values, to find operands that can never be compared."""
    for score in (0.0, 1.0):
        scores = dict.fromkeys(categories, score)
        signal = {"status": "ok", "scores": scores, "evidence": []}
        variables = _build(
            {
                "asset": {"media_type": "image/png", "origin": "generated", "width": 1, "height": 1, "size_bytes": 1},
                "context": dict.fromkeys(("explicit_label_waived", "timestamp_available"), bool(score))
                | {"tenant": "", "jurisdictions": []},
                "scores": scores,
                "signals": dict.fromkeys(detectors, signal),
            }
        )
        try:
            answer = program.execute(variables.context)
        except (TypeError, RuntimeError) as exc:
            yield Flaw(f"condition cannot work: {_describe(exc).split('. ')[0].rstrip('.')}")
            return
        except _EVALUATION_ERRORS:
            continue
        if not isinstance(answer, bool):
            yield Flaw(f"condition gives {type(answer).__name__}, expected true or false", "compare it with something")
            return
