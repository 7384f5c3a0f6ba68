"""Every route with every role, with nobody, with a session that another site sends, and with another tenant's key.

A route that is added later is walked without being named here. One that asks for no permission has to stand in PUBLIC,
with a reason. Where whoever asks may, the route's own work is not done: a walk through all doors should move nothing.
"""

import re
import shutil
import uuid

import pytest
from fastapi import Response
from fastapi.testclient import TestClient

from api.access.cookie import PLAIN
from api.access.forgery import SAFE_METHODS, build_csrf_token
from api.access.identity import GRANTED, Role
from api.access.person import list_people
from api.access.session import list_sessions
from api.access.survey import find_requirements, list_routes
from api.app import create_app
from provenance.tenant import Tenant
from tests.api.signing_in import make_key, make_person, open_for
from tests.sites import PLAIN as PLAIN_SITE

_RESOLUTION = "the standard's lookup is for everybody, as verification is; it leads to released manifests"
_CLOSED = "refuses everybody: the repository takes in what the gate releases and nothing else"
PUBLIC = {
    "DELETE /v1/c2pa/manifests/{manifest_id}": _CLOSED,
    "GET /": "leads to the verification page",
    "GET /appeals/{token}": "the link that a refusal comes with is the leave",
    "GET /checkpoint": "whoever watches the ledger needs no leave",
    "GET /docs": "says what there is, not what is in it",
    "GET /healthz": "a supervisor has no key; it names nobody's things",
    "GET /language/{language}": "sets which language pages have",
    "GET /openapi.json": "says what there is, not what is in it",
    "GET /readyz": "a balancer has no key; it names nobody's things",
    "GET /sign-in": "who signs in is not signed in yet",
    "GET /sign-in/code": "the second factor follows the first; half a session lets nobody in",
    "GET /sign-in/link/{token}": "the link itself is the leave, once",
    "GET /sign-in/provider": "who signs in is not signed in yet",
    "GET /sign-in/provider/callback": "the answer of the provider is the leave, once, in the browser that asked",
    "GET /static/{digest}/{name}": "style and script of public pages",
    "GET /tile/{path:path}": "whoever watches the ledger needs no leave",
    "GET /v1/c2pa/manifests/{manifest_id}": _RESOLUTION,
    "GET /v1/c2pa/manifests/{manifest_id}/receipts": _RESOLUTION,
    "GET /v1/c2pa/matches/byBinding": _RESOLUTION,
    "GET /v1/c2pa/services/supportedAlgorithms": _RESOLUTION,
    "GET /v1/files/{asset_id}": "a signed address that expires is the leave",
    "GET /v1/proofs/{index}": "a proof is for whoever doubts; what opens an entry is for auditors alone",
    "GET /v1/ledger/keys": "public keys and hand-overs, which prove themselves",
    "GET /verify": "verification is for everybody",
    "GET /verify/states": "says what verification answers",
    "POST /v1/jobs/callbacks/{service}/{token}": "the token is the leave, and what is said is not read",
    "POST /appeals/{token}": "the link that a refusal comes with is the leave, once",
    "POST /sign-in": "who signs in is not signed in yet",
    "POST /sign-in/code": "the second factor follows the first; half a session lets nobody in",
    "POST /sign-in/passkey": "what the passkey signs is the leave, once",
    "POST /sign-in/passkey/options": "who signs in is not signed in yet",
    "POST /sign-in/link/{token}": "the link itself is the leave, once",
    "POST /v1/c2pa/bindings": _CLOSED,
    "POST /v1/c2pa/manifests": _CLOSED,
    "POST /v1/c2pa/manifests/{manifest_id}/receipts": _RESOLUTION,
    "POST /v1/c2pa/matches/byBinding": _RESOLUTION,
    "POST /v1/c2pa/matches/byContent": _RESOLUTION,
    "POST /v1/c2pa/matches/byReference": _RESOLUTION,
    "POST /v1/verifications": "verification is for everybody",
    "POST /v1/verify": "verification is for everybody",
    "POST /verify": "verification is for everybody",
    "PUT /v1/c2pa/bindings": _CLOSED,
}
"""Routes that ask for nothing, and why they may."""

APP = create_app()
ROUTES = [
    (method, route)
    for route in list_routes(APP.routes)
    for method in sorted(getattr(route, "methods", None) or ())
    if method != "HEAD"
]
NAMES = [f"{method} {route.path}" for method, route in ROUTES]
ASKING = [(method, route) for method, route in ROUTES if hasattr(route, "dependant") and find_requirements(route)]
ASKED = [f"{method} {route.path}" for method, route in ASKING]


def test_a_route_asks_for_something_or_is_public_for_a_reason():
    silent = set(NAMES) - set(ASKED)
    assert sorted(silent - PUBLIC.keys()) == [], "depend on api.access.guard.require, or say in PUBLIC why not"
    assert sorted(set(ASKED) & PUBLIC.keys()) == [], "these ask for something: PUBLIC is wrong about them"
    assert all(len(reason) > 20 for reason in PUBLIC.values())


def test_what_is_public_and_gone_stands_here_no_more():
    assert sorted(PUBLIC.keys() - set(NAMES)) == []


@pytest.fixture(scope="module")
def client(_stocked, tmp_path_factory):
    """The whole application over a site of two tenants, one of which has things."""
    home = tmp_path_factory.mktemp("walked") / "home"
    source, stock = _stocked
    shutil.copytree(source, home)
    (home / "chopmark.toml").write_text("[tenants.acme]\n")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**PLAIN_SITE, "CHOPMARK_HOME": str(home), "CHOPMARK_HTTP__VISITS_PER_MINUTE": "0"}.items():
            patch.setenv(name, value)
        with TestClient(APP, follow_redirects=False) as client:
            client.stock = stock
            yield client


@pytest.fixture(scope="module")
def here(client):
    return client.app.state.service.site.deployment


@pytest.fixture(scope="module")
def keys(here):
    return {role: make_key(here, role) for role in Role}


@pytest.fixture(scope="module")
def foreign(here):
    """A key of another tenant that may everything there."""
    return make_key(here.tenancy(Tenant("acme")), *Role)


@pytest.fixture(scope="module")
def session(here):
    """Of somebody who may everything."""
    return open_for(here, make_person(here, *Role, name="Ada of main"))


@pytest.fixture(scope="module")
def things(client, here, keys, session):
    """What the main tenant has, by the names that paths give to what they want."""
    from api.access.key import list_keys

    idle_s = 3600
    return {
        "asset_id": client.stock.held_id,
        "release_id": client.stock.released_id,
        "work_id": client.stock.work_id,
        "key_id": list_keys(here)[0].id,
        "person_id": list_people(here)[0].id,
        "session_id": list_sessions(here, idle_s=idle_s)[0][0].id,
    }


def build_path(route, things):
    """A path to something of the main tenant; to what nobody has where no such thing is known."""
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: things.get(found[1], str(uuid.uuid4())), route.path)


@pytest.fixture
def doing_nothing(monkeypatch):
    """Have routes let in whom they let in, and do nothing then."""

    async def answer(**_):
        return Response(status_code=204)

    monkeypatch.setattr("fastapi.routing.run_endpoint_function", answer)


def test_nobody_is_let_in_who_is_not_known(client, things):
    for headers in ({}, {"Authorization": "Bearer chopmark_22222222_" + "x" * 43}, {"Cookie": f"{PLAIN}=nonsense"}):
        let_in = [
            name
            for name, (method, route) in zip(ASKED, ASKING, strict=True)
            if client.request(method, build_path(route, things), headers=headers).status_code != 401
        ]
        assert let_in == []


@pytest.mark.usefixtures("doing_nothing")
@pytest.mark.parametrize("role", Role)
def test_a_role_opens_what_it_is_granted_and_nothing_else(client, things, keys, role):
    wrong = []
    for name, (method, route) in zip(ASKED, ASKING, strict=True):
        # A key is no person, whatever its roles: what people have of their own is not for it.
        may = all(set(one.permissions) & GRANTED[role] for one in find_requirements(route))
        status = client.request(method, build_path(route, things), headers=keys[role]).status_code
        # 422: let in, and asked for what a walk does not bring
        if status not in ({204, 422} if may else {403}):
            wrong.append((name, status, "may" if may else "may not"))
    assert wrong == []


@pytest.mark.usefixtures("doing_nothing")
def test_a_session_changes_nothing_without_the_token_of_its_forms(client, things, session):
    client.cookies.set(PLAIN, session)
    try:
        forged, own = [], []
        for name, (method, route) in zip(ASKED, ASKING, strict=True):
            if method in SAFE_METHODS:
                continue
            path = build_path(route, things)
            answer = client.request(method, path)
            forged += [(name, answer.status_code)] * ("access.forged" not in answer.text)
            answer = client.request(method, path, headers={"X-CSRF-Token": build_csrf_token(session)})
            own += [(name, answer.status_code)] * (answer.status_code not in {204, 422})
        assert (forged, own) == ([], [])
    finally:
        client.cookies.clear()


def test_another_tenant_finds_nothing_of_ours(client, here, things, foreign):
    """Whatever they may do at home: what is named is not found, and no list says anything of it."""
    told, found = [], []
    ours = {*things.values(), client.stock.held_id, client.stock.released_id, "Ada of main", "Chelsea"}
    for name, (method, route) in zip(ASKED, ASKING, strict=True):
        path = build_path(route, things)
        answer = client.request(method, path, headers=foreign)
        wanted = set(re.findall(r"{(\w+)", route.path))
        is_ours = bool(wanted & things.keys())
        # What has a body is asked without one, and may stumble over that first.
        if is_ours and (answer.status_code < 400 or (method in SAFE_METHODS and answer.status_code != 404)):
            found.append((name, answer.status_code))
        if method in SAFE_METHODS and answer.status_code == 200:
            told += [(name, thing) for thing in ours if thing in answer.text.replace(path, "")]
        assert answer.status_code not in {401, 500}, (name, answer.text)
    assert (found, told) == ([], [])


def test_what_is_ours_is_found_by_us(client, things):
    """The walk above would prove nothing if its paths led nowhere."""
    key = make_key(client.app.state.service.site.deployment, *Role)
    reached = {
        name
        for name, (method, route) in zip(ASKED, ASKING, strict=True)
        if method == "GET"
        and {*re.findall(r"{(\w+)", route.path)} & things.keys()
        and not route.path.endswith("/events")
        and client.get(build_path(route, things), headers=key).status_code < 400
    }
    assert {"GET /v1/releases/{release_id}", "GET /v1/assets/{asset_id}", "GET /v1/works/{work_id}"} <= reached
