"""Chromium with an authenticator of its own makes a passkey and signs in by it, on a site that is reached by a name."""

import pytest

from api.access.cookie import PLAIN
from api.access.doorkeeper import Doorkeeper
from api.access.identity import Role
from api.access.person import disable_person
from api.settings import load_settings
from tests.api.signing_in import make_person, open_for


@pytest.fixture
def named(desk_server):
    """The server of this worker, reached by a name for as long as a test lasts: its true doorkeeper, and its origin."""
    app, url = desk_server.app, desk_server.url.replace("127.0.0.1", "localhost")
    settings = app.state.service.site.settings
    moved = settings.model_copy(update={"http": settings.http.model_copy(update={"origin": url})})
    believing, reception = app.state.doorkeeper, app.state.reception
    app.state.doorkeeper = Doorkeeper(app.state.service.site.deployment.database, moved)
    app.state.reception = type(reception)(reception.database, moved, reception.vault, reception.find_place)
    yield url
    app.state.doorkeeper, app.state.reception = believing, reception


def expect_refusal(visit, status):
    """The browser says on its console that it was refused, once, and so it should."""
    (said,) = visit.complaints
    assert str(status) in said
    visit.complaints.clear()


def give_authenticator(page, **more):
    """Have the page's browser hold passkeys, as a phone does."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True, **more,
    }  # fmt: skip
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def test_a_passkey_is_made_signs_in_and_is_removed(desk_server, visit, named):
    here = desk_server.app.state.service.site.deployment
    ada = make_person(here, Role.MODERATOR, name="Ada with a key")
    page = visit("/sign-in", url=named)
    page.context.add_cookies([{"name": PLAIN, "value": open_for(here, ada), "url": named}])
    session, authenticator = give_authenticator(page)
    page.goto(f"{named}/desk/account")
    page.locator("#passkey-label").fill("Laptop")
    page.locator("[data-register] button").click()
    page.wait_for_url("**/desk/account?said=saved")
    assert "Laptop" in page.inner_text("main")
    (held,) = session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert (held["rpId"], held["isResidentCredential"]) == ("localhost", True)
    page.locator('form[action="/sign-out"] button').click()
    page.wait_for_url("**/sign-in")
    page.goto(f"{named}/sign-in?next=/desk%3Ffrom%3Dmail")
    page.locator("[data-passkey] button").click()
    page.wait_for_url("**/desk?from=mail")
    assert "Ada with a key" in page.content()
    page.goto(f"{named}/desk/account")
    page.locator('form[action$="/drop"] button').click()
    page.locator("[role=alert]", has_text="all that you sign in with").wait_for()
    expect_refusal(visit, 422)


def test_a_passkey_of_who_is_disabled_or_that_nobody_knows_lets_nobody_in(desk_server, visit, named):
    here = desk_server.app.state.service.site.deployment
    eve = make_person(here, Role.MODERATOR, name="Eve with a key")
    page = visit("/sign-in", url=named)
    page.context.add_cookies([{"name": PLAIN, "value": open_for(here, eve), "url": named}])
    give_authenticator(page)
    page.goto(f"{named}/desk/account")
    page.locator("[data-register] button").click()
    page.wait_for_url("**/desk/account?said=saved")
    disable_person(here, eve.id)
    page.goto(f"{named}/sign-in")
    page.locator("[data-passkey] button").click()
    page.locator("[data-passkey] [role=alert]", has_text="not right").wait_for()
    assert page.url.endswith("/sign-in")
    expect_refusal(visit, 401)


def test_it_is_offered_where_there_is_a_name(desk_server, visit, named):
    assert load_settings().http.origin == "http://127.0.0.1:8600"
    page = visit("/sign-in", url=named)
    assert page.locator("[data-passkey] button").is_visible()
    page = visit("/sign-in", language="zh", url=named)
    assert page.locator("[data-passkey] button").inner_text() == "使用通行密钥登录"
