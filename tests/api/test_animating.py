import pytest

from api.animating import animate_picture, begin_with, choose_encoder, name_clip, verify_takes_clips
from api.console import CommandUsageError
from api.wiring import open_site
from generation.clip import Wish
from policies.line.intake import intake, load_components
from provenance.asset import Origin
from provenance.errors import AssetError, ConfigurationError
from provenance.storage.blob import Blob
from tests.clips import clip
from tests.sites import build_light_settings, encode, photograph


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_light_settings(tmp_path_factory.mktemp("animating"), media=("picture", "video"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def picture():
    return Blob.from_bytes(encode(photograph(side=256)))


def test_a_clip_is_handed_in_with_all_that_went_into_it(site, picture):
    wish = Wish(seconds=1, side=180, rate=12, has_music=True)
    made = animate_picture(site.deployment, begin_with(site.deployment, picture), wish, name="a.mp4")
    assert made.origin is Origin.GENERATED
    assert [one["relationship"] for one in made.recipe["ingredients"]] == ["inputTo", "componentOf"]
    assert made.recipe["ingredients"][0]["sha256"] == picture.sha256
    assert made.recipe["digital_source_type"] == "composite"
    here = site.deployment
    asset_id = intake(here, made)
    assert [one.file.sha256 for one in load_components(here, asset_id, made.recipe)] == [
        one.file.sha256 for one in made.components
    ]


def test_nobody_else_says_what_went_into_an_asset(site, picture):
    from policies.line.deployment import Submission

    named = [{"sha256": "0" * 64, "media_type": "image/jpeg", "relationship": "parentOf", "digital_source_type": ""}]
    with pytest.raises(AssetError, match="ingredients"):
        intake(site.deployment, Submission(picture, recipe={"ingredients": named}))
    component = begin_with(site.deployment, picture).component
    with pytest.raises(AssetError, match="ingredients"):
        intake(site.deployment, Submission(picture, components=(component,)))


def test_a_clip_is_no_picture_to_begin_with(site):
    with pytest.raises(CommandUsageError, match="extend"):
        begin_with(site.deployment, Blob.from_bytes(clip(count=2)))


def test_names_and_encoders(site):
    assert name_clip("cat.jpg") == "cat.mp4"
    assert name_clip("cat.mp4", is_longer=True) == "cat-extended.mp4"
    assert choose_encoder(site.settings) == "h264"
    assert choose_encoder(site.settings.model_copy(update={"media_options": {"video": {"encoder": "av1"}}})) == "av1"
    verify_takes_clips(site.deployment)


def test_a_site_of_pictures_alone_says_what_it_lacks(tmp_path):
    with (
        open_site(build_light_settings(tmp_path)) as opened,
        pytest.raises(ConfigurationError, match="picture,video"),
    ):
        verify_takes_clips(opened.deployment)
