"""The page of quality in a browser, and the way of a case by HTTP: dealt among the jobs, answered, settled."""

import re
from dataclasses import replace

import httpx
import pytest

from policies.review.job import Reviewer
from policies.review.judgement import decide
from policies.review.quality_answer import deal_golden
from policies.review.quality_golden import make_from_asset
from policies.review.quality_rules import Rules, keep_rules
from tests.api.desk.server import WHO
from tests.api.desk.test_queue import fresh
from tests.policies.review.people import NO, SAM


@pytest.fixture(scope="module")
def here(desk_server):
    return desk_server.app.state.service.site.deployment


@pytest.fixture
def rules(here):
    yield lambda **chosen: keep_rules(here, SAM, Rules(**chosen))
    keep_rules(here, SAM, Rules())


@pytest.fixture
def ask(desk_server):
    """Ask as somebody for a page, or send a form."""

    def send(path, who="moderator:Mia", **form):
        headers = {"accept": "text/html", "origin": desk_server.url}
        with httpx.Client(base_url=desk_server.url, cookies={WHO: who}, headers=headers, timeout=60) as client:
            return client.post(path, data=form) if form else client.get(path, follow_redirects=True)

    return send


def human(verdict):
    """The verdict under a clause that every pack knows."""
    return replace(verdict, clause="human review")


def find_job(page, name):
    """Return the address of a line of the queue."""
    return re.search(rf'href="(/desk/jobs/[0-9a-f-]+)[^"]*"[^>]*><bdi>{re.escape(name)}', page.text)[1]


def test_a_second_look_is_a_job_like_others_until_it_is_answered(desk_server, here, rules, ask):
    asset_id = fresh(desk_server, "looked-twice.jpg", (11, 3, 170))
    rules(double_share=1)
    decide(here, asset_id, SAM, human(NO))
    rules()
    listed = ask("/desk/queue?name=looked-twice", "moderator:Noa")
    job = find_job(listed, "looked-twice.jpg")
    assert asset_id not in job
    page = ask(job, "moderator:Noa")
    assert "roulette for money" not in page.text
    assert ask(f"{job}/picture", "moderator:Noa").headers["content-type"] == "image/jpeg"
    assert ask(f"{job}/claim", "moderator:Noa", queue="").headers["location"].startswith(job)
    assert ask(job, "moderator:Zed").status_code == 200  # readable, held by Noa
    told = ask(f"{job}/notes", "moderator:Noa", text="odd")
    assert told.status_code == 303
    given = {"outcome": "release", "clause": "human review", "reason": "a test card"}
    assert f"undo={job.rpartition('/')[2]}" in ask(f"{job}/decide", "moderator:Noa", **given).headers["location"]
    assert ask(job, "moderator:Zed").status_code == 404
    assert "a test card" in ask(job, "moderator:Noa").text
    case = re.search(
        r'href="(/desk/quality/cases/[0-9a-f-]+)"><bdi>looked-twice', ask("/desk/quality", "admin:Ada").text
    )[1]
    assert "roulette for money" in ask(case, "admin:Ada").text
    assert ask(f"{case}/settle", "admin:Ada", outcome="release", statement="").status_code == 422
    assert ask(f"{case}/settle", "admin:Ada", outcome="release", statement="a card").status_code == 303
    assert ask(f"{case}/reopen", "admin:Ada", x="").status_code == 303
    assert "Claim" in ask(f"/desk/jobs/{asset_id}", "admin:Ada").text  # it is open again
    assert ask(f"{case}/picture", "policy_manager:Pol").status_code == 403  # pictures are for who reviews
    assert ask(case, "policy_manager:Pol").status_code == 200


def test_a_known_case_says_so_only_where_that_is_set(desk_server, here, rules, ask):
    case = make_from_asset(here, fresh(desk_server, "known.jpg", (12, 33, 170)), SAM, human(NO))
    rules(golden_share=0.5, gives_feedback=True)
    for _ in range(60):
        deal_golden(here, Reviewer("person-Lea", "Lea"))
    found = ask("/desk/queue?name=known.jpg", "moderator:Lea")
    jobs = set(re.findall(r'href="(/desk/jobs/[0-9a-f-]+)[^"]*"[^>]*><bdi>known.jpg', found.text))
    (job,) = [one for one in jobs if case.asset_id not in one]
    given = {"outcome": "release", "clause": "human review", "reason": "fine"}
    led = ask(f"{job}/decide", "moderator:Lea", **given).headers["location"]
    assert "said=golden_wrong" in led
    assert "That was a known case" in ask(led, "moderator:Lea").text
    assert "roulette for money" in ask(job, "moderator:Lea").text
    assert ask(f"/desk/quality/cases/{case.id}/retire", "policy_manager:Pol", x="").status_code == 303


def test_a_case_is_made_of_a_file_or_what_is_wrong_is_said(desk_server, ask):
    wrong = httpx.post(
        f"{desk_server.url}/desk/quality/cases", cookies={WHO: "policy_manager:Pol"},
        headers={"accept": "text/html", "origin": desk_server.url},
        files={"file": ("x.jpg", b"no picture"), "reason": (None, "why"), "outcome": (None, "block"), "clause": (None, "human review")},
    )  # fmt: skip
    assert wrong.status_code in {415, 422}
    assert 'role="alert"' in wrong.text
    assert ask("/desk/quality", "policy_manager:Pol", golden="60").status_code == 422
    assert ask("/desk/quality", "policy_manager:Pol", golden="many").status_code == 422
    assert ask("/desk/quality", "moderator:Mia").status_code == 403


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, True), ("zh", 360, False)])
def test_it_shows_how_much_people_agree(desk, audit, desk_server, here, rules, ask, language, width, dark):
    asset_id = fresh(desk_server, f"agreed-{language}.jpg", (13, 3, width % 255))
    rules(double_share=1)
    decide(here, asset_id, SAM, human(NO))
    rules()
    job = find_job(ask(f"/desk/queue?name=agreed-{language}", "moderator:Noa"), f"agreed-{language}.jpg")
    ask(f"{job}/decide", "moderator:Noa", outcome="block", clause="human review", reason="flat")
    page = desk("/desk/quality", role="policy_manager", name="Pol", language=language, width=width, dark=dark)
    assert page.get_by_role("heading", level=1).is_visible()
    assert page.locator("#agreement").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert audit(page) == []
