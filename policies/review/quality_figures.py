"""What second looks and known cases say of how moderators judge: by category, by pair of people, by person.

An answer that hands a case up is counted apart: it says neither that a file may be released nor that it may not.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from policies.line.deployment import Deployment
from policies.review.job import Reviewer
from policies.review.quality_agreement import Agreement, Share, measure_alpha, measure_kappa
from policies.review.quality_case import Kind
from policies.review.quality_deal import ESCALATED
from policies.rules.decision import Outcome
from provenance.storage.quality_tables import QUALITY_CASES, QUALITY_DEALS

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Score:
    """How somebody, or everybody about one case, answered where the answer is known.

    Attributes:
        right: of those that were answered with a verdict.
        wrongly_released, wrongly_blocked: how many of each kind of error.
        handed_up: how many were handed up.
    """

    right: Share
    wrongly_released: int
    wrongly_blocked: int
    handed_up: int


@dataclass(frozen=True, slots=True)
class Quality:
    """Everything that is measured of a tenant.

    Attributes:
        overall: alpha of all second looks.
        categories: category to alpha.
        pairs: two names to their kappa.
        golden: alpha among moderators over known cases.
        people: name to how they answered known cases.
        cases: id of a known case to how it was answered.
        waiting: second looks that nobody has taken yet.
        handed_up: of second looks.
    """

    overall: Agreement
    categories: Mapping[str, Agreement]
    pairs: Mapping[tuple[str, str], Agreement]
    golden: Agreement
    people: Mapping[str, Score]
    cases: Mapping[str, Score]
    waiting: int
    handed_up: int


def find_quality(here: Deployment, reviewer: Reviewer, *, since: str = "") -> Quality:
    """Return the figures of what was answered from `since` on; what is sensitive counts for those alone who see it."""
    with here.database.read() as connection:
        doubles = _read(connection, here, reviewer, Kind.DOUBLE, since)
        golden = _read(connection, here, reviewer, Kind.GOLDEN, since)
        waiting = _count_waiting(connection, here, reviewer)
    said, categories = _list_said(doubles), {row["case_id"]: row["category"] for row in doubles}
    by_category: dict[str, list[list[str]]] = defaultdict(list)
    by_pair: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for case_id, answers in said.items():
        by_category[categories[case_id]].append([outcome for _, _, outcome in answers])
        for (_, one, first), (_, other, second) in _list_pairs(answers):
            by_pair[one, other].append((first, second))
    among: dict[str, list[str]] = defaultdict(list)
    for row in golden:
        if row["answer"] != ESCALATED:
            among[row["case_id"]].append(row["answer"])
    return Quality(
        overall=measure_alpha([outcome for _, _, outcome in answers] for answers in said.values()),
        categories={name: measure_alpha(units) for name, units in _by_size(by_category).items()},
        pairs={names: measure_kappa(pairs) for names, pairs in _by_size(by_pair).items()},
        golden=measure_alpha(among.values()),
        people={name: _score(rows) for name, rows in _group(golden, "answered_by").items()},
        cases={case_id: _score(rows) for case_id, rows in _group(golden, "case_id").items()},
        waiting=waiting,
        handed_up=sum(row["answer"] == ESCALATED for row in doubles),
    )


def _read(
    connection: Connection, here: Deployment, reviewer: Reviewer, kind: Kind, since: str
) -> Sequence[Mapping[Any, Any]]:
    cases, deals = QUALITY_CASES, QUALITY_DEALS
    query = (
        select(
            deals.c.case_id, deals.c.outcome.label("answer"), deals.c.answered_by_id, deals.c.answered_by,
            cases.c.outcome, cases.c.category, cases.c.made_by_id, cases.c.made_by,
        )
        .join(cases, cases.c.id == deals.c.case_id)
        .where(deals.c.tenant == here.tenant, deals.c.state == "answered", cases.c.kind == kind.value)
        .where(deals.c.answered_at >= since, cases.c.is_sensitive.in_((False, reviewer.sees_sensitive)))
        .order_by(deals.c.answered_at)
    )  # fmt: skip
    return connection.execute(query).mappings().all()


def _count_waiting(connection: Connection, here: Deployment, reviewer: Reviewer) -> int:
    cases, deals = QUALITY_CASES, QUALITY_DEALS
    query = (
        select(deals.c.id)
        .join(cases, cases.c.id == deals.c.case_id)
        .where(deals.c.tenant == here.tenant, deals.c.state == "open", cases.c.kind == Kind.DOUBLE.value)
        .where(cases.c.is_sensitive.in_((False, reviewer.sees_sensitive)))
    )
    return len(connection.execute(query).all())


def _list_said(doubles: Sequence[Mapping[Any, Any]]) -> dict[str, list[tuple[str, str, str]]]:
    """Return for each case (id, name, outcome) of everybody who judged it, the first moderator first."""
    said: dict[str, list[tuple[str, str, str]]] = {}
    for row in doubles:
        answers = said.setdefault(row["case_id"], [(row["made_by_id"], row["made_by"], row["outcome"])])
        if row["answer"] != ESCALATED:
            answers.append((row["answered_by_id"], row["answered_by"], row["answer"]))
    return said


def _list_pairs(answers: list[tuple[str, str, str]]) -> list[tuple[tuple[str, str, str], tuple[str, str, str]]]:
    """Return every two who judged one case, always in the same order, by id."""
    ordered = sorted(answers)
    return [(one, other) for place, one in enumerate(ordered) for other in ordered[place + 1 :]]


def _group(rows: Sequence[Mapping[Any, Any]], name: str) -> dict[str, list[Mapping[Any, Any]]]:
    groups: dict[str, list[Mapping[Any, Any]]] = defaultdict(list)
    for row in rows:
        groups[row[name]].append(row)
    return _by_size(groups)


def _by_size(groups: Mapping[K, list[V]]) -> dict[K, list[V]]:
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def _score(rows: Sequence[Mapping[Any, Any]]) -> Score:
    judged = [row for row in rows if row["answer"] != ESCALATED]
    wrong = [row["answer"] for row in judged if row["answer"] != row["outcome"]]
    return Score(
        right=Share(len(judged) - len(wrong), len(judged)),
        wrongly_released=wrong.count(Outcome.RELEASE.value),
        wrongly_blocked=wrong.count(Outcome.BLOCK.value),
        handed_up=len(rows) - len(judged),
    )
