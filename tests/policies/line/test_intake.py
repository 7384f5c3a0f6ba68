"""What intake keeps and refuses."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from policies import gate
from policies.line import intake
from policies.line.records import Stage
from policies.line.request import UnreadablePromptError, prompt_key
from policies.line.sweeping import unfinished
from provenance.asset import MediaType, Origin, new_asset_id
from provenance.errors import (
    AssetError,
    AssetNotFoundError,
    AssetTooLargeError,
    BlobKeyError,
    ConfigurationError,
)
from provenance.media.cache import ContentCache
from provenance.media.limits import IntakeLimits
from provenance.storage.tables import ASSETS
from tests.policies.deployments import SIDE, hand_in, kept_of
from tests.sites import as_submission, encode, photograph, submission


def row_of(here, asset_id):
    with here.database.read() as connection:
        return dict(connection.execute(select(ASSETS).where(ASSETS.c.id == asset_id)).mappings().one())


def test_an_accepted_file_is_described_and_kept(here):
    handed_in = submission(side=SIDE, name="coffee.png", prompt="a cup", origin=Origin.GENERATED, recipe={"seed": 7})
    asset_id = intake.intake(here, handed_in)
    asset = intake.load_asset(here, asset_id)
    assert asset.sha256 == handed_in.unverified_file.sha256
    assert (asset.media_type, asset.facts["height"], asset.origin) == (MediaType.JPEG, SIDE, Origin.GENERATED)
    row = row_of(here, asset_id)
    assert (row["stage"], row["recipe"], row["has_prompt"]) == (Stage.ACCEPTED, {"seed": 7}, True)
    assert sorted(kept_of(here, asset_id)) == ["original", "prompt"]
    assert here.blobs.quarantine.get(prompt_key(asset_id)) == b"a cup"
    assert asset_id in unfinished(here)


@pytest.mark.parametrize("orientation", [1, 6])
def test_what_is_accepted_by_its_headers_is_described_as_one_that_is_decoded(here, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    handed_in = as_submission(encode(photograph(side=520), exif=exif), name="a.jpg")
    measured = intake.measure(here, handed_in)
    known, asset_id = (intake.intake(here, handed_in, measured=one) for one in (None, measured))
    assert measured is not None
    decoded, accepted = ({**row_of(here, one), "id": "", "created_at": ""} for one in (known, asset_id))
    assert accepted == decoded
    assert intake.measure(here, submission(side=SIDE)) is None, "a small one is decoded at once"
    with pytest.raises(AssetTooLargeError):
        intake.measure(replace(here, limits=IntakeLimits(max_pixels=1000)), handed_in)


def test_an_unknown_pack_or_limit_takes_nothing_in(here):
    before = sorted(here.blobs.quarantine.keys())
    with pytest.raises(ConfigurationError, match="got lihgt"):
        hand_in(here, packs=("lihgt",))
    with pytest.raises(AssetTooLargeError):
        hand_in(replace(here, limits=IntakeLimits(max_pixels=1000)))
    assert sorted(here.blobs.quarantine.keys()) == before


def test_an_id_that_climbs_out_of_the_store_is_refused(here):
    with pytest.raises(BlobKeyError):
        hand_in(here, asset_id="../../etc/passwd")


@pytest.mark.parametrize("name", ["nul\0inside", "half a pair \ud800", "x" * 999, "'; DROP TABLE assets; --"])
def test_any_name_can_be_kept(here, name):
    handed_in = replace(submission(side=SIDE), name=name)
    kept = row_of(here, intake.intake(here, handed_in))["name"]
    assert 0 < len(kept) <= intake.NAME_LIMIT
    assert "\0" not in kept


def test_a_prompt_that_is_no_text_is_refused_and_nothing_is_kept(here):
    before = sorted(here.blobs.quarantine.keys())
    with pytest.raises(UnreadablePromptError, match="character 3") as told:
        gate.release(here, submission(side=SIDE, prompt="a \ud800 pipe bomb"))
    assert "pipe" not in str(told.value)
    assert sorted(here.blobs.quarantine.keys()) == before


def test_pictures_are_decoded_again_where_they_were_not_kept(here):
    asset = intake.load_asset(here, hand_in(here))
    known, file = intake.load_content(here, asset)
    again, _ = intake.load_content(replace(here, contents=ContentCache(0)), asset)
    assert again is not known
    assert np.array_equal(again.frame, known.frame)
    assert file.sha256 == asset.sha256


def test_a_changed_blob_is_not_taken_for_the_accepted_one(here):
    asset_id = hand_in(here)
    here.blobs.quarantine.put(intake.original_key(asset_id), encode(photograph("chelsea.png", SIDE)))
    with pytest.raises(AssetError, match="not the one accepted"):
        intake.load_content(here, intake.load_asset(here, asset_id))


def test_an_unknown_id_has_no_asset(here):
    with pytest.raises(AssetNotFoundError):
        intake.load_asset(here, new_asset_id())
