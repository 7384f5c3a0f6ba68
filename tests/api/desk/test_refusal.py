import httpx
import pytest

from tests.api.desk.server import WHO

BROWSER = {"accept": "text/html,*/*;q=0.8"}


def ask(server, path, who="", **headers):
    cookies = {WHO: who} if who else {}
    return httpx.get(f"{server.url}{path}", headers={**BROWSER, **headers}, cookies=cookies)


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(desk_server):
    answer = ask(desk_server, "/desk?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fdesk%3Fx%3D1")


def test_a_part_of_a_page_leads_the_whole_page_there(desk_server):
    answer = ask(desk_server, "/desk", **{"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in?next=%2Fdesk")


def test_a_program_is_told_in_its_own_way(desk_server):
    answer = ask(desk_server, "/desk", accept="*/*")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


@pytest.mark.parametrize(("path", "status"), [("/desk", 403), ("/desk/nonesuch", 404)])
def test_what_is_refused_is_a_page_under_the_policy_of_pages(desk_server, path, status):
    answer = ask(desk_server, path, "submitter:Sam")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_in_a_part_of_a_page_it_is_one_line(desk_server):
    answer = ask(desk_server, "/desk/nonesuch", "moderator:Mia", **{"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-retarget"]) == (404, "#alerts")
    assert "<html" not in answer.text
