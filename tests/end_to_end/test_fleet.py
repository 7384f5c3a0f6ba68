"""Two hosts, as docs/deploy.md sets them up: a server and a worker on each, one PostgreSQL, two buckets, one set of keys.

Everybody is a process of its own, started by the command line. One worker is killed while it walks; whatever a client
was told is accepted ends in exactly one outcome, whichever server is asked.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack

import httpx
import pytest

from api.access.key import create_key
from api.wiring import open_site
from policies.audit.concordance import compare_records
from policies.audit.holdings import compare_blobs
from tests.api.commands.test_serve import await_line
from tests.architecture.checkout import ROOT
from tests.s3_server import BUCKET, environment, serving_s3
from tests.sites import DETECTORS, LIGHT_PACKS, build_light_settings, encode, photograph

FILES = 6
WALKS = r"worker (\S+) walks 2 assets at a time; process (\d+)"


class Host:
    """One machine: its own data directory, and what runs there."""

    def __init__(self, home, url, more):
        self.home = home
        self.environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "CHOPMARK_HOME": str(home),
            "CHOPMARK_LINE__WORKER": home.name,
            "CHOPMARK_DATABASE_URL": url,
            "CHOPMARK_QUARANTINE_URL": f"s3://{BUCKET}/quarantine",
            "CHOPMARK_PUBLIC_URL": f"s3://{BUCKET}/public",
            "CHOPMARK_DETECTORS": ",".join(DETECTORS[:3]),
            "CHOPMARK_PACKS": "light",
            "CHOPMARK_PACK_FOLDERS": str(LIGHT_PACKS),
            "CHOPMARK_BACKEND": "sketch",
            **more,
        }
        self.lines, self.running, self.readers = [], [], []

    def run(self, *words):
        """Run a command to its end."""
        command = [sys.executable, "-m", "chopmark", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *words):
        """Start a command that goes on."""
        process = subprocess.Popen(
            [sys.executable, "-m", "chopmark", *words],
            cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        reader = threading.Thread(target=lambda: self.lines.extend(iter(process.stderr.readline, "")))
        reader.start()
        self.running.append(process)
        self.readers.append(reader)
        return process

    def stop(self):
        """Stop what runs."""
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.running:
            process.wait(90)
        for reader in self.readers:
            reader.join()
        for process in self.running:
            process.stderr.close()


@pytest.fixture
def hosts(tmp_path, fresh_postgres_url, monkeypatch):
    """Two hosts with the same keys, each with a server and a worker, and the addresses of the servers."""
    with ExitStack() as stack:
        more = environment(stack.enter_context(serving_s3()))
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        one, two = (Host(tmp_path / name, fresh_postgres_url, more) for name in ("one", "two"))
        stack.callback(two.stop)
        stack.callback(one.stop)
        one.run("init")
        one.start("serve", "--port", "0", "--workers", "0")
        one.url = await_line(one.lines, r"chopmark is at (http://127.0.0.1:\d+),").group(1)
        two.home.mkdir()
        shutil.copytree(one.home / "keys", two.home / "keys")
        two.start("serve", "--port", "0", "--workers", "0")
        two.url = await_line(two.lines, r"chopmark is at (http://127.0.0.1:\d+),").group(1)
        for host in (one, two):
            host.worker = host.start("worker")
            await_line(host.lines, WALKS)
        yield one, two


@pytest.fixture
def site(hosts, fresh_postgres_url):
    """What both share, looked at from the first host."""
    places = {"quarantine_url": f"s3://{BUCKET}/quarantine", "public_url": f"s3://{BUCKET}/public"}
    settings = build_light_settings(hosts[0].home, database_url=fresh_postgres_url, **places)
    with open_site(settings, quiet=True, finish=False) as site:
        yield site


@pytest.mark.postgres
def test_two_hosts_take_walk_and_answer_as_one_and_a_killed_worker_loses_nothing(hosts, site):
    one, two = hosts
    here = site.deployment
    headers = {"Authorization": f"Bearer {create_key(here, name='both', roles=['submitter'])[1]}"}
    with httpx.Client(headers=headers, timeout=120) as client:
        ids = {}
        for number in range(FILES):
            data = encode(photograph(side=224 + 8 * number))
            for host in (one, two) if number % 2 else (two, one):
                # The second host is told the same, as by a client whose first answer was lost.
                answer = client.post(
                    f"{host.url}/v1/releases",
                    content=data,
                    headers={"Content-Type": "image/jpeg", "Idempotency-Key": f"file-{number}"},
                )
                assert answer.status_code in {200, 202}, answer.text
                ids.setdefault(number, set()).add(answer.json()["id"])
            if number == FILES // 2:
                one.worker.kill()
        assert {number: len(found) for number, found in ids.items()} == dict.fromkeys(range(FILES), 1)
        ended = {}
        for number, (asset_id,) in ids.items():
            host = (one, two)[number % 2]
            for _ in range(600):
                answer = client.get(f"{host.url}/v1/releases/{asset_id}").json()
                if answer["final"]:
                    break
                time.sleep(0.2)
            ended[asset_id] = answer["status"]
            file = client.get(f"{(two, one)[number % 2].url}/v1/assets/{asset_id}/file")
            assert (file.status_code, file.content[:2]) == (200, b"\xff\xd8")
    assert set(ended.values()) == {"released"}
    kinds = Counter((entry.kind, entry.subject) for entry in here.log.entries())
    for asset_id in ended:
        assert (kinds["decision.made", asset_id], kinds["asset.released", asset_id]) == (1, 1)
    assert list(compare_records(here.database)) == []
    assert list(compare_blobs(here)) == []
    told = one.run("doctor")
    assert "two-0" in told, "the worker that is left"
    assert "fit to release" in told
