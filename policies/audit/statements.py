"""EU DSA statements of reasons (Article 17), one for each decision that withheld something, ready to be handed in.

Built from what the ledger and the packs say: rule names, clauses, texts of rules, scores. What moderators wrote, file
names and prompts stay out, for statements are public and must hold no personal data.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from policies.audit.statement_schema import MOST_AT_ONCE, TERRITORIES, find_problems
from policies.refusals import StatementInvalidError
from policies.review.reviewers import REVIEW
from policies.rules.decision import Decision, Outcome, Reason, spell_score
from provenance.asset import Asset, Origin

# Digital Services Act, Article 3(t): whatever is done to an item counts, and what never comes out is not accessible.
_VISIBILITY: Final = ["DECISION_VISIBILITY_CONTENT_DISABLED"]
_OTHER: Final = ("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "")
_PRIVACY: Final = "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"
_PRODUCTS: Final = ("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "KEYWORD_GOODS_SERVICES_NOT_PERMITTED")
_SEXUAL: Final = ("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "KEYWORD_ADULT_SEXUAL_MATERIAL")
_NUDITY: Final = ("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "KEYWORD_NUDITY")
CATEGORIES: Final[Mapping[str, tuple[str, str]]] = {
    "nsfw": _NUDITY,
    "nudity": _NUDITY,
    "sexual": _SEXUAL,
    "gore": ("STATEMENT_CATEGORY_VIOLENCE", ""),
    "violence": ("STATEMENT_CATEGORY_VIOLENCE", ""),
    "weapons": _PRODUCTS,
    "drugs": _PRODUCTS,
    "alcohol": _PRODUCTS,
    "tobacco": _PRODUCTS,
    "gambling": _PRODUCTS,
    "self_harm": ("STATEMENT_CATEGORY_SELF_HARM", ""),
    "hate": ("STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH", "KEYWORD_HATE_SPEECH"),
    "illegal": ("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", ""),
    "minors": ("STATEMENT_CATEGORY_PROTECTION_OF_MINORS", ""),
    "real_person": ("STATEMENT_CATEGORY_CYBER_VIOLENCE", "KEYWORD_NON_CONSENSUAL_MATERIAL_DEEPFAKE"),
    "documents": (_PRIVACY, ""),
    "political": ("STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS", ""),
    "codes_hazard": ("STATEMENT_CATEGORY_SCAMS_AND_FRAUD", ""),
    "copyright_block": ("STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS", "KEYWORD_COPYRIGHT_INFRINGEMENT"),
    "copyright_hold": ("STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS", "KEYWORD_COPYRIGHT_INFRINGEMENT"),
    "copyright_attribute": ("STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS", "KEYWORD_COPYRIGHT_INFRINGEMENT"),
}
"""What a category of scores is called there, and the keyword where one fits."""

_CONTENT_TYPES: Final = {"image": "IMAGE", "video": "VIDEO", "audio": "AUDIO", "text": "TEXT"}


@dataclass(frozen=True, slots=True)
class Case:
    """One decision that withheld something.

    Attributes:
        asset: what it is about.
        decision: as it was made.
        handed_in_at, decided_at: RFC 3339, UTC.
        ledger_index: of the decision's entry.
    """

    asset: Asset
    decision: Decision
    handed_in_at: str
    decided_at: str
    ledger_index: int


def build_statement(case: Case) -> dict[str, Any]:
    """Build the statement about one decision.

    Raises:
        StatementInvalidError: the database would refuse it; the message says why.
    """
    against = [reason for reason in case.decision.reasons if reason.outcome is not Outcome.RELEASE]
    spoken = [reason for reason in against if not _is_free_text(reason)]
    named = list(dict.fromkeys(_find_category(reason) for reason in spoken)) or [_OTHER]
    categories = list(dict.fromkeys(category for category, _ in named))
    keywords = [keyword for _, keyword in named if keyword]
    clauses = list(dict.fromkeys(reason.clause for reason in spoken if reason.clause)) or ["review by a person"]
    texts = list(dict.fromkeys(reason.text for reason in spoken)) or ["a moderator refused it under the house rules"]
    statement: dict[str, Any] = {
        "decision_visibility": list(_VISIBILITY),
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": _join(clauses, "; ", 500),
        "incompatible_content_explanation": _join(texts, "; ", 2000),
        "incompatible_content_illegal": "No",
        "content_type": _find_content_types(case.asset),
        "category": categories[0],
        "territorial_scope": sorted(TERRITORIES),
        "content_date": case.handed_in_at[:10],
        "application_date": case.decided_at[:10],
        "decision_facts": _join(_list_facts(case, spoken), "\n", 5000),
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes" if any(reason.detector for reason in spoken) else "No",
        "automated_decision": _find_automation(case.decision, spoken),
        "puid": case.decision.id,
    }
    if categories[1:]:
        statement["category_addition"] = categories[1:]
    if keywords:
        statement["category_specification"] = list(dict.fromkeys(keywords))
    problems = find_problems(statement)
    if problems:
        told = f"the statement about decision {case.decision.id} is not of schema v2: {'; '.join(problems)}"
        raise StatementInvalidError(told)
    return statement


def build_batches(cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    """Yield the bodies of calls that hand in every case, as many in each as one call takes."""
    for part in (cases[start : start + MOST_AT_ONCE] for start in range(0, len(cases), MOST_AT_ONCE)):
        yield {"statements": [build_statement(case) for case in part]}


def _is_free_text(reason: Reason) -> bool:
    """Say whether a person wrote the reason, or the gate told of an inability: neither is a rule."""
    return reason.pack in {"review", "gate"}


def _find_category(reason: Reason) -> tuple[str, str]:
    name = reason.category
    if name.startswith("personal."):
        return _PRIVACY, ""
    return CATEGORIES.get(name.rpartition(".")[2], _OTHER)


def _find_content_types(asset: Asset) -> list[str]:
    kind = _CONTENT_TYPES.get(asset.media_type.value.partition("/")[0], "OTHER")
    made = ["CONTENT_TYPE_SYNTHETIC_MEDIA"]
    return [f"CONTENT_TYPE_{kind}", *made] if kind != "OTHER" else made


def _find_automation(decision: Decision, spoken: Sequence[Reason]) -> str:
    if not decision.decided_by.startswith(REVIEW):
        return "AUTOMATED_DECISION_FULLY"
    return "AUTOMATED_DECISION_PARTIALLY" if spoken else "AUTOMATED_DECISION_NOT_AUTOMATED"


def _list_facts(case: Case, spoken: Sequence[Reason]) -> Iterator[str]:
    made = (
        "made by the service's own generator" if case.asset.origin is Origin.GENERATED else "handed in to be released"
    )
    outcome = {Outcome.BLOCK: "was refused", Outcome.HOLD: "is held back until a person decides"}
    by = "after review by a person" if case.decision.decided_by.startswith(REVIEW) else "without human review"
    yield f"A file of type {case.asset.media_type.value}, {made}, {outcome[case.decision.outcome]} {by}."
    for reason in spoken:
        score = ""
        if reason.score is not None and reason.threshold is not None:
            score = (
                f" ({reason.detector} scored {spell_score(reason.score)}, the limit is {spell_score(reason.threshold)})"
            )
        yield f"Rule {reason.pack}/{reason.rule}, {reason.clause}: {reason.text}{score}."
    packs = ", ".join(f"{pack.name} (sha256 {pack.sha256[:16]})" for pack in case.decision.packs)
    yield f"Decided under the policies {packs or 'none'}; entry {case.ledger_index} of the provider's ledger."


def _join(parts: Sequence[str] | Iterator[str], between: str, most: int) -> str:
    """Join whole parts as long as they fit; what is left out is told."""
    texts = list(parts)
    joined = between.join(texts)
    if len(joined) <= most:
        return joined
    more = f"{between}and more"
    kept = ""
    for text in texts:
        longer = f"{kept}{between}{text}" if kept else text
        if len(longer) + len(more) > most:
            break
        kept = longer
    return f"{kept}{more}" if kept else f"{texts[0][: most - len(more)]}{more}"
