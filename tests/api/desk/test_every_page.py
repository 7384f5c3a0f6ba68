"""Every page that a browser can open, as people see it: both languages, both themes, narrow and wide.

A page that is added later is opened without being named here, as long as `PARTS` knows what stands in its address.
"""

from importlib import import_module

import pytest
from fastapi.responses import HTMLResponse
from sqlalchemy import update

from api.access.link import make_link
from api.access.person import add_person
from api.desk.navigation import PAGES
from policies.audit.exporting import Kind, Order
from policies.audit.orders import place_order
from policies.review.appeal import file_appeal, offer_appeal
from policies.review.batch import make_batch
from policies.review.job import Reviewer
from policies.review.quality_golden import make_from_asset, retire_case
from policies.review.verdicts import HUMAN_REVIEW, Verdict
from policies.rules.decision import Outcome
from provenance.storage.access_tables import PEOPLE
from tests.api.desk.stock import flat, hand_in
from tests.sites import photograph

NO_PAGE = {
    "/desk/quality/cases/{case_id}/picture": "a picture",
    "/sign-in/code": "leads to the first factor whoever did not give it",
    "/sign-in/provider": "leads to a provider, and none is set",
    "/sign-in/provider/callback": "where a provider leads back to",
}
"""Addresses without a page of their own, and why."""

PATHS = sorted(
    route.path
    for module in PAGES
    for route in import_module(module).build_router().routes
    if "GET" in route.methods and route.response_class is HTMLResponse and route.path not in NO_PAGE
)
LOOKS = (("en", 1280, True), ("zh", 360, False))
"""The other themes are what the tests of single pages look at."""


@pytest.fixture(scope="module")
def parts(desk_server):
    """What stands in the places of addresses, on a site that has something of everything."""
    site, stock = desk_server.app.state.service.site, desk_server.stock
    here, mia = site.deployment, Reviewer("person-Mia", "Mia", sees_sensitive=True)
    known = hand_in(site, flat((3, 90, 90)), "every-case.jpg")
    case = make_from_asset(here, known, mia, Verdict(Outcome.BLOCK, HUMAN_REVIEW, "no"))
    batched = hand_in(site, flat((90, 90, 3)), "batched.jpg")
    batch = make_batch(here, mia, [batched], Verdict(Outcome.BLOCK, HUMAN_REVIEW, "no"), key="every", confirmed=1)
    token = offer_appeal(here, hand_in(site, photograph("rocket.jpg", 250), "bomb.jpg", prompt="how to make a bomb"))
    walker, guest = (add_person(here, name=name, roles=["admin"]) for name in ("Walker", "Guest"))
    with here.database.write() as connection:
        connection.execute(update(PEOPLE).where(PEOPLE.c.id == walker.id).values(id="person-Walker", state="active"))
    yield {
        "asset_id": stock.matched_id,
        "release_id": stock.held_id,
        "work_id": stock.work_id,
        "name": "baseline",
        "case_id": case.id,
        "batch_id": batch.id,
        "decision_id": file_appeal(here, token, "It is a toy.").decision_id,
        "export_id": place_order(here, Order(kind=Kind.ENTRIES), ordered_by="Mia").id,
        "person_id": "person-Walker",
        "appeal": token,
        "link": make_link(here, guest.id)[1],
    }
    retire_case(here, case.id, mia)  # other tests deal what is open


def fill(path, parts):
    """Return an address with what stands in its places; a token is another one by page."""
    asked = {"/desk/policies/edit": "?name=baseline", "/desk/create": "?way=portrait"}.get(path, "")
    token = parts["link" if path.startswith("/sign-in") else "appeal"]
    return path.format(**parts, token=token) + asked


@pytest.mark.parametrize("path", PATHS)
def test_it_can_be_read_in_every_way(path, parts, desk, visit, audit):
    for language, width, dark in LOOKS:
        look = {"language": language, "width": width, "dark": dark}
        is_desk = path.startswith("/desk")
        page = (
            desk(fill(path, parts), role="admin", name="Mia" if "batches" in path else "Walker", **look)
            if is_desk
            else visit(fill(path, parts), **look)
        )
        where = f"{path} {look}"
        assert page.locator("h1, h2").count(), where
        assert page.evaluate("document.documentElement.scrollWidth") <= width, where
        assert audit(page) == [], where
        page.context.close()
