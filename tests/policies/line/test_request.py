"""What was asked for is what decides, whoever finishes it under whatever settings."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from api.wiring import open_site
from policies import gate
from policies.line.request import build_request_context, load_prompt, load_request_packs, prompt_key, request_provider
from policies.line.screening import decide, screen
from policies.rules.decision import Outcome
from policies.rules.parsing import parse_pack
from provenance.errors import DamagedRecordError
from provenance.media.medium import Provider
from provenance.storage.tables import ASSETS, PACKS
from tests.policies.deployments import Probe, hand_in, run_only
from tests.policies.samples import ASSET
from tests.sites import build_light_settings


def request_of(here, asset_id):
    with here.database.read() as connection:
        return connection.execute(select(ASSETS.c.request).where(ASSETS.c.id == asset_id)).scalar_one()


def changed_pack(here, name="light"):
    """The same pack under the same name, with another content."""
    document = here.packs[name].document.replace(b"version: ", b"version: 9")
    return {**here.packs, name: parse_pack(document, file=f"{name}.yaml")}


def test_defaults_are_fixed_by_digest(here):
    asset_id = hand_in(here)
    other = replace(here, default_packs=("label",), packs=changed_pack(here))
    screen(other, asset_id)
    decision = decide(other, asset_id)
    assert [(pack.name, pack.sha256) for pack in decision.packs] == [("light", here.packs["light"].sha256)]


def test_a_pack_whose_file_is_gone_still_decides(here):
    asset_id = hand_in(here, packs=("light", "label"))
    bare = replace(here, packs={})
    with here.database.read() as connection:
        packs = load_request_packs(bare, connection, request_of(here, asset_id))
    assert [pack.ref for pack in packs] == [here.packs["light"].ref, here.packs["label"].ref]
    screen(bare, asset_id)
    assert decide(bare, asset_id).outcome is Outcome.RELEASE


def test_a_pack_that_was_changed_in_the_database_decides_nothing(tmp_path):
    with open_site(build_light_settings(tmp_path / "home")) as site:
        here = site.deployment
        asset_id = hand_in(here)
        bare = replace(here, packs={})
        with here.database.write() as connection:
            connection.execute(update(PACKS).values(document=b"name: light"))
        screen(bare, asset_id)
        with pytest.raises(DamagedRecordError, match="was changed in the database"):
            decide(bare, asset_id)
        assert gate.resume(bare) == ()
        with here.database.write() as connection:
            connection.execute(PACKS.delete())
        with pytest.raises(DamagedRecordError, match="is not kept here"):
            decide(bare, asset_id)
        assert gate.walk(here, asset_id).outcome is Outcome.RELEASE


def test_what_an_older_version_took_in_is_decided_by_the_names_it_kept(here):
    with here.database.read() as connection:
        packs = load_request_packs(here, connection, {"packs": ["label"], "context": {}})
        assert packs == (here.packs["label"],)
        assert load_request_packs(here, connection, {"packs": [], "context": {}}) == (here.packs["light"],)
    assert request_provider(here, {"packs": []}) == here.sealer.provider


def test_circumstances_are_those_of_intake(here):
    from datetime import date

    request = request_of(here, hand_in(here))
    other = replace(here, runner=run_only(Probe()))
    context = build_request_context(other, ASSET, request, decided_on=date(2026, 1, 1))
    assert context.enabled_detectors == {detector.card.name for detector in here.runner.detectors}
    assert build_request_context(other, ASSET, {"context": {}}, decided_on=date(2026, 1, 1)).enabled_detectors == {
        "incoming_marks"
    }


def test_the_provider_is_named_as_at_intake(here):
    asset_id = hand_in(here)
    renamed = replace(here, sealer=here.sealer.for_provider(Provider("Somebody Else", label_text="other")))
    assert request_provider(renamed, request_of(here, asset_id)).name == here.sealer.provider.name
    assert here.sealer.for_provider(here.sealer.provider) is here.sealer


@pytest.mark.parametrize("damage", [b"another prompt", b"\xff\xfe\xff", "a cup".encode("utf-16")])
def test_a_damaged_prompt_is_not_screened(here, damage):
    asset_id = hand_in(here, prompt="a cup")
    request = request_of(here, asset_id)
    assert load_prompt(here, asset_id, request) == "a cup"
    here.blobs.quarantine.put(prompt_key(asset_id), damage)
    with pytest.raises(DamagedRecordError):
        screen(here, asset_id)
    here.blobs.quarantine.put(prompt_key(asset_id), b"\xff\xfe\xff")
    with pytest.raises(DamagedRecordError, match="no text"):
        load_prompt(here, asset_id, {"packs": []})
    here.blobs.quarantine.put(prompt_key(asset_id), b"a cup")
    gate.resume(here)


def test_a_document_is_kept_once_for_its_digest(here):
    hand_in(here)
    hand_in(here)
    with here.database.read() as connection:
        kept = connection.execute(select(PACKS.c.sha256, PACKS.c.document)).all()
    assert len(kept) == len({row.sha256 for row in kept})
    assert here.packs["light"].document in {bytes(row.document) for row in kept}
