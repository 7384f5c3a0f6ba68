"""Parameters of marks: which there are, what they may be, and how the demands of several packs become one.

Merging takes all demands of one kind at once, so its result does not depend on their order: a mark is required when any
pack requires it; of each parameter the strictest value counts, as said beside it; values that no single mark can meet
are a conflict, which holds.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from policies.rules.pack import Demand, Pack
from provenance.grant import MarkKind, Obligation
from provenance.manifests.redaction import KEEPABLE
from provenance.text import is_safe

CORNERS: Final = ("bottom_left", "bottom_right", "top_left", "top_right")
TEXT_POSITIONS: Final = ("end", "start")
INCOMING_FORMS: Final = ("redact", "reference")
"""From milder to stricter."""
NONE_KEPT: Final = "none"
LABEL_TEXT_LIMIT: Final = 40
"""Characters of an explicit label; at 5 % of the shortest side each, more would not fit a square picture."""

# GB 45438-2025 s5.2 asks for 0.05; `provenance.media.picture.label.draw_label` draws up to 0.25.
_HEIGHT_RATIOS: Final = (0.01, 0.25)
# GB 45438-2025 s4.4: shown from the first frame for at least two seconds; an hour is as good as throughout.
_SECONDS: Final = (2, 3600)
_TEXT_JOINT: Final = " · "


class MergeConflictError(ValueError):
    """Values of one parameter that no single mark can meet; raised and caught within this module."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a mark.

    Attributes:
        meaning: one line for a person.
        expected: what a valid value is, in words.
        is_valid: whether a value is.
        merge: the value that meets all of several; raises MergeConflictError.
        is_milder: saying it asks for less than saying nothing, so that it counts only where every demand says it.
    """

    meaning: str
    expected: str
    is_valid: Callable[[object], bool]
    merge: Callable[[Collection[Any]], Any]
    is_milder: bool = False


class Conflict(NamedTuple):
    """Demands for one mark that cannot all be met."""

    mark: MarkKind
    parameter: str
    values: tuple[str, ...]
    sources: tuple[str, ...]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LABEL_TEXT_LIMIT and is_safe(value) and value == value.strip()


def _is_ratio(value: object) -> bool:
    return isinstance(value, float) and _HEIGHT_RATIOS[0] <= value <= _HEIGHT_RATIOS[1]


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _SECONDS[0] <= value <= _SECONDS[1]


def _is_kept(value: object) -> bool:
    return isinstance(value, str) and (
        value == NONE_KEPT or (bool(value.split()) and KEEPABLE.issuperset(value.split()))
    )


def _keep_what_all_keep(values: Collection[str]) -> str:
    kept = set.intersection(*({*value.split()} - {NONE_KEPT} for value in values))
    return " ".join(sorted(kept)) or NONE_KEPT


def _join_texts(values: Collection[str]) -> str:
    """Return the shortest text that says all of `values`: one that stands within another says nothing more."""
    distinct = set(values)
    kept = [text for text in distinct if not any(text != other and text in other for other in distinct)]
    return _TEXT_JOINT.join(sorted(kept))


def _agree(values: Collection[str]) -> str:
    distinct = sorted(set(values))
    if len(distinct) > 1:
        raise MergeConflictError(", ".join(distinct))
    return distinct[0]


PARAMETERS: Final[Mapping[MarkKind, Mapping[str, Parameter]]] = {
    MarkKind.SIGNED_METADATA: {
        "incoming_manifest": Parameter(
            meaning="what of a manifest that came in ships: it, redacted, or nothing but a reference to it",
            expected=f"one of {', '.join(INCOMING_FORMS)}",
            is_valid=INCOMING_FORMS.__contains__,
            merge=lambda values: max(values, key=INCOMING_FORMS.index),
        ),
        "kept_assertions": Parameter(
            meaning="assertions of it that stay beside actions, bindings and ingredients; those that all packs keep",
            expected=f"labels out of {', '.join(sorted(KEEPABLE))}, with spaces between, or none",
            is_valid=_is_kept,
            merge=_keep_what_all_keep,
        ),
    },
    MarkKind.EXPLICIT_LABEL: {
        "text": Parameter(
            meaning="what the label says; several texts are joined, one within another counts once",
            expected=f"1 to {LABEL_TEXT_LIMIT} printable characters",
            is_valid=_is_text,
            merge=_join_texts,
        ),
        "min_height_ratio": Parameter(
            meaning="height of its characters as a part of the shortest side; the greatest counts",
            expected=f"a number from {_HEIGHT_RATIOS[0]} to {_HEIGHT_RATIOS[1]}",
            is_valid=_is_ratio,
            merge=max,
        ),
        "seconds": Parameter(
            meaning="of clips, for how long it is shown from the first frame on; throughout, where one pack does not "
            "say it; the longest counts",
            expected=f"a number from {_SECONDS[0]} to {_SECONDS[1]}",
            is_valid=_is_seconds,
            merge=max,
            is_milder=True,
        ),
        "corner": Parameter(
            meaning="where it stands; two different corners are a conflict",
            expected=f"one of {', '.join(CORNERS)}",
            is_valid=CORNERS.__contains__,
            merge=_agree,
        ),
        "text_position": Parameter(
            meaning="where in a text it stands; both, by two packs, are a conflict",
            expected=f"one of {', '.join(TEXT_POSITIONS)}",
            is_valid=TEXT_POSITIONS.__contains__,
            merge=_agree,
        ),
    },
}
"""Marks that take parameters; the others take none."""


def known_parameters(mark: MarkKind) -> Mapping[str, Parameter]:
    """Return the parameters that `mark` takes, by name."""
    return PARAMETERS.get(mark, {})


def merge_demands(
    demands: Collection[tuple[Pack, Demand]],
) -> tuple[tuple[Obligation, ...], tuple[Conflict, ...]]:
    """Return one obligation for each kind of mark demanded, in the order of `MarkKind`, and what cannot be met."""
    obligations: list[Obligation] = []
    conflicts: list[Conflict] = []
    for mark in MarkKind:
        found = [(pack, demand) for pack, demand in demands if demand.mark is mark]
        if not found:
            continue
        sources = tuple(sorted({f"{pack.name}/{demand.id}: {demand.clause}" for pack, demand in found}))
        parameters: dict[str, Any] = {}
        for name, parameter in known_parameters(mark).items():
            values = [demand.parameters[name] for _, demand in found if name in demand.parameters]
            if parameter.is_milder and len(values) < len(found):
                continue
            try:
                if values:
                    parameters[name] = parameter.merge(values)
            except MergeConflictError:
                conflicts.append(Conflict(mark, name, tuple(sorted({str(value) for value in values})), sources))
        required = any(demand.required for _, demand in found)
        obligations.append(Obligation(kind=mark, parameters=parameters, required=required, sources=sources))
    return tuple(obligations), tuple(conflicts)
