"""What a statement of reasons may be, as the EU's DSA Transparency Database takes it (schema version 2).

Checks everything that the database's own intake does: which fields there are, which are asked for and when, the closed
lists, lengths, dates, and the form of the platform's own id. Whether a text holds personal data nobody can check here.

Source: the European Commission's transparency-database, API documentation of schema version 2 (1 July 2025 on).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final

SCHEMA: Final = "eu-dsa-statement-of-reasons/2"

MOST_AT_ONCE: Final = 100
"""Statements that one call of the database's API takes."""


def _prefixed(prefix: str, names: str) -> frozenset[str]:
    return frozenset(f"{prefix}_{name}" for name in names.split())


_YES_NO: Final = frozenset({"Yes", "No"})
CATEGORIES: Final = _prefixed(
    "STATEMENT_CATEGORY",
    "ANIMAL_WELFARE CONSUMER_INFORMATION CYBER_VIOLENCE CYBER_VIOLENCE_AGAINST_WOMEN "
    "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS ILLEGAL_OR_HARMFUL_SPEECH INTELLECTUAL_PROPERTY_INFRINGEMENTS "
    "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS NOT_SPECIFIED_NOTICE OTHER_VIOLATION_TC PROTECTION_OF_MINORS "
    "RISK_FOR_PUBLIC_SECURITY SCAMS_AND_FRAUD SELF_HARM UNSAFE_AND_PROHIBITED_PRODUCTS VIOLENCE",
)
KEYWORDS: Final = _prefixed(
    "KEYWORD",
    "ADULT_SEXUAL_MATERIAL AGE_SPECIFIC_RESTRICTIONS AGE_SPECIFIC_RESTRICTIONS_MINORS ANIMAL_HARM "
    "BIOMETRIC_DATA_BREACH BULLYING_AGAINST_GIRLS CHILD_SEXUAL_ABUSE_MATERIAL CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE "
    "CONTENT_PROMOTING_EATING_DISORDERS COORDINATED_HARM COPYRIGHT_INFRINGEMENT CYBER_BULLYING_INTIMIDATION "
    "CYBER_HARASSMENT CYBER_HARASSMENT_AGAINST_WOMEN CYBER_INCITEMENT CYBER_STALKING CYBER_STALKING_AGAINST_WOMEN "
    "DATA_FALSIFICATION DEFAMATION DESIGN_INFRINGEMENT DISCRIMINATION FEMALE_GENDERED_DISINFORMATION "
    "GEOGRAPHICAL_REQUIREMENTS GEOGRAPHIC_INDICATIONS_INFRINGEMENT GOODS_SERVICES_NOT_PERMITTED "
    "GROOMING_SEXUAL_ENTICEMENT_MINORS HATE_SPEECH HIDDEN_ADVERTISEMENT HUMAN_EXPLOITATION HUMAN_TRAFFICKING "
    "ILLEGAL_ORGANIZATIONS IMPERSONATION_ACCOUNT_HIJACKING INAUTHENTIC_ACCOUNTS INAUTHENTIC_LISTINGS "
    "INAUTHENTIC_USER_REVIEWS INCITEMENT_AGAINST_WOMEN INCITEMENT_VIOLENCE_HATRED "
    "INSUFFICIENT_INFORMATION_ON_TRADERS LANGUAGE_REQUIREMENTS MISINFORMATION_DISINFORMATION "
    "MISLEADING_INFO_CONSUMER_RIGHTS MISLEADING_INFO_GOODS_SERVICES MISSING_PROCESSING_GROUND NONCOMPLIANCE_PRICING "
    "NON_CONSENSUAL_IMAGE_SHARING NON_CONSENSUAL_IMAGE_SHARING_AGAINST_WOMEN NON_CONSENSUAL_MATERIAL_DEEPFAKE "
    "NON_CONSENSUAL_MATERIAL_DEEPFAKE_AGAINST_WOMEN NUDITY OTHER PATENT_INFRINGEMENT PHISHING PROHIBITED_PRODUCTS "
    "PYRAMID_SCHEMES RIGHT_TO_BE_FORGOTTEN RISK_ENVIRONMENTAL_DAMAGE RISK_PUBLIC_HEALTH SELF_MUTILATION STALKING "
    "SUICIDE TERRORIST_CONTENT TRADEMARK_INFRINGEMENT TRADE_SECRET_INFRINGEMENT TRAFFICKING_WOMEN_GIRLS "
    "UNLAWFUL_SALE_ANIMALS UNSAFE_CHALLENGES UNSAFE_PRODUCTS VIOLATION_EU_LAW VIOLATION_NATIONAL_LAW",
)
# The 27 members, and the three others of the European Economic Area.
TERRITORIES: Final = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "decision_monetary": _prefixed("DECISION_MONETARY", "SUSPENSION TERMINATION OTHER"),
    "decision_provision": _prefixed(
        "DECISION_PROVISION", "PARTIAL_SUSPENSION TOTAL_SUSPENSION PARTIAL_TERMINATION TOTAL_TERMINATION"
    ),
    "decision_account": _prefixed("DECISION_ACCOUNT", "SUSPENDED TERMINATED"),
    "account_type": _prefixed("ACCOUNT_TYPE", "BUSINESS PRIVATE"),
    "decision_ground": _prefixed("DECISION_GROUND", "ILLEGAL_CONTENT INCOMPATIBLE_CONTENT"),
    "incompatible_content_illegal": _YES_NO,
    "category": CATEGORIES,
    "source_type": _prefixed("SOURCE", "ARTICLE_16 TRUSTED_FLAGGER TYPE_OTHER_NOTIFICATION VOLUNTARY"),
    "automated_detection": _YES_NO,
    "automated_decision": _prefixed("AUTOMATED_DECISION", "FULLY PARTIALLY NOT_AUTOMATED"),
}
_LISTS: Final[Mapping[str, frozenset[str]]] = {
    "decision_visibility": _prefixed(
        "DECISION_VISIBILITY",
        "CONTENT_REMOVED CONTENT_DISABLED CONTENT_DEMOTED CONTENT_AGE_RESTRICTED CONTENT_INTERACTION_RESTRICTED "
        "CONTENT_LABELLED OTHER",
    ),
    "content_type": _prefixed("CONTENT_TYPE", "APP AUDIO IMAGE PRODUCT SYNTHETIC_MEDIA TEXT VIDEO OTHER"),
    "category_addition": CATEGORIES,
    "category_specification": KEYWORDS,
    "territorial_scope": TERRITORIES,
}
_LENGTHS: Final[Mapping[str, int]] = {
    "decision_visibility_other": 500,
    "decision_monetary_other": 500,
    "illegal_content_legal_ground": 500,
    "illegal_content_explanation": 2000,
    "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2000,
    "decision_ground_reference_url": 500,
    "content_type_other": 500,
    "category_specification_other": 500,
    "decision_facts": 5000,
    "source_identity": 500,
    "puid": 500,
}
_DATES: Final = (
    "content_date",
    "application_date",
    "end_date_account_restriction",
    "end_date_monetary_restriction",
    "end_date_service_restriction",
    "end_date_visibility_restriction",
)
_PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    "puid": re.compile(r"[A-Za-z0-9_-]+"),
    "content_language": re.compile(r"[A-Z]{2}"),
    "decision_ground_reference_url": re.compile(r"https?://\S+"),
}
_REQUIRED: Final = (
    "decision_ground",
    "content_type",
    "category",
    "content_date",
    "application_date",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
)
_DECISIONS: Final = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")
_TIED: Final = (
    # field, what it hangs on, the value there, and whether it must be there then
    ("decision_visibility_other", "decision_visibility", "DECISION_VISIBILITY_OTHER", True),
    ("decision_monetary_other", "decision_monetary", "DECISION_MONETARY_OTHER", True),
    ("content_type_other", "content_type", "CONTENT_TYPE_OTHER", True),
    ("category_specification_other", "category_specification", "KEYWORD_OTHER", False),
    ("illegal_content_legal_ground", "decision_ground", "DECISION_GROUND_ILLEGAL_CONTENT", True),
    ("illegal_content_explanation", "decision_ground", "DECISION_GROUND_ILLEGAL_CONTENT", True),
    ("incompatible_content_ground", "decision_ground", "DECISION_GROUND_INCOMPATIBLE_CONTENT", True),
    ("incompatible_content_explanation", "decision_ground", "DECISION_GROUND_INCOMPATIBLE_CONTENT", True),
    ("incompatible_content_illegal", "decision_ground", "DECISION_GROUND_INCOMPATIBLE_CONTENT", False),
)
FIELDS: Final = frozenset({*_CHOICES, *_LISTS, *_LENGTHS, *_DATES, "content_language", "content_id"})


def find_problems(statement: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the database would refuse in `statement`, one line each; none for one that it takes."""
    checks: tuple[Callable[[Mapping[str, Any]], Iterator[str]], ...] = (
        _check_fields,
        _check_choices,
        _check_texts,
        _check_dates,
        _check_tied,
    )
    return tuple(problem for check in checks for problem in check(statement))


def _check_fields(statement: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name}: there is no such field" for name in sorted(set(statement) - FIELDS))
    yield from (f"{name}: is required" for name in _REQUIRED if not statement.get(name))
    if not any(statement.get(name) for name in _DECISIONS):
        yield f"one of {', '.join(_DECISIONS)} is required"
    numbers = statement.get("content_id")
    if numbers is not None and not (
        isinstance(numbers, Mapping)
        and set(numbers) == {"EAN-13"}
        and re.fullmatch(r"[0-9]{13}", str(numbers["EAN-13"]))
    ):
        yield "content_id: expected an EAN-13 of 13 digits alone"


def _check_choices(statement: Mapping[str, Any]) -> Iterator[str]:
    for name, known in _CHOICES.items():
        value = statement.get(name)
        if value is not None and value not in known:
            yield f"{name}: {value!r} is none of its values"
    for name, known in _LISTS.items():
        values = statement.get(name)
        if values is None:
            continue
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            yield f"{name}: expected a list"
            continue
        yield from (f"{name}: {value!r} is none of its values" for value in values if value not in known)
        if len(set(values)) != len(values):
            yield f"{name}: a value stands there twice"
    if statement.get("category") in (statement.get("category_addition") or ()):
        yield "category_addition: names the category itself again"


def _check_texts(statement: Mapping[str, Any]) -> Iterator[str]:
    for name in (*_LENGTHS, "content_language"):
        value = statement.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            yield f"{name}: expected a text"
            continue
        if len(value) > _LENGTHS.get(name, 2):
            yield f"{name}: {len(value)} characters, at most {_LENGTHS.get(name, 2)} are taken"
        pattern = _PATTERNS.get(name)
        if pattern is not None and not pattern.fullmatch(value):
            yield f"{name}: not of the form that is taken"


def _check_dates(statement: Mapping[str, Any]) -> Iterator[str]:
    found: dict[str, date] = {}
    for name in _DATES:
        value = statement.get(name)
        if value is None:
            continue
        try:
            found[name] = date.fromisoformat(value) if len(value) == len("2026-01-31") else date.min
        except (TypeError, ValueError):
            found[name] = date.min
        if found[name].year < 2000:
            yield f"{name}: expected a day such as 2026-01-31"
    begun = found.get("application_date", date.min)
    if begun != date.min and begun < date(2020, 1, 1):
        yield "application_date: must not lie before 2020-01-01"
    for name, day in found.items():
        if name.startswith("end_date") and date.min < day < begun:
            yield f"{name}: lies before application_date"


def _check_tied(statement: Mapping[str, Any]) -> Iterator[str]:
    for name, lead, value, is_required in _TIED:
        given = statement.get(lead)
        holds = value in given if isinstance(given, list) else given == value
        if holds and is_required and not statement.get(name):
            yield f"{name}: is required with {value}"
        if not holds and statement.get(name):
            yield f"{name}: belongs to {value} only"
    if statement.get("source_type") == "SOURCE_VOLUNTARY" and statement.get("source_identity"):
        yield "source_identity: nobody notified where the initiative was one's own"
