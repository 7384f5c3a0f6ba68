import re
import time

import pyotp
import pytest
from fastapi.testclient import TestClient

from api.access.cookie import PLAIN
from api.access.doorkeeper import Doorkeeper
from api.access.identity import Role
from api.access.session import list_sessions
from api.app import create_app
from tests.api.signing_in import PASSWORD, enter_by_link, find_csrf, make_key, make_person, open_for


@pytest.fixture
def client(home):
    with TestClient(create_app(), follow_redirects=False) as client:
        client.headers["accept"] = "text/html"
        client.here = client.app.state.service.site.deployment
        client.ada = make_person(client.here, Role.MODERATOR)
        enter_by_link(client, client.here, client.ada)
        yield client


def send(client, path="", **fields):
    csrf = find_csrf(client.get("/desk/account").text)
    return client.post(f"/desk/account{path}", data={"csrf_token": csrf, **fields})


def sign_in(client, password=PASSWORD):
    client.cookies.clear()
    return client.post("/sign-in", data={"account": "Ada", "password": password})


def test_another_password_ends_the_other_sessions(client):
    elsewhere = open_for(client.here, client.ada)
    assert send(client, "/password", current="wrong", password=f"new {PASSWORD}").status_code == 401
    assert send(client, "/password", current=PASSWORD, password="short").status_code == 422
    assert send(client, "/password", current=PASSWORD, password=f"new {PASSWORD}").status_code == 303
    assert client.get("/desk/account").status_code == 200
    client.cookies.clear()
    client.cookies.set(PLAIN, elsewhere)
    assert client.get("/desk/account").status_code == 303
    assert sign_in(client).status_code == 401
    assert sign_in(client, f"new {PASSWORD}").status_code == 303


def test_an_app_takes_part_and_is_asked_from_then_on(client):
    assert send(client, "/app", current="wrong").status_code == 401
    begun = send(client, "/app", current=PASSWORD)
    assert "data:image/svg+xml" in begun.text
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', begun.text)[1].replace(" ", "")
    flow = re.search(r'name="flow" value="([\w-]+)"', begun.text)[1]
    wrong = send(client, "/app/confirm", flow=flow, code="000000")
    assert (wrong.status_code, "does not fit" in wrong.text) == (422, True)
    assert send(client, "/app/confirm", flow=flow, code=pyotp.TOTP(secret).now()).status_code == 422  # taken once
    flow = re.search(r'name="flow" value="([\w-]+)"', wrong.text)[1]
    done = send(client, "/app/confirm", flow=flow, code=pyotp.TOTP(secret).now())
    paper = re.findall(r"<code>(\w{4}-\w{4}-\w{4})</code>", done.text)
    assert len(paper) == 8
    half = sign_in(client)
    assert half.headers["location"] == "/sign-in/code?next=%2Fdesk"
    assert client.get("/desk").status_code == 303
    assert client.post("/sign-in/code", data={"code": "000000"}).status_code == 401
    whole = client.post("/sign-in/code", data={"code": pyotp.TOTP(secret).at(time.time() + 30), "next": "/desk"})
    assert (whole.status_code, client.get("/desk").status_code) == (303, 200)
    sign_in(client)
    assert client.post("/sign-in/code", data={"code": paper[0]}).status_code == 303
    assert send(client, "/app/drop", current=PASSWORD).status_code == 303
    assert sign_in(client).headers["location"] == "/desk"


def test_a_code_without_a_password_leads_back(client):
    client.cookies.clear()
    assert client.post("/sign-in/code", data={"code": "000000"}).headers["location"] == "/sign-in"


def test_ones_own_sessions_are_ended_and_nobody_elses(client):
    eve = make_person(client.here, Role.AUDITOR, name="Eve")
    open_for(client.here, eve)
    for _ in range(2):
        open_for(client.here, client.ada)
    ((theirs, _),) = list_sessions(client.here, idle_s=60, person_id=eve.id)
    assert send(client, f"/sessions/{theirs.id}/end").status_code == 404
    mine = re.findall(r"/desk/account/sessions/([\w-]{36})/end", client.get("/desk/account").text)
    assert len(mine) == 2  # beside this one
    assert send(client, f"/sessions/{mine[0]}/end").status_code == 303
    assert send(client, "/sessions/end").status_code == 303
    assert len(list_sessions(client.here, idle_s=60, person_id=client.ada.id)) == 1
    assert client.get("/desk/account").status_code == 200
    assert len(list_sessions(client.here, idle_s=60, person_id=eve.id)) == 1


def test_a_programs_key_has_no_account(client):
    client.cookies.clear()
    headers = {**make_key(client.here, *Role), "accept": "application/json"}
    assert client.get("/desk/account", headers=headers).status_code == 403


def test_where_there_is_no_name_there_are_no_passkeys(client):
    assert "bare address" in client.get("/desk/account").text
    assert client.post("/sign-in/passkey/options").status_code == 404


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh", 360)])
def test_the_page_is_for_everybody(desk_server, visit, audit, language, width):
    here = desk_server.app.state.service.site.deployment
    person = make_person(here, Role.MODERATOR, name=f"Ada of {language}")
    # Not as a context: that would start the application once more, with another site, and end that.
    client = TestClient(desk_server.app, follow_redirects=False)
    enter_by_link(client, here, person)
    token = client.cookies[PLAIN]
    believing = desk_server.app.state.doorkeeper
    desk_server.app.state.doorkeeper = Doorkeeper(here.database, desk_server.app.state.service.site.settings)
    try:
        page = visit("/sign-in", language=language, width=width, dark=language == "zh")
        page.context.add_cookies([{"name": PLAIN, "value": token, "url": desk_server.url}])
        page.goto(f"{desk_server.url}/desk/account")
        assert person.name in page.inner_text("h1")
        assert audit(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator("#app-current").fill(PASSWORD)
        page.locator('form[action="/desk/account/app"] button').click()
        page.wait_for_selector("#secret")
        assert page.locator("main img").evaluate("image => image.naturalWidth") > 100
        assert audit(page) == []
    finally:
        desk_server.app.state.doorkeeper = believing
