"""Appeals on the command line: listed, shown, upheld and overturned by another person than the one who refused."""

import pytest

from api.settings import load_settings
from api.wiring import open_site
from policies.review.appeal import file_appeal, offer_appeal

REFUSED = ("--reviewer", "Ada", "--reason", "a blank is no work")


@pytest.fixture
def filed(run, stock):
    """The id of a refusal that was appealed against."""
    run("review", "refuse", stock.held_id, *REFUSED)
    with open_site(load_settings(), finish=False) as site:
        return file_appeal(
            site.deployment, offer_appeal(site.deployment, stock.held_id), "it is a colour chart"
        ).decision_id


def test_an_appeal_is_listed_shown_and_upheld(run, filed):
    assert filed in run("appeals", "list").words
    (listed,) = run("appeals", "list", "--json").document["appeals"]
    assert (listed["decision_id"], listed["text"], listed["refused_by"]) == (
        filed,
        "it is a colour chart",
        "review:Ada",
    )
    assert "appeals uphold" in run("appeals", "show", filed).err
    own = run("appeals", "uphold", filed, "--reviewer", "Ada", "--statement", "no", "--json")
    assert (own.code, own.document["error"]["code"]) == (2, "review.not_yours")
    done = run("appeals", "uphold", filed, "--reviewer", "Kim", "--statement", "it has no work in it", "--json")
    assert (done.document["appeal"]["state"], done.document["appeal"]["decided_by"]) == ("upheld", "Kim")
    assert run("appeals", "list").words == "no appeal is filed"
    assert "it has no work in it" in run("appeals", "show", filed).words
    assert run("appeals", "list", "--state", "upheld", "--json").document["appeals"][0]["decision_id"] == filed


def test_a_refusal_is_overturned_and_the_file_released(run, filed, stock):
    done = run("appeals", "overturn", filed, "--reviewer", "Kim", "--statement", "a chart, indeed", "--json")
    assert done.document["appeal"]["state"] == "overturned"
    again = run("appeals", "overturn", filed, "--reviewer", "Kim", "--statement", "again", "--json")
    assert (again.code, again.document["error"]["code"]) == (2, "appeal.closed")
    assert run("review", "show", stock.held_id, "--json").document["stage"] in {"published", "held"}


def test_no_appeal_is_told(run, stock):
    assert run("appeals", "list", "--json").document == {"appeals": []}
    assert run("appeals", "show", "none", "--json").document["error"]["code"] == "appeal.not_found"
