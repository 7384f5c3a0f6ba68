import io

import httpx
from PIL import Image

from api.desk.media import SIDE
from tests.api.desk.server import WHO
from tests.api.desk.stock import hand_in
from tests.sites import photograph


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
