"""When pixels are searched for watermarks: what a submission says of itself never decides."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from policies.gate import release
from policies.line.intake import intake
from policies.line.screening import screen
from policies.line.searching import DRAWN_HERE, UNASKED, explain_no_search
from policies.rules.loader import builtin_packs
from policies.rules.parsing import parse_pack
from provenance.asset import Asset, AssetId, Digest, MediaType, Origin
from provenance.manifests.components import FIELD, Component, describe_components
from provenance.seal.sealed import build_payload
from provenance.storage.blob import Blob
from provenance.storage.tables import GRANTS
from tests.policies.deployments import Probe, run_only
from tests.sites import submission

PACKS = {pack.name: pack for pack in builtin_packs()}
BASELINE = (PACKS["baseline"],)
DRAWN = {"source_sha256": ""}


def asset(origin):
    return Asset(AssetId("a"), Digest("0" * 64), MediaType.PNG, 1, {"width": 8, "height": 8}, origin)


def test_what_was_drawn_here_from_words_alone_is_not_searched():
    assert explain_no_search(asset(Origin.GENERATED), DRAWN, BASELINE) == DRAWN_HERE


@pytest.mark.parametrize("recipe", [{"source_sha256": "ab" * 32}, {}])
def test_what_was_drawn_from_a_picture_is_searched_and_so_is_what_does_not_say(recipe):
    assert explain_no_search(asset(Origin.GENERATED), recipe, BASELINE) == ""


def test_a_submission_that_says_it_was_drawn_is_searched():
    assert explain_no_search(asset(Origin.SUBMITTED), DRAWN, BASELINE) == ""


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_asks_by_a_threshold(name):
    asks = any(one.category in {"incoming_own_mark", "incoming_ai"} for one in PACKS[name].thresholds)
    if asks:
        assert explain_no_search(asset(Origin.SUBMITTED), {}, (PACKS[name],)) == ""


def test_one_pack_that_asks_is_enough_and_none_is_not():
    document = PACKS["baseline"].document.decode()
    quiet = "\n".join(line for line in document.splitlines() if "incoming_own_mark:" not in line)
    silent = replace(parse_pack(quiet.encode(), file="baseline.yaml"), rules=(), requires=())
    assert explain_no_search(asset(Origin.SUBMITTED), {}, (silent,)) == UNASKED
    assert explain_no_search(asset(Origin.SUBMITTED), {}, (silent, *BASELINE)) == ""


@pytest.mark.parametrize("name", [name for name, pack in PACKS.items() if pack.requires])
def test_a_pack_that_requires_the_answer_asks_with_nothing_else_in_it(name):
    needed = [one for one in PACKS[name].requires if one.detector == "incoming_marks"]
    other = [one for one in PACKS[name].thresholds if one.category not in {"incoming_own_mark", "incoming_ai"}][:1]
    # A pack withholds something; where it has no such threshold, its first rule, which asks for no mark.
    rules = () if other else PACKS[name].rules[:1]
    only = replace(PACKS[name], thresholds=tuple(other), rules=rules, obligations=(), requires=tuple(needed))
    assert explain_no_search(asset(Origin.SUBMITTED), {}, (only,)) == ("" if needed else UNASKED)


def test_the_european_pack_alone_asks():
    assert explain_no_search(asset(Origin.SUBMITTED), {}, (PACKS["eu-ai-act-50"],)) == ""


def test_a_condition_that_reads_scores_asks():
    pack = PACKS["baseline"]
    rules = [rule for rule in pack.rules if "scores" in rule.when.text or "signals" in rule.when.text]
    assert rules, "the baseline pack has a condition that reads what detectors found"
    only = replace(pack, thresholds=(), requires=(), rules=tuple(rules))
    assert explain_no_search(asset(Origin.SUBMITTED), {}, (only,)) == ""


class Watching(Probe):
    """A detector that keeps what it was told about the search."""

    def detect(self, subject):
        self.told, self.sources = subject.unsearched, subject.sources
        return super().detect(subject)


def test_the_gate_tells_detectors_and_a_recipe_that_was_handed_in_changes_nothing(here):
    for fields, expected in (({"origin": Origin.GENERATED}, DRAWN_HERE), ({}, None)):
        probe = Watching()
        probed = replace(here, runner=run_only(probe))
        asset_id = intake(probed, submission(side=288, recipe=DRAWN, **fields))
        screen(probed, asset_id)
        assert probe.told == (expected or explain_no_search(asset(Origin.SUBMITTED), {}, here.select_packs(())))


def test_whose_mark_an_asset_may_show_is_told_by_what_it_was_made_from_here_and_by_nothing_that_is_handed_in(here):
    released = release(here, submission(side=288))
    sealed = Blob.from_bytes(here.blobs.public.get(released.public_key))
    with here.database.read() as connection:
        payload = connection.execute(select(GRANTS.c.payload).where(GRANTS.c.asset_id == released.asset_id)).scalar()
    component = Component(sealed, MediaType.JPEG, "parentOf")
    recipe = {"source_sha256": str(sealed.sha256), FIELD: describe_components((component,))}
    other_file = Blob.from_bytes(b"another's file")
    stranger = Component(other_file, MediaType.JPEG, "parentOf")
    other = {FIELD: describe_components((stranger,))}
    for fields, expected in (
        ({"origin": Origin.GENERATED, "recipe": recipe, "components": (component,)}, {build_payload(payload)}),
        ({"origin": Origin.GENERATED, "recipe": other, "components": (stranger,)}, set()),
        ({"recipe": {"source_sha256": str(sealed.sha256)}}, set()),
    ):
        probe = Watching()
        screen(replace(here, runner=run_only(probe)), intake(here, submission("chelsea.png", side=288, **fields)))
        assert probe.sources == expected
