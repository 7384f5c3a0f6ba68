"""A worker process from outside: it walks, stops gracefully, gives back what it cannot finish, and is alone under its id."""

import os
import signal
import subprocess
import sys
import time

import pytest

from api.wiring import open_site
from policies import workflow
from policies.audit.exporting import Order
from policies.audit.orders import find_export, place_order
from policies.fleet import find_workers
from policies.line.intake import intake
from policies.line.waiting import State
from policies.webhooks.endpoints import Endpoints
from provenance.storage.secretbox import load_box
from tests.architecture.checkout import ROOT
from tests.policies.webhooks.receiver import receiving
from tests.sites import DETECTORS, LIGHT_PACKS, build_light_settings, submission

SIDE = 256


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_light_settings(tmp_path_factory.mktemp("working") / "home"), quiet=True) as opened:
        yield opened


def start(site, *arguments, **settings):
    environment = {
        **os.environ,
        "CHOPMARK_HOME": str(site.settings.home),
        "CHOPMARK_DETECTORS": ",".join(DETECTORS[:3]),
        "CHOPMARK_PACKS": "light",
        "CHOPMARK_PACK_FOLDERS": str(LIGHT_PACKS),
        "CHOPMARK_BACKEND": "sketch",
        **settings,
    }
    command = [sys.executable, "-m", "chopmark", "worker", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def await_it(found, wait_s=120):
    for _ in range(int(wait_s / 0.05)):
        if found():
            return
        time.sleep(0.05)
    raise AssertionError(found)


def workers(site):
    with site.deployment.database.read() as connection:
        return [worker.id for worker in find_workers(connection)]


def test_a_worker_walks_what_is_handed_over_and_a_second_one_of_its_number_is_refused(site):
    here = site.deployment
    asset_id = intake(here, submission(side=SIDE))
    workflow.enqueue(here, asset_id)
    running = start(site, "--number", "7")
    await_it(lambda: workflow.status(here, asset_id).is_final)
    assert workflow.status(here, asset_id).state is State.PUBLISHED
    refused = start(site, "--number", "7")
    assert "works as" in refused.communicate(timeout=120)[1]
    assert refused.returncode == 2
    assert len(workers(site)) == 1
    running.send_signal(signal.SIGTERM)
    told = running.communicate(timeout=120)[1]
    assert running.returncode == 0, told
    assert "has stopped" in told
    assert workers(site) == []


def test_a_worker_alone_makes_exports_and_tells_webhooks_each_once(site):
    here = site.deployment
    box = load_box(site.settings.keys_dir)
    with receiving() as receiver:
        _, secret = Endpoints(here.database, box, here.tenant, may_be_local=True).add(
            receiver.url, kinds=["export.ready"]
        )
        ordered = place_order(here, Order(), ordered_by="auditor")
        running = [start(site, CHOPMARK_WEBHOOKS__PRIVATE_NETWORKS="true") for _ in range(2)]
        await_it(lambda: receiver.heard)
        for one in running:
            one.send_signal(signal.SIGTERM)
            assert one.wait(60) == 0, one.stderr.read()
            one.stderr.close()
        assert find_export(here.database, here.tenant, ordered.id).state == "ready"
        assert receiver.verified(secret)["data"]["export_id"] == ordered.id
        assert len(receiver.heard) == 1


def test_what_a_stopping_worker_cannot_finish_in_time_goes_back(site):
    here = site.deployment
    asset_id = intake(here, submission("rocket.jpg", side=SIDE))
    workflow.enqueue(here, asset_id)
    with here.leases.hold(asset_id):  # so that the worker waits for it
        running = start(site, CHOPMARK_LINE__GRACE_S="1")
        await_it(lambda: here.line.find_live([ticket_of(site, asset_id)]) and tries_of(site, asset_id) == 1)
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0, running.stderr.read()
    running.stderr.close()
    assert workers(site) == []
    assert workflow.status(here, asset_id).state is State.QUEUED
    assert here.line.find_live([ticket_of(site, asset_id)])
    assert workflow.cancel(here, asset_id, reason="seen").outcome.value == "block"


def ticket_of(site, asset_id):
    return place_of(site, asset_id).ticket


def tries_of(site, asset_id):
    return place_of(site, asset_id).tries


def place_of(site, asset_id):
    from policies.line.place import find_place

    with site.deployment.database.read() as connection:
        return find_place(connection, asset_id)
