"""What a condition must satisfy before it may ever run: it parses, is bounded, and names only what exists.

What it trusts: nothing to end by itself. CEL has no loops, but nested macros over lists multiply, so a condition is
short, has at most two of them, and is weighed (`policies.rules.condition_cost`). Its patterns are texts that RE2 takes,
which matches in linear time. A trial run on made-up values then finds operands that can never be compared.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, NamedTuple

from policies.rules.cel_library import load_cel
from policies.rules.condition_cost import ASSUMED, MOST_US, weigh
from policies.rules.condition_syntax import MACROS, ConditionSyntaxError, Node, parse_tree, read_literal
from policies.rules.conditions import (
    EVALUATION_ERRORS,
    MATCHES,
    ROOTS,
    Condition,
    Variables,
    describe_error,
)
from policies.rules.context import CONDITION_FIELDS
from policies.rules.patterns import compile_pattern
from policies.rules.vocabulary import ASSET_FIELDS, SIGNAL_FIELDS
from provenance.errors import ConditionError

LENGTH_LIMIT: Final = 1000
"""Characters in one condition."""

MACRO_LIMIT: Final = 2
"""List macros in one condition; two nested over 1,000 items each take 0.9 s, three would take a quarter of an hour."""

FUNCTIONS: Final = ("contains", "double", "endsWith", "int", "matches", "size", "startsWith", "string")
"""Functions that conditions may call, besides operators, ``has`` and the macros."""


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


def parse_condition(unverified_text: str, *, categories: Collection[str], detectors: Collection[str]) -> Condition:
    """Check a condition and return it ready to run.

    Raises:
        ConditionFlawedError: with everything that is wrong with it.
    """
    if len(unverified_text) > LENGTH_LIMIT:
        raise ConditionFlawedError((Flaw(f"condition of {len(unverified_text)} characters, at most {LENGTH_LIMIT}"),))
    try:
        program = load_cel().compile(unverified_text)
    except ValueError as exc:
        raise ConditionFlawedError((_syntax_flaw(unverified_text, str(exc)),)) from exc
    flaws = [*_name_flaws(unverified_text, program), *_member_flaws(unverified_text, categories, detectors)]
    if flaws:
        raise ConditionFlawedError(tuple(flaws))
    try:
        tree = parse_tree(unverified_text)
    except ConditionSyntaxError as exc:
        raise ConditionFlawedError((Flaw(f"condition cannot be weighed: {exc}", "", exc.offset),)) from exc
    cost_us = weigh(tree, ASSUMED)
    flaws = [*_call_flaws(tree), *_cost_flaws(cost_us)]
    if not flaws:
        program = load_cel().compile(_rename_matches(unverified_text, tree))
        flaws.extend(_trial_flaws(program, categories, detectors))
    if flaws:
        raise ConditionFlawedError(tuple(flaws))
    return Condition(unverified_text, program, tree, cost_us)


def _call_flaws(tree: Node) -> Iterator[Flaw]:
    """Yield what is wrong with the functions that are called, the patterns first of all."""
    for node in tree.walk():
        if node.kind == "call" and node.value not in {*FUNCTIONS, "has"}:
            yield Flaw(f"unknown function {node.value!r}", suggest(node.value, FUNCTIONS), node.offset)
        if node.kind != "call" or node.value != "matches":
            continue
        pattern = read_literal(node.children[-1]) if node.has_target and len(node.children) == 2 else None
        if pattern is None:
            yield Flaw("a pattern has to be a text in quotes", "text.matches('pattern')", node.offset)
            continue
        try:
            compile_pattern(pattern)
        except ValueError as exc:
            yield Flaw(f"no pattern: {exc}", "patterns are those of RE2", node.children[-1].offset)


def _cost_flaws(cost_us: float) -> Iterator[Flaw]:
    if cost_us > MOST_US:
        yield Flaw(
            f"condition could take {cost_us / 1e6:.1f} s on {ASSUMED.items:.0f} items of evidence, at most 1 s",
            "nest fewer lists",
        )


def _rename_matches(text: str, tree: Node) -> str:
    """Return the text as it runs: with our own ``matches``."""
    found = [node.offset for node in tree.walk() if node.kind == "call" and node.value == "matches"]
    for offset in sorted(found, reverse=True):
        text = f"{text[:offset]}{MATCHES}{text[offset + len('matches') :]}"
    return text


def suggest(name: str, known: Collection[str]) -> str:
    """Return a hint for a name that is not among `known`."""
    names = sorted(map(str, known))
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"


def _syntax_flaw(text: str, report: str) -> Flaw:
    found = re.search(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)", report)
    if found is None:
        return Flaw("condition is not CEL")
    line, column, detail = int(found[1]), int(found[2]), found[3]
    offset = sum(len(part) for part in text.splitlines(keepends=True)[: line - 1]) + column - 1
    hint = (
        "CEL compares with == and joins with && and ||"
        if re.search(r"[^=!<>]=[^=]|\b(and|or|not)\b", _blank(text))
        else ""
    )
    return Flaw(f"condition is not CEL: {_reword(detail)}", hint, min(offset, len(text)))


def _reword(detail: str) -> str:
    """Return what the CEL library says without what it expected and without its own structures in debugging form."""
    if limit := re.search(r"Recursion limit of (\d+) exceeded", detail):
        return f"nested more than {limit[1]} deep"
    said, _, _ = detail.partition(" expecting ")
    return re.sub(r": \w+ \{.*", "", said)  # such as ": InvalidUnicode { source: ..."


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
    for name in sorted(bound.intersection(ROOTS)):
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
    known: Mapping[str, Collection[str]] = {
        "asset": ASSET_FIELDS,
        "context": CONDITION_FIELDS,
        "scores": categories,
        "signals": detectors,
    }
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
    for variables in _build_trials(frozenset(categories), frozenset(detectors)):
        try:
            answer = program.execute(variables.context)
        except (TypeError, RuntimeError) as exc:
            yield Flaw(f"condition cannot work: {describe_error(exc).split('. ')[0].rstrip('.')}")
            return
        except EVALUATION_ERRORS:
            continue
        if not isinstance(answer, bool):
            yield Flaw(f"condition gives {type(answer).__name__}, expected true or false", "compare it with something")
            return


_CONTEXT_FLAGS: Final = ("explicit_label_waived", "from_picture", "portrayed", "timestamp_available")


@lru_cache(maxsize=8)
def _build_trials(categories: frozenset[str], detectors: frozenset[str]) -> tuple[Variables, ...]:
    """Return made-up values to try conditions on; the same for all conditions of a pack, and for most packs."""
    trials = []
    for score in (0.0, 1.0):
        scores = dict.fromkeys(sorted(categories), score)
        signal = {"status": "ok", "scores": scores, "evidence": []}
        trials.append(
            Variables.build(
                {
                    "asset": {
                        "media_type": "image/png", "origin": "generated", "width": 1, "height": 1, "size_bytes": 1,
                        "text_bytes": 1,
                    },
                    "context": dict.fromkeys(_CONTEXT_FLAGS, bool(score))
                    | {"tenant": "", "jurisdictions": [], "purpose": "", "consent": "none"},
                    "scores": scores,
                    "signals": dict.fromkeys(sorted(detectors), signal),
                }
            )
        )  # fmt: skip
    return tuple(trials)
