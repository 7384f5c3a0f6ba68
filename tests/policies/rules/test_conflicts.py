"""Differences between packs are found before anything is decided, and are those that the engine then makes."""

from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest

from policies.rules.conflicts import Clash, find_differences
from policies.rules.loader import builtin_packs, load_named
from policies.rules.marks import merge_demands
from provenance.grant import MarkKind
from tests.policies.samples import DAY, demand, pack


def label(name, required=True, when=None, since=None, **parameters):
    made = demand(mark=MarkKind.EXPLICIT_LABEL, required=required, when=when, **{"text": "AI", **parameters})
    return pack(name, obligations=[replace(made, since=since)])


def clashes(*packs, day=DAY):
    return [(one.clash, one.packs, one.about) for one in find_differences(packs, day)]


def test_what_no_mark_can_meet_is_a_conflict_with_both_clauses():
    one, other = label("a", corner="top_left"), label("b", corner="top_right")
    (found,) = find_differences((other, one), DAY)
    assert (found.clash, found.packs, found.about) == (Clash.CONFLICT, ("a", "b"), "explicit_label corner")
    assert len(found.sources) == 2
    assert "held" in found.text
    demands = [(each, item) for each in (one, other) for item in each.obligations]
    assert merge_demands(demands)[1], "the engine holds for the same"


def test_a_demand_of_a_later_day_does_not_clash_yet():
    one, other = label("a", text_position="start"), label("b", text_position="end", since=date(2027, 1, 1))
    assert clashes(one, other) == []
    assert clashes(one, other, day=date(2027, 1, 1)) == [(Clash.CONFLICT, ("a", "b"), "explicit_label text_position")]


def test_texts_are_joined_waivers_fall_and_the_stricter_counts():
    waived = label("a", when="!context.explicit_label_waived")
    other = label("b", text="made", required=False)
    assert clashes(waived, other) == [
        (Clash.JOINED, ("a", "b"), "explicit_label text"), (Clash.WAIVER, ("a", "b"), "explicit_label"),
        (Clash.STRICTER, ("a", "b"), "explicit_label"),
    ]  # fmt: skip
    assert clashes(label("a"), label("b")) == []


def test_an_expired_pack_is_told():
    assert clashes(replace(label("a"), effective_until=date(2026, 1, 1))) == [(Clash.EXPIRED, ("a",), "effective")]


@pytest.mark.parametrize("pair", combinations(builtin_packs(), 2), ids=lambda pair: f"{pair[0].name}+{pair[1].name}")
def test_our_packs_can_all_be_met_together(pair):
    assert not [one for one in find_differences(pair, date(2028, 6, 1)) if one.clash is Clash.CONFLICT]


def test_the_waiver_of_china_does_not_help_in_india():
    found = find_differences(load_named(["cn-labeling-2025", "in-it-rules-2026"]), DAY)
    assert {one.clash for one in found} == {Clash.JOINED, Clash.WAIVER}
