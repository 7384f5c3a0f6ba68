"""One walk through every way in: no secret of it reaches a log, the database, the ledger, or a page that shows it twice."""

import logging
import re
import time

import pyotp
import pytest
from fastapi.testclient import TestClient

from api.access.cookie import PLAIN
from api.access.link import make_first_link
from api.app import create_app
from tests.api.signing_in import PASSWORD, find_csrf


@pytest.fixture
def walked(home, capfd, caplog):
    """Everything that was secret on the way, by what it is, and everything that was logged."""
    caplog.set_level(logging.DEBUG)
    secrets = {
        "password": PASSWORD,
        "wrong password": "wrong unconnected words",
        "forged key": "chopmark_22222222_" + "y" * 43,
    }
    with TestClient(create_app(), follow_redirects=False) as client:
        client.headers["accept"] = "text/html"
        secrets["link"] = make_first_link(client.app.state.service.site.deployment)
        path = f"/sign-in/link/{secrets['link']}"
        client.get(path)
        client.post(path, data={"name": "Grace", "password": "short"})
        client.post(path, data={"name": "Grace", "password": PASSWORD})
        client.get(path)
        secrets["session by link"] = client.cookies[PLAIN]
        client.post("/sign-in", data={"account": "Grace", "password": secrets["wrong password"]})
        client.post("/sign-in", data={"account": "Grace", "password": PASSWORD})
        secrets["session"] = client.cookies[PLAIN]
        csrf = secrets["form"] = find_csrf(client.get("/desk/account").text)
        begun = client.post("/desk/account/app", data={"csrf_token": csrf, "current": PASSWORD}).text
        secrets["app"] = re.search(r'id="secret">([A-Z2-7 ]+)<', begun)[1].replace(" ", "")
        secrets["flow"] = re.search(r'name="flow" value="([\w-]+)"', begun)[1]
        fields = {"csrf_token": csrf, "flow": secrets["flow"], "code": pyotp.TOTP(secrets["app"]).now()}
        codes = re.findall(
            r"<code>(\w{4}-\w{4}-\w{4})</code>", client.post("/desk/account/app/confirm", data=fields).text
        )
        secrets |= {f"code {number}": code for number, code in enumerate(codes)}
        made = client.post(
            "/desk/team/keys", data={"csrf_token": csrf, "name": "ci", "days": "30", "role-admin": "1"}
        ).text
        secrets["key"] = re.search(r'id="made">([^<]+)<', made)[1]
        made = client.post("/desk/team/people", data={"csrf_token": csrf, "name": "Ada", "role-auditor": "1"}).text
        secrets["invitation"] = re.search(r'id="made">([^<]+)<', made)[1].rpartition("/")[2]
        client.post("/sign-in", data={"account": "Grace", "password": PASSWORD})
        secrets["half a session"] = client.cookies[PLAIN]
        client.post("/sign-in/code", data={"code": pyotp.TOTP(secrets["app"]).at(time.time() + 30)})
        client.post("/desk/team/keys", data={"csrf_token": csrf, "name": "x"})
        client.cookies.clear()
        for shown in (secrets["key"], secrets["forged key"], secrets["key"][:-1]):
            client.get("/v1/keys", headers={"Authorization": f"Bearer {shown}"})
        client.get(f"/v1/keys/{secrets['key'][:36]}", headers={"Authorization": f"Bearer {secrets['key']}"})
        ledger = b"".join(entry.opening for entry in client.app.state.service.site.deployment.log.entries())
    told = capfd.readouterr()
    # What the test's own browser logs is no log of the server.
    ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    return secrets, told.out + told.err + ours, ledger


def test_no_secret_is_logged_or_kept(walked, home):
    secrets, logged, ledger = walked
    assert len(secrets) >= 18
    assert "/sign-in/link/{token}" in logged  # or the walk would prove nothing
    assert [what for what, secret in secrets.items() if secret in logged] == []
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert [what for what, secret in secrets.items() if secret.encode() in kept] == []
    short = {what: secret.replace("-", "") for what, secret in secrets.items() if what.startswith("code")}
    assert [what for what, secret in short.items() if secret.encode() in kept or secret in logged] == []
    assert [what for what, secret in secrets.items() if secret.encode() in ledger] == []
    assert b"Grace" not in ledger
