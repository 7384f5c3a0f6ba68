import re

import pytest
from fastapi.testclient import TestClient

from api.access.cookie import HOST, PLAIN
from api.access.identity import Role
from api.access.link import make_first_link
from api.access.person import add_person, disable_person, find_person
from api.app import create_app
from tests.api.signing_in import PASSWORD, enter_by_link, find_csrf, make_person


@pytest.fixture
def client(home):
    with TestClient(create_app(), follow_redirects=False) as client:
        client.headers["accept"] = "text/html"
        yield client


@pytest.fixture
def here(client):
    return client.app.state.service.site.deployment


@pytest.fixture
def ada(here, client):
    person = make_person(here, Role.MODERATOR)
    enter_by_link(client, here, person)
    client.cookies.clear()
    return person


def sign_in(client, account="Ada", password=PASSWORD, **more):
    return client.post("/sign-in", data={"account": account, "password": password, **more})


def become(client, token):
    """Bring this session along, and no other."""
    client.cookies.clear()
    client.cookies.set(PLAIN, token)


def test_the_first_start_leads_to_a_desk(client, here):
    path = f"/sign-in/link/{make_first_link(here)}"
    page = client.get(path)
    assert (page.status_code, "makes you an admin" in page.text) == (200, True)
    weak = client.post(path, data={"name": "Grace Hopper", "password": "password1234567"})
    assert (weak.status_code, "Choose a longer password" in weak.text) == (422, True)
    done = client.post(path, data={"name": "Grace Hopper", "password": PASSWORD})
    assert (done.status_code, done.headers["location"]) == (303, "/desk")
    assert "Grace Hopper" in client.get("/desk").text
    again = client.get(path)
    assert (again.status_code, "used, or its time is over" in again.text) == (422, True)
    assert find_person(here, "Grace Hopper").roles == {Role.ADMIN}


def test_a_password_leads_to_where_one_wanted_to_go(client, ada):
    away = client.get("/desk?kind=face")
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in?next=%2Fdesk%3Fkind%3Dface")
    done = sign_in(client, next="/desk?from=mail")
    assert (done.status_code, done.headers["location"]) == (303, "/desk?from=mail")
    cookie = done.headers["set-cookie"]
    assert re.match(rf"{PLAIN}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=lax$", cookie)
    assert client.get("/desk").status_code == 200


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_away(client, ada, to):
    assert sign_in(client, next=to).headers["location"] == "/desk"


def test_with_https_the_cookie_is_for_https_and_this_host_alone(home, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HTTP__ORIGIN", "https://gate.example.org")
    with TestClient(create_app(), follow_redirects=False, base_url="https://gate.example.org") as client:
        here = client.app.state.service.site.deployment
        done = enter_by_link(client, here, make_person(here, Role.MODERATOR))
        assert re.match(rf"{HOST}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=lax; Secure$", done.headers["set-cookie"])
        assert client.get("/desk").status_code == 200
        client.cookies.set(PLAIN, client.cookies.pop(HOST))
        assert client.get("/desk").status_code == 401


def test_whatever_is_wrong_the_words_are_the_same(client, here, ada):
    add_person(here, name="Invited", roles=[Role.MODERATOR])
    disabled = make_person(here, Role.MODERATOR, name="Gone")
    enter_by_link(client, here, disabled)
    disable_person(here, disabled.id)
    client.cookies.clear()
    answers = [
        sign_in(client, *tried)
        for tried in (
            ("Ada", "wrong"),
            ("Nobody", PASSWORD),
            ("Invited", ""),
            ("Gone", PASSWORD),
            ("", ""),
            ("Ada\u0000", "x"),
        )
    ]
    answers.append(sign_in(client, "Ada", PASSWORD, tenant="nonesuch"))
    assert {answer.status_code for answer in answers} == {401}
    assert {re.search(r'role="alert"[^>]*>([^<]*)', answer.text)[1] for answer in answers} == {
        "Name, password or code is not right."
    }
    assert not any("set-cookie" in answer.headers for answer in answers)


def test_guessing_becomes_slow_for_names_that_exist_and_for_others_alike(client, ada):
    for account in ("Ada", "Nobody"):
        answers = [sign_in(client, account, "wrong").status_code for _ in range(6)]
        assert answers == [401] * 5 + [429] or answers == [401] * 6
    late = sign_in(client, "Ada", PASSWORD)
    assert (late.status_code, int(late.headers["retry-after"]) > 0) == (429, True)
    assert "Too many attempts" in late.text


def test_signing_in_takes_a_new_session_and_ends_the_old_one(client, ada):
    sign_in(client)
    first = client.cookies[PLAIN]
    sign_in(client)
    second = client.cookies[PLAIN]
    assert first != second
    become(client, first)
    assert client.get("/desk").status_code == 303
    become(client, "fixed-by-an-attacker")
    taken = sign_in(client).headers["set-cookie"].split("=")[1].split(";")[0]
    assert taken not in {first, second, "fixed-by-an-attacker"}


def test_signing_out_ends_the_session_by_a_form_of_ours_alone(client, ada):
    sign_in(client)
    token = client.cookies[PLAIN]
    assert client.post("/sign-out").status_code == 403
    csrf = find_csrf(client.get("/desk").text)
    assert (
        client.post("/sign-out", data={"csrf_token": csrf}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    )
    done = client.post("/sign-out", data={"csrf_token": csrf})
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
    become(client, token)
    assert client.get("/desk").status_code == 303


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
])  # fmt: skip
def test_nobody_is_signed_in_by_another_sites_form(client, ada, headers):
    done = client.post("/sign-in", data={"account": "Ada", "password": PASSWORD}, headers=headers)
    assert done.status_code == 403
    assert "set-cookie" not in done.headers


def test_forms_are_short_and_are_forms(client):
    assert sign_in(client, "x" * 70_000).status_code == 413
    assert client.post("/sign-in", content=b"{}", headers={"content-type": "application/json"}).status_code == 400


def test_pages_of_signing_in_are_kept_by_nobody_and_framed_by_nobody(client):
    for path in ("/sign-in", "/sign-in/code", "/sign-in/link/none"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"


def test_a_site_without_passwords_asks_for_none(home, monkeypatch):
    monkeypatch.setenv("CHOPMARK_ACCESS__PASSWORDS", "false")
    with TestClient(create_app(), follow_redirects=False) as client:
        here = client.app.state.service.site.deployment
        assert 'type="password"' not in client.get("/sign-in").text
        assert sign_in(client).status_code == 401
        assert enter_by_link(client, here, make_person(here, Role.MODERATOR), "").status_code == 303
        assert client.get("/desk").status_code == 200


@pytest.mark.parametrize(("language", "title"), [("en", "Sign in"), ("zh", "登录")])
def test_in_a_browser_somebody_signs_in_and_out(desk_server, visit, audit, language, title):
    here = desk_server.app.state.service.site.deployment
    name = f"Ada {language}"
    person = make_person(here, Role.MODERATOR, name=name)
    # Not as a context: that would start the application once more, with another site, and end that.
    enter_by_link(TestClient(desk_server.app, follow_redirects=False), here, person)
    page = visit("/sign-in?next=/desk", language=language, width=360)
    assert page.get_by_role("heading", level=1).inner_text() == title
    assert audit(page) == []
    page.locator("#account").fill(name)
    page.locator("#password").fill(PASSWORD)
    believing = desk_server.app.state.doorkeeper
    from api.access.doorkeeper import Doorkeeper

    desk_server.app.state.doorkeeper = Doorkeeper(here.database, desk_server.app.state.service.site.settings)
    try:
        page.locator("form button").click()
        page.wait_for_url("**/desk")
        assert name in page.content()
        page.locator(".menu").click()
        page.locator('form[action="/sign-out"] button').click()
        page.wait_for_url("**/sign-in")
    finally:
        desk_server.app.state.doorkeeper = believing
