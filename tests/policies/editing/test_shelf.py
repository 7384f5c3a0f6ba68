import pytest

from api.wiring import open_site
from policies import gate
from policies.editing.history import Kind, find_changes
from policies.editing.shelf import (
    activate,
    choose,
    find_name,
    find_version,
    parse_draft,
    parse_problems,
    retire,
    save,
)
from policies.rules.decision import Outcome
from provenance.errors import PackInvalidError, PolicyError, UnknownPackError
from provenance.tenant import parse_tenant
from tests.sites import build_light_settings, submission

HOUSE = """\
name: house
version: {version}
title: House
description: Ours.
jurisdiction: any
effective: {{from: 2026-01-01}}
sources:
  House rules: {{title: Ours}}
thresholds:
  prompt.weapons: {{hold: {hold}, clause: House rules 1, text: weapons}}
"""
BY = {"author": "Ada", "reason": "because"}


def house(version="1.0.0", hold=0.5):
    return HOUSE.format(version=version, hold=hold)


@pytest.fixture
def site(tmp_path):
    with open_site(build_light_settings(tmp_path / "home", tenants={"blue": {}})) as opened:
        yield opened


@pytest.fixture
def here(site):
    return site.deployment


def test_a_pack_is_saved_activated_replaced_and_brought_back(here):
    first = save(here, house(), **BY)
    assert "house" not in here.packs
    assert find_version(here, "house") == first
    save(here, house(), activate=True, **BY)
    assert here.packs["house"].sha256 == first.sha256
    second = save(here, house("1.1.0", 0.2), activate=True, **BY)
    assert here.packs["house"].thresholds[0].hold == 0.2
    assert find_version(here, "house", first.sha256).version == "1.0.0"
    assert activate(here, "house", first.sha256, author="Bo", reason="too strict").kind is Kind.ACTIVATED
    assert here.packs["house"].sha256 == first.sha256
    assert activate(here, "house", first.sha256, **BY) is None
    kinds = [(change.kind.value, change.sha256) for change in find_changes(here.database, here.tenant)]
    assert kinds == [
        ("activated", first.sha256), ("activated", second.sha256), ("saved", second.sha256),
        ("activated", first.sha256), ("saved", first.sha256),
    ]  # fmt: skip


def test_every_change_is_on_the_ledger_with_its_digest_and_without_a_name(here):
    pack = save(here, house(), activate=True, **BY)
    choose(here, ["house", "light"], **BY)
    saved, activated, chosen = [one for one in here.log.entries() if one.kind.startswith("pack.")]
    assert (saved.kind, activated.kind, chosen.kind) == ("pack.saved", "pack.activated", "pack.chosen")
    assert activated.fields()["sha256"] == pack.sha256
    assert (chosen.fields()["packs"], chosen.fields()["were"]) == (["house", "light"], [])
    assert "Ada" not in saved.body.decode()
    assert "because" not in saved.body.decode()
    assert saved.fields()["by"].startswith("reviewer-")


def test_what_was_chosen_decides_and_can_be_chosen_otherwise(here):
    assert here.deciding == ("light",)
    save(here, house(), activate=True, **BY)
    choose(here, ["light", "house", "house"], **BY)
    assert here.deciding == ("light", "house")
    held = gate.release(here, submission(prompt="a man with a gun", side=256))
    assert held.outcome is not Outcome.RELEASE
    assert {pack.name for pack in held.decision.packs} == {"light", "house"}
    with pytest.raises(PolicyError, match="choose others first"):
        retire(here, "house", **BY)
    choose(here, ["light"], **BY)
    assert retire(here, "house", **BY).kind is Kind.RETIRED
    assert "house" not in here.packs
    with pytest.raises(UnknownPackError):
        choose(here, ["house"], **BY)
    with pytest.raises(UnknownPackError):
        retire(here, "light", **BY)
    assert find_version(here, "house").version == "1.0.0"


def test_a_submission_is_decided_by_what_it_was_taken_in_under(here):
    save(here, house(), activate=True, **BY)
    result = gate.release(here, submission(packs=("light", "house"), side=256))
    save(here, house("2.0.0", 0.0), activate=True, **BY)
    again = gate.walk(here, result.asset_id)
    assert [pack.sha256 for pack in again.decision.packs] == [pack.sha256 for pack in result.decision.packs]


def test_nothing_wrong_is_ever_kept(here):
    bad = house().replace("hold: 0.5", "hold: 5").replace("jurisdiction: any", "jurisdiction: Any Thing")
    with pytest.raises(PackInvalidError) as refused:
        save(here, bad, **BY)
    problems = parse_problems(refused.value)
    assert [(one.line, one.column) for one in problems] == [(5, 15), (10, 26)]
    assert "lower-case code" in problems[0].text
    for document in ("", "- a", "name: x\n" + "a" * 300_000, house().replace("house", "light", 1)):
        with pytest.raises(PackInvalidError):
            save(here, document, **BY)
    assert find_changes(here.database, here.tenant) == ()


@pytest.mark.parametrize("by", [{"author": "", "reason": "x"}, {"author": "A", "reason": " "},
                                {"author": "A", "reason": "x" * 2001}, {"author": "A\x1b[1m", "reason": "x"}])  # fmt: skip
def test_a_change_says_who_and_why(here, by):
    with pytest.raises(PolicyError, match="a change needs"):
        save(here, house(), **by)
    assert find_changes(here.database, here.tenant) == ()


def test_one_version_number_is_one_content(here):
    save(here, house(), **BY)
    with pytest.raises(PolicyError, match="a higher number"):
        save(here, house(hold=0.4), **BY)


def test_a_pack_that_is_edited_keeps_its_name(here):
    with pytest.raises(PackInvalidError, match="its file 'other'"):
        parse_draft(here, house(), name="other")
    assert find_name(house()) == find_name("a: 1\nname: 'house' # ours\n") == "house"
    assert find_name("nothing") == ""


def test_packs_of_a_tenant_are_its_own(site, here):
    blue = here.tenancy(parse_tenant("blue"))
    made = save(blue, house(), activate=True, **BY)
    assert "house" in blue.packs
    assert "house" not in here.packs
    with pytest.raises(UnknownPackError):
        find_version(here, "house", made.sha256)
    with pytest.raises(UnknownPackError):
        activate(here, "house", made.sha256, **BY)
    assert find_changes(here.database, here.tenant) == ()
