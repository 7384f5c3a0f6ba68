import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from policies import gate
from tests.api.desk.server import WHO
from tests.api.desk.stock import hand_in
from tests.api.desk.test_queue import fresh
from tests.policies.deployments import Probe, run_only
from tests.sites import as_submission, encode, photograph


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, True), ("zh", 360, False)])
def test_it_tells_all_and_shows_the_picture_only_when_asked(desk, audit, desk_server, language, width, dark):
    page = desk(f"/desk/jobs/{desk_server.stock.matched_id}", language=language, width=width, dark=dark)
    image = page.locator(".canvas img")
    assert "blur" in image.evaluate("node => getComputedStyle(node).filter")
    assert "grayscale" in image.evaluate("node => getComputedStyle(node).filter")
    assert image.evaluate("node => node.complete && node.naturalWidth") > 0
    page.keyboard.press("v")
    assert "blur" not in image.evaluate("node => getComputedStyle(node).filter")
    assert page.locator(".sides img").count() == 2
    assert page.get_by_text("Stéfan").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert audit(page) == []


def test_the_prompt_is_shown_on_request_and_stays_text(desk, desk_server):
    page = desk(f"/desk/jobs/{desk_server.stock.hostile_ids[0]}")
    assert "xxxxx" not in page.content()
    page.keyboard.press("p")
    page.wait_for_url(re.compile("prompt=true"))
    assert page.locator("#prompt .prompt").inner_text().startswith("<script>")
    assert page.title() != "run"


def test_a_picture_that_is_shown_stays_shown_beside_its_prompt(desk, desk_server):
    page = desk(f"/desk/jobs/{desk_server.stock.hostile_ids[0]}")
    for is_blurred in (False, True):
        page.keyboard.press("v")
        page.keyboard.press("p")
        page.wait_for_url(re.compile("prompt=true"))
        style = page.locator(".canvas img").evaluate("node => getComputedStyle(node).filter")
        assert ("blur" in style) is is_blurred
        page.goto(f"{desk_server.url}/desk/jobs/{desk_server.stock.hostile_ids[0]}?show=true")


@pytest.mark.parametrize("width", [1280, 360])
def test_what_was_released_is_downloaded_from_its_page(desk, audit, desk_server, width):
    asset_id = desk_server.stock.released_id
    page = desk(f"/desk/jobs/{asset_id}", width=width)
    with page.expect_download() as loading:
        page.keyboard.press("d")
    public = desk_server.app.state.service.site.deployment.blobs.public
    assert Path(loading.value.path()).read_bytes() == public.get(f"{asset_id}/media.jpg")
    assert page.get_by_label("Note").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert audit(page) == []


def test_one_claims_decides_and_takes_back(desk, desk_server):
    asset_id = fresh(desk_server, "decide-me.jpg", (1, 2, 77))
    page = desk(f"/desk/jobs/{asset_id}?queue=name%3Ddecide-me")
    page.keyboard.press("c")
    page.get_by_text("You have this job now.").wait_for()
    page.keyboard.press("b")  # without a reason nothing is decided: the field asks for one
    assert page.evaluate("document.activeElement.id") == "reason"
    page.keyboard.type("flat, and of no use")
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.wait_for_url(re.compile("/desk/queue"))
    assert page.get_by_text("Blocked.").is_visible()
    page.keyboard.press("u")
    page.get_by_text("Taken back: the job is open again.").wait_for()
    assert page.locator(".timeline li").count() == 3


def test_an_approval_can_be_taken_back_while_it_waits(desk, desk_server):
    asset_id = fresh(desk_server, "approve-me.jpg", (5, 2, 99))
    page = desk(f"/desk/jobs/{asset_id}")
    page.get_by_label("Reason").fill("a test card")
    page.get_by_role("button", name="Approve", exact=False).first.click()
    page.wait_for_url(re.compile(f"undo={asset_id}"))
    page.keyboard.press("u")
    page.get_by_text("Taken back: the job is open again.").wait_for()


def test_a_second_opinion_is_blind(desk, desk_server):
    asset_id = fresh(desk_server, "second.jpg", (7, 70, 7))
    first = desk(f"/desk/jobs/{asset_id}")
    first.get_by_text("Ask for a second opinion").click()
    first.get_by_label("Reason").fill("the secret first reason")
    first.get_by_role("button", name="I would block").click()
    first.get_by_text("A second opinion is asked for.").wait_for()
    second = desk(f"/desk/jobs/{asset_id}", name="Noa")
    assert "the secret first reason" not in second.content()
    second.get_by_label("Reason").fill("fine by me")
    second.get_by_role("button", name="Approve", exact=False).first.click()
    second.get_by_text("The two opinions differ").wait_for()
    third = desk(f"/desk/jobs/{asset_id}", name="Sam")
    assert third.get_by_text("the secret first reason").is_visible()
    assert third.get_by_text("fine by me").is_visible()
    again = desk(f"/desk/jobs/{asset_id}", name="Noa")
    assert again.locator("#decide form").count() == 0


def test_notes_are_for_their_author_and_the_mentioned(desk, desk_server):
    asset_id = fresh(desk_server, "noted.jpg", (70, 70, 7))
    page = desk(f"/desk/jobs/{asset_id}")
    page.keyboard.press("n")
    page.keyboard.type("looks odd, @noa <img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Keep note").click()
    page.get_by_text("Note kept.").wait_for()
    assert desk(f"/desk/jobs/{asset_id}", name="Noa").get_by_text("looks odd").is_visible()
    assert desk(f"/desk/jobs/{asset_id}", name="Zed").get_by_text("looks odd").count() == 0


def test_who_hands_it_up_reads_on_and_others_see_why(desk, desk_server):
    asset_id = fresh(desk_server, "handed-up.jpg", (70, 7, 70))
    page = desk(f"/desk/jobs/{asset_id}?queue=name%3Dhanded-up")
    page.get_by_label("Reason").fill("beyond me")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.get_by_text("Handed up: somebody else decides.").wait_for()
    other = desk(f"/desk/jobs/{asset_id}", name="Noa")
    assert other.get_by_text("beyond me").is_visible()
    assert other.locator("#decide form").count() == 1


def test_where_the_file_says_it_comes_from_is_looked_up_on_request(desk, desk_server):
    page = desk(f"/desk/jobs/{desk_server.stock.matched_id}")
    page.get_by_role("link", name="Look into the file").click()
    page.locator("#provenance svg.chain").wait_for()


def ask(server, path, who="moderator:Mia"):
    return httpx.get(f"{server.url}{path}", cookies={WHO: who}, headers={"accept": "text/html"}, timeout=60)


def test_another_tenants_moderator_finds_nothing(desk_server):
    for path in ("", "/picture", "/aligned", "/provenance"):
        answer = ask(desk_server, f"/desk/jobs/{desk_server.stock.held_id}{path}", "moderator:Mia:other")
        assert answer.status_code in {403, 404, 500}, path
        assert b"flat.jpg" not in answer.content


def test_a_sensitive_job_is_not_there_for_others(desk_server):
    site = desk_server.app.state.service.site
    asset_id = hand_in(
        site, photograph("astronaut.png", 300), "secret-name.jpg", prompt="an erotic dance in a night club"
    )
    job = f"/desk/jobs/{asset_id}"
    for path in (
        job,
        f"{job}/picture",
        f"{job}/aligned",
        f"{job}/provenance",
        f"/v1/reviews/{asset_id}",
        f"/v1/reviews/{asset_id}/notes",
        f"/v1/policies/explanations/{asset_id}",
    ):
        assert ask(desk_server, path).status_code == 404, path
        assert ask(desk_server, path, "admin:Ada").status_code == 404, path
    for path in (
        "/desk/queue?name=secret-name",
        "/desk/queue?sensitive=true",
        "/v1/reviews?name=secret-name",
        "/desk/decisions",
    ):
        assert "secret-name.jpg" not in ask(desk_server, path).text, path
        assert "secret-name.jpg" not in ask(desk_server, path, "admin:Ada").text, path
    assert "secret-name.jpg" in ask(desk_server, "/desk/queue?sensitive=true", "sensitive_moderator:Sen").text
    assert ask(desk_server, job, "sensitive_moderator:Sen").status_code == 200
    assert "secret-name.jpg" not in ask(desk_server, "/v1/assets", "moderator:Mia").text
    assert ask(desk_server, f"/v1/assets/{asset_id}", "moderator:Mia").status_code == 404
    assert ask(desk_server, f"/v1/assets/{asset_id}", "sensitive_moderator:Sen").status_code == 200
    for kind in ("case", "prov"):
        ordered = httpx.post(
            f"{desk_server.url}/v1/exports", json={"kind": kind, "asset_id": asset_id}, cookies={WHO: "auditor:Aud"},
            headers={"origin": desk_server.url},
        )  # fmt: skip
        assert (ordered.status_code, ordered.json()["title"]) == (404, "asset.not_found"), kind


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh", 360)])
def test_a_job_of_which_a_check_had_no_answer_is_screened_again(desk, audit, desk_server, language, width):
    failing = replace(desk_server.app.state.service.site.deployment, runner=run_only(Probe(RuntimeError("no"))))
    file = encode(photograph("rocket.jpg", side=160 + width // 40))
    asset_id = gate.release(failing, as_submission(file, name="late.jpg")).asset_id
    page = desk(f"/desk/jobs/{asset_id}", language=language, width=width)
    assert audit(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("s")
    page.wait_for_url(re.compile("said=screened_"), timeout=60_000)
    assert audit(page) == []
    assert page.locator("form[action$='/screen']").count() == 0, "every check has answered now"
