"""Endpoints on the command line: added with a secret shown once, switched, tested, replayed and removed."""

import pytest

URL = "https://example.org/hook"


@pytest.fixture
def hook(run, light):
    return run("webhooks", "add", URL, "--event", "release.held", "--json").document


def test_an_endpoint_is_added_listed_switched_and_removed(run, hook):
    assert hook["secret"].startswith("whsec_")
    listed = run("webhooks", "list")
    assert f"{hook['id']} {URL} release.held on" in listed.words
    assert hook["secret"] not in listed.out + run("webhooks", "list", "--json").out
    assert "off: switched off" in run("webhooks", "switch", hook["id"], "--off").out
    assert run("webhooks", "switch", hook["id"], "--on", "--json").document["webhook"]["state"] == "on"
    renewed = run("webhooks", "renew-secret", hook["id"])
    assert renewed.out.strip() not in {"", hook["secret"]}
    assert "not shown again" in renewed.err
    assert URL in run("webhooks", "remove", hook["id"]).out
    assert "nobody is told" in run("webhooks", "list").out
    assert run("webhooks", "remove", hook["id"], "--json").document["error"]["code"] == "webhook.not_found"


def test_what_is_told_is_shown_and_told_again(run, light):
    hook_id = run("webhooks", "add", URL, "--json").document["id"]
    event_id = run("webhooks", "test", hook_id, "--json").document["event_id"]
    (delivery,) = run("webhooks", "deliveries", hook_id, "--json").document["deliveries"]
    assert (delivery["event_id"], delivery["kind"], delivery["state"]) == (event_id, "webhook.test", "due")
    assert event_id in run("webhooks", "deliveries", hook_id, "--state", "due").words
    assert run("webhooks", "deliveries", hook_id, "--state", "told", "--json").document == {"deliveries": []}
    assert run("webhooks", "replay", hook_id, "--event-id", event_id, "--json").document == {"deliveries": 1}
    assert "told again" in run("webhooks", "replay", hook_id, "--since", "2026-01-01").out


@pytest.mark.parametrize("arguments", [(), ("--event-id", "x", "--since", "2026-01-01")])
def test_what_is_to_be_told_again_is_named_one_way(run, hook, arguments):
    assert run("webhooks", "replay", hook["id"], *arguments, "--json").document["error"]["code"] == "usage"


def test_what_is_no_address_or_no_event_is_refused(run, light):
    assert run("webhooks", "add", "ftp://example.org/x", "--json").code == 2
    refused = run("webhooks", "add", URL, "--event", "release.lost", "--json")
    assert (refused.code, refused.document["error"]["code"]) == (2, "policy.choice")
