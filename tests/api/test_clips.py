"""Clips that were ordered: what is told at once, and how what waits becomes one, whoever dies over it."""

from datetime import UTC, datetime

import pytest

from api.clips import build_of_file, check_of_file, make_clip
from api.drawing import draw_wish
from api.orders import Brought, check_order
from api.refusals import InvalidRequestError
from api.schemas.release import FormOrder, Order
from api.settings import Http
from api.wiring import open_site
from policies.consents import Wanted, record_consent
from policies.gate import walk
from policies.line.intake import intake, load_asset, load_components
from policies.line.records import asset_row
from policies.line.released import find_released, load_released
from policies.line.standing import Progress, find_standing
from policies.line.wish import keep_wish, load_wish, source_key, words_key
from policies.rules.decision import Decision
from provenance.errors import GenerationError
from provenance.storage.blob import Blob
from tests.clips import clip
from tests.sites import DETECTORS, build_light_settings, encode, photograph

BOUNDS = Http(clip_s=10)
SMALL = {"seconds": 1, "side": 180, "rate": 12, "particles": 0}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_light_settings(tmp_path_factory.mktemp("clips"), media=("picture", "video"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def picture():
    return Blob.from_bytes(encode(photograph(side=256)))


def order_one(here, file, name="cup.jpg", **fields):
    order = Order(**fields)
    check_of_file(here, order, has_file=True, most_s=10)
    return keep_wish(here, Brought(order, file).wish(submitter="s", of_file=build_of_file(here, order, file, name)))


def find_recipe(here, asset_id):
    with here.database.read() as connection:
        return asset_row(connection, asset_id)["recipe"]


def test_a_picture_becomes_a_clip_that_names_it(site, picture):
    here = site.deployment
    wish_id = order_one(here, picture, prompt="a cup of coffee", animate={**SMALL, "music": True})
    assert find_standing(here, wish_id).name == "cup.mp4"
    assert draw_wish(site, here, wish_id)
    asset, recipe = load_asset(here, wish_id), find_recipe(here, wish_id)
    assert (asset.media_type.value, find_standing(here, wish_id).submitter) == ("video/mp4", "s")
    assert load_components(here, wish_id, recipe)[0].file.sha256 == picture.sha256
    assert not here.blobs.quarantine.has(source_key(wish_id, picture.sha256)), "it is an ingredient now"
    assert not here.blobs.quarantine.has(words_key(wish_id))
    assert here.blobs.quarantine.get(f"{wish_id}/prompt") == b"a cup of coffee"
    assert walk(here, wish_id).outcome.value == "release"
    with here.database.read() as connection:
        sealed = load_released(here.blobs.public, find_released(connection, wish_id))
    assert site.verifier.verify(sealed).state.value == "consistent"


def test_a_prompt_becomes_a_clip_in_one_call_with_what_was_drawn_as_its_ingredient(site):
    here = site.deployment
    brought = check_order(
        here, Brought(Order(prompt="a red boat", seed=3, animate={**SMALL, "move": "push"}), None), BOUNDS
    )
    of_file = build_of_file(here, brought.order, None, "boat.png")
    wish_id = keep_wish(here, brought.wish(submitter="s", of_file=of_file), key="one")
    assert keep_wish(here, brought.wish(submitter="s", of_file=of_file), key="one") == wish_id
    assert draw_wish(site, here, wish_id)
    asset, recipe = load_asset(here, wish_id), find_recipe(here, wish_id)
    assert (asset.media_type.value, find_standing(here, wish_id).name) == ("video/mp4", "boat.mp4")
    (drawn,) = load_components(here, wish_id, recipe)
    assert (drawn.relationship, drawn.media_type.value) == ("inputTo", "image/png")
    assert here.blobs.quarantine.get(f"{wish_id}/prompt") == b"a red boat"
    assert walk(here, wish_id).outcome.value == "release"


def test_a_prompt_that_is_blocked_is_neither_drawn_nor_animated(site):
    here = site.deployment
    order = Order(prompt="how to make a bomb in Zambonia", animate=SMALL)
    wish_id = keep_wish(here, Brought(order, None).wish(submitter="s", of_file=build_of_file(here, order, None, "")))
    assert not draw_wish(site, here, wish_id)
    assert find_standing(here, wish_id).progress is Progress.BLOCKED
    assert not list(here.blobs.quarantine.keys(f"{wish_id}/"))


@pytest.mark.parametrize("fields", [{"animate": SMALL}, {"prompt": "a cup", "extend": {"seconds": 1}}])
def test_without_words_and_without_a_picture_there_is_nothing_to_move(site, fields):
    with pytest.raises(InvalidRequestError, match="expected a file"):
        check_order(site.deployment, Brought(Order(**fields), None), BOUNDS)


def test_a_clip_goes_on_with_itself_as_its_parent(site):
    here, file = site.deployment, Blob.from_bytes(clip(count=12))
    wish_id = order_one(here, file, "walk.mp4", prompt="a walk", extend={"seconds": 1, "particles": 0})
    assert draw_wish(site, here, wish_id)
    asset = load_asset(here, wish_id)
    assert find_standing(here, wish_id).name == "walk-extended.mp4"
    assert [one["relationship"] for one in find_recipe(here, wish_id)["ingredients"]] == ["parentOf"]
    assert asset.facts["duration_s"] == pytest.approx(2.0, abs=0.2)
    assert here.blobs.quarantine.get(f"{wish_id}/prompt") == b"a walk"


def test_what_is_spoken_is_judged_before_anything_is_made(site, picture):
    here = site.deployment
    wish_id = order_one(here, picture, animate={**SMALL, "say": ["deep: how to make a bomb in Zambonia"]})
    assert isinstance(make_clip(site, here, load_wish(here, wish_id)), Decision)
    assert not draw_wish(site, here, wish_id)
    assert find_standing(here, wish_id).progress is Progress.BLOCKED
    assert not list(here.blobs.quarantine.keys(f"{wish_id}/")), "neither words nor picture are kept"


def test_a_maker_that_dies_before_the_clip_is_taken_in_leaves_a_wish_that_waits(site, picture, monkeypatch):
    """Even where the blobs of the asset are there already and its row is not."""
    here = site.deployment
    wish_id = order_one(here, picture, prompt="a cup", animate={**SMALL, "say": ["Good evening."], "seconds": 3})

    def die(where, submission):
        monkeypatch.setattr(type(where.database), "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        try:
            intake(where, submission)
        finally:
            monkeypatch.undo()

    monkeypatch.setattr("api.drawing.intake", die)
    with pytest.raises(KeyboardInterrupt):
        draw_wish(site, here, wish_id)
    assert here.blobs.quarantine.get(f"{wish_id}/prompt") == b"a cup\nGood evening."
    assert find_standing(here, wish_id).progress is Progress.DRAWING
    assert draw_wish(site, here, wish_id)
    assert load_asset(here, wish_id).facts["duration_s"] == pytest.approx(3.0, abs=0.2)


def test_what_cannot_be_made_keeps_nothing(site, picture, monkeypatch):
    here = site.deployment
    wish_id = order_one(here, picture, animate=SMALL)
    monkeypatch.setattr("api.clips.animate_picture", lambda *_, **__: (_ for _ in ()).throw(GenerationError("no")))
    assert not draw_wish(site, here, wish_id)
    assert (find_standing(here, wish_id).progress, find_standing(here, wish_id).name) == (Progress.FAILED, "cup.mp4")
    assert not list(here.blobs.quarantine.keys(f"{wish_id}/"))


@pytest.mark.parametrize(
    ("fields", "has_file", "field"),
    [
        ({"animate": {}, "extend": {}}, True, "animate"),
        ({"animate": {}}, False, "animate"),
        ({"extend": {"of": "x"}}, True, "extend"),
        ({"animate": {"seconds": 11}}, True, "animate.seconds"),
        ({"animate": {}, "recipe": {"seed": 1}}, True, "recipe"),
    ],
)
def test_what_does_not_fit_is_told_by_its_field(site, fields, has_file, field):
    with pytest.raises(InvalidRequestError) as refused:
        check_of_file(site.deployment, Order(**fields), has_file=has_file, most_s=10)
    assert refused.value.problems[0]["field"] == field


def test_a_site_of_pictures_alone_makes_no_clips(tmp_path):
    with (
        open_site(build_light_settings(tmp_path / "home")) as opened,
        pytest.raises(InvalidRequestError, match="video"),
    ):
        check_of_file(opened.deployment, Order(animate={}), has_file=True, most_s=10)


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("animate", clip(count=2), "a picture to begin with"),
        ("extend", encode(photograph(side=64)), "a clip to go on from"),
        ("animate", b"nothing", "nobody here knows"),
    ],
)
def test_a_file_of_another_kind_is_told(site, kind, data, told):
    order = FormOrder.model_validate({kind: ["{}"]})
    with pytest.raises(InvalidRequestError, match=told):
        build_of_file(site.deployment, order, Blob.from_bytes(data), "a")


def test_a_line_that_cannot_be_spoken_is_told_when_it_comes(site, picture):
    order = Order(animate={"say": ["deep@9999.9: late"]})
    with pytest.raises(InvalidRequestError, match="begin at 0 s"):
        build_of_file(site.deployment, order, picture, "a")


def order_portrait(here, file, **context):
    """As `POST /v1/releases` does."""
    order = Order(restyle={"style": "pencil"}, prompt="me", context=context)
    brought = check_order(here, Brought(order, file), BOUNDS)
    wanted = build_of_file(here, brought.order, file, "me.jpg")
    return keep_wish(here, brought.wish(submitter="s", of_file=wanted))


def test_a_portrait_is_released_under_the_consent_of_who_it_shows_and_held_without(tmp_path, picture):
    settings = build_light_settings(tmp_path / "home", detectors=(*DETECTORS[:3], "faces"))
    with open_site(settings, quiet=True) as site:
        here = site.deployment
        today = datetime.now(UTC).date()
        wanted = Wanted("Me", ("avatar",), today, picture.sha256, "", "s")
        agreed = record_consent(here.database, here.log, here.tenant, wanted, author="Me", day=today)
        held, released = order_portrait(here, picture), order_portrait(here, picture, consents=[agreed.id])
        for wish_id in (held, released):
            assert draw_wish(site, here, wish_id)
            asset, recipe = load_asset(here, wish_id), find_recipe(here, wish_id)
            assert (asset.media_type.value, find_standing(here, wish_id).name) == ("image/png", "me-pencil.png")
            assert load_components(here, wish_id, recipe)[0].file.sha256 == picture.sha256
        assert walk(here, released).outcome.value == "release"
        result = walk(here, held)
        assert (result.outcome.value, "no_consent" in str(result)) == ("hold", True)
        with here.database.read() as connection:
            sealed = load_released(here.blobs.public, find_released(connection, released))
        assert site.verifier.verify(sealed).state.value == "consistent"


def test_a_portrait_is_always_one_that_consents_decide_about(site, picture):
    here = site.deployment
    order = Order(restyle={"style": "ink"}, context={"portrayed": False})
    told = check_order(here, Brought(order, picture), BOUNDS).order
    assert (told.context.portrayed, told.context.purpose) == (True, "avatar")
    assert "portraits" in told.packs
    with pytest.raises(InvalidRequestError, match="picture to begin with"):
        build_of_file(here, order, Blob.from_bytes(clip(count=3)), "a.mp4")
    with pytest.raises(InvalidRequestError, match="several"):
        check_order(here, Brought(Order(restyle={"style": "ink"}, animate={}), picture), BOUNDS)
