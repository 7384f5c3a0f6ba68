"""The clauses that a verdict may cite, each with what it is about: nobody knows by heart what a rule 3.9 says."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from api.desk.language import Words, find_language, load_words
from api.desk.retelling import Retelling

if TYPE_CHECKING:
    from fastapi import Request

    from policies.rules.pack import Pack

_NAMED: Final = 3
"""What a clause is about is named this often; the list of a select has one line for each clause."""
_LENGTH: Final = 90


def list_choices(
    request: "Request", packs: "Iterable[Pack]", clauses: Iterable[str], found: Iterable[str] = ()
) -> list[tuple[str, str]]:
    """Return (clause, what a person reads) of clauses, in the language of who asks, in their order.

    Of what a clause is about, the categories that were `found` are named first.
    """
    words = load_words(find_language(request))
    retelling, about = Retelling(words), _collect(words, packs, found)
    return [(one, _spell(words, retelling.tell_clause(one), about.get(one, ()))) for one in clauses]


def _collect(words: Words, packs: "Iterable[Pack]", found: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what the packs rest on each clause, what was found first."""
    from policies.review.verdicts import HUMAN_REVIEW

    retelling = Retelling(words)
    about: dict[str, dict[str, None]] = {HUMAN_REVIEW: {words.tell("reasons.judgement"): None}}
    for pack in packs:
        for limit in pack.thresholds:
            about.setdefault(limit.clause, {})[words.name("category", limit.category)] = None
        for rule in pack.rules:
            text = retelling.tell_pack(pack.name, f"rules.{rule.id}", rule.text)
            about.setdefault(rule.clause, {})[text] = None
        for part in pack.requires:
            detector = words.name("detectors", part.detector)
            about.setdefault(part.clause, {})[words.tell("reasons.unanswered", detector=detector)] = None
    first = {words.name("category", category) for category in found}
    return {clause: tuple(sorted(parts, key=lambda part: part not in first)) for clause, parts in about.items()}


def _spell(words: Words, clause: str, about: tuple[str, ...]) -> str:
    """Return one line: the clause, then the first of what it is about."""
    if not about:
        return clause
    told = words.tell("reasons.comma").join(about[:_NAMED]) + (" …" if len(about) > _NAMED else "")
    return f"{clause} · {told if len(told) <= _LENGTH else told[: _LENGTH - 2].rstrip() + ' …'}"
