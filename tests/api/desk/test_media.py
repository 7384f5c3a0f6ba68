import io
import re

import httpx
import pytest
from PIL import Image

from api.desk.media import SIDE
from api.wiring import open_site
from policies import gate
from tests.api.desk.server import WHO, serving
from tests.api.desk.stock import hand_in
from tests.clips import clip
from tests.sites import as_submission, build_settings, photograph


def ask(server, path, who="moderator:Mia"):
    return httpx.get(f"{server.url}{path}", cookies={WHO: who})


def test_what_is_shown_is_encoded_anew_bounded_and_kept_by_nobody(desk_server):
    site = desk_server.app.state.service.site
    asset_id = hand_in(site, photograph("chelsea.png", 1200), "large.jpg")
    original = site.deployment.blobs.quarantine.get(f"{asset_id}/original")
    answer = ask(desk_server, f"/desk/jobs/{asset_id}/picture")
    assert (answer.status_code, answer.headers["content-type"], answer.headers["cache-control"]) == (
        200,
        "image/jpeg",
        "no-store",
    )
    assert answer.content != original
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert max(shown.size) == SIDE
        assert not shown.getexif()


def test_matches_are_shown_side_by_side(desk_server):
    stock = desk_server.stock
    sheet = ask(desk_server, f"/desk/jobs/{stock.matched_id}/aligned")
    assert (sheet.status_code, sheet.headers["content-type"]) == (200, "image/jpeg")
    work = ask(desk_server, f"/desk/jobs/{stock.matched_id}/works/{stock.work_id}")
    assert (work.status_code, work.headers["cache-control"]) == (200, "no-store")
    assert ask(desk_server, f"/desk/jobs/{stock.matched_id}/works/none").status_code == 404
    assert ask(desk_server, f"/desk/jobs/{stock.held_id}/aligned").status_code == 404


def test_who_may_not_review_sees_none(desk_server):
    path = f"/desk/jobs/{desk_server.stock.held_id}/picture"
    assert [ask(desk_server, path, who).status_code for who in ("auditor:Ada", "submitter:Sam")] == [403, 403]
    assert httpx.get(f"{desk_server.url}{path}").status_code == 401


@pytest.fixture(scope="module")
def clip_desk(tmp_path_factory):
    """A desk with one job, a clip that is held since a detector is missing."""
    home = tmp_path_factory.mktemp("clips") / "home"
    settings = build_settings(home, media=("picture", "video"), detectors=("prompt", "copyright", "incoming_marks"))
    with open_site(settings) as site:
        asset_id = gate.release(site.deployment, as_submission(clip(12, sound=True), name="a.mp4")).asset_id
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHOPMARK_MEDIA", "picture,video")
        with serving(home, patch) as server:
            yield server, asset_id


def test_a_clip_is_watched_small_blurred_and_muted_and_nothing_is_loaded_before(clip_desk):
    server, asset_id = clip_desk
    page = ask(server, f"/desk/jobs/{asset_id}").text
    (player,) = re.findall(r"<video [^>]*>", page)
    assert f'src="/desk/jobs/{asset_id}/clip"' in player
    for said in ("controls", "muted", 'preload="none"', "blur-", "aria-label"):
        assert said in player
    assert "autoplay" not in page
    answer = ask(server, f"/desk/jobs/{asset_id}/clip")
    assert (answer.status_code, answer.headers["content-type"], answer.headers["cache-control"]) == (
        200, "video/webm", "no-store",
    )  # fmt: skip
    assert answer.content[:4] == bytes.fromhex("1a45dfa3")
    assert ask(server, f"/desk/jobs/{asset_id}/clip", "submitter:Sam").status_code == 403


def test_a_picture_has_no_player(desk_server):
    assert "<video" not in ask(desk_server, f"/desk/jobs/{desk_server.stock.held_id}").text
    assert ask(desk_server, f"/desk/jobs/{desk_server.stock.held_id}/clip").status_code == 404
