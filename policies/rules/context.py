"""What a decision may take into account besides the asset and the signals about it: a small closed set."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from policies.refusals import ContextError


@dataclass(frozen=True, slots=True)
class Context:
    """Circumstances of one release.

    Conditions read `CONDITION_FIELDS` as ``context.<name>``; the engine itself reads `consent` and the last four.

    Attributes:
        tenant: on whose behalf, or "".
        jurisdictions: where the asset will be published, as lower-case codes such as ``cn`` or ``eu``.
        explicit_label_waived: the user asked for a copy without the label that people see, under an agreement that
            names their duties, and the provider keeps who and when for six months (Measures Art. 9).
        portrayed: it was made from somebody's photograph, or shows somebody who has to agree, as the sender says.
        purpose: what it is made for, such as ``avatar``, or "": consents name the purposes that they cover.
        from_picture: it was made from another picture, by what is known of its making.
        consent: what the consents that it names come to on this day, as `policies.consents.Coverage` spells it:
            ``none`` is named, each ``covers`` it, or what is wrong with one.
        timestamp_available: a time-stamp authority is configured.
        decided_on: the day, UTC; a pack past its last day holds.
        enabled_detectors: those that the deployment runs; one without a signal holds.
        carriers: kinds of view that assets of this medium have, each to be looked at by somebody; empty where that is
            not known, and then no detector is excused.
        composed: its sound is nothing but notes that this gate played itself, so that nobody has to listen.
    """

    decided_on: date
    tenant: str = ""
    jurisdictions: tuple[str, ...] = ()
    explicit_label_waived: bool = False
    portrayed: bool = False
    purpose: str = ""
    from_picture: bool = False
    consent: str = "none"
    timestamp_available: bool = False
    enabled_detectors: frozenset[str] = frozenset()
    carriers: frozenset[str] = frozenset()
    composed: bool = False


CONDITION_FIELDS: Final = (
    "consent",
    "explicit_label_waived",
    "from_picture",
    "jurisdictions",
    "portrayed",
    "purpose",
    "tenant",
    "timestamp_available",
)
"""Fields of the context that conditions may read."""

MOST_CONSENTS: Final = 16
"""Consents that one submission may name: a group picture needs one of each who is in it."""

_REQUEST_FIELDS: Final[Mapping[str, type]] = {
    "tenant": str,
    "jurisdictions": list,
    "explicit_label_waived": bool,
    "portrayed": bool,
    "purpose": str,
    "consents": list,
}


def parse_context(
    unverified: Mapping[str, Any],
    *,
    decided_on: date,
    from_picture: bool = False,
    consent: str = "none",
    timestamp_available: bool = False,
    enabled_detectors: frozenset[str] = frozenset(),
    carriers: frozenset[str] = frozenset(),
    composed: bool = False,
) -> Context:
    """Return the context of a request: what it says of itself, and what the deployment knows.

    Args:
        unverified: any of ``tenant`` and ``purpose`` (texts), ``jurisdictions`` and ``consents`` (lists of texts),
            ``explicit_label_waived`` and ``portrayed`` (true or false); nothing else.
        decided_on: the day, UTC.
        from_picture: it was made from another picture.
        consent: what the consents that it names come to.
        timestamp_available: a time-stamp authority is configured.
        enabled_detectors: those that the deployment runs.
        carriers: kinds of view that assets of the medium have.
        composed: its sound is nothing but notes that this gate played itself.

    Raises:
        ContextError: an unknown field, or a value of the wrong type.
    """
    for name, value in unverified.items():
        expected = _REQUEST_FIELDS.get(name)
        if expected is None:
            raise ContextError(f"expected a context out of {', '.join(sorted(_REQUEST_FIELDS))}, got {name!r}")
        if not isinstance(value, (list, tuple) if expected is list else expected):
            raise ContextError(f"expected context {name} to be {expected.__name__}, got {type(value).__name__}")
    jurisdictions = tuple(unverified.get("jurisdictions", ()))
    consents = tuple(unverified.get("consents", ()))
    for name, items in (("jurisdictions", jurisdictions), ("consents", consents)):
        if not all(isinstance(item, str) for item in items):
            raise ContextError(f"expected context {name} to be a list of texts")
    if len(consents) > MOST_CONSENTS:
        raise ContextError(f"expected at most {MOST_CONSENTS} consents, got {len(consents)}")
    return Context(
        decided_on=decided_on,
        tenant=unverified.get("tenant", ""),
        jurisdictions=jurisdictions,
        explicit_label_waived=unverified.get("explicit_label_waived", False),
        portrayed=unverified.get("portrayed", False),
        purpose=unverified.get("purpose", ""),
        from_picture=from_picture,
        consent=consent,
        timestamp_available=timestamp_available,
        enabled_detectors=enabled_detectors,
        carriers=carriers,
        composed=composed,
    )
