"""A process that helps: it releases by itself, is told of when it dies, and is forked only where that is safe."""

import os
import signal
import subprocess
import sys
import threading
from queue import SimpleQueue

import pytest

from api.helper import Helper, HelperError, _make_portable, has_one_thread, standing_by
from api.output import NOWHERE
from api.releasing import Request, Source
from policies.rules.decision import Outcome
from provenance.errors import AssetError, PackInvalidError, ProcessDiedError
from tests.api.test_crew import make_sources
from tests.architecture.checkout import ROOT


@pytest.fixture
def site(light_site_by_environment):
    return light_site_by_environment


def start_helper(site, request=None):
    """Yield a helper that has opened its site."""
    free, helper = SimpleQueue(), Helper()
    helper.begin(request or Request(), site.settings.tenant, 2)
    helper.report_to(free)
    assert free.get(timeout=120) is helper
    return helper


def test_a_helper_releases_by_itself_and_one_that_dies_is_told(site, tmp_path):
    sources = make_sources(site, tmp_path, 3)
    helper = start_helper(site)
    try:
        ended = helper(sources[0])
        assert ended.result.outcome is Outcome.RELEASE
        assert ended.written == str(tmp_path / "out" / "0.png")
        assert helper(Source(str(tmp_path / "none.png"), NOWHERE, site.deployment.media)).error.code == "file"
        os.kill(helper._process.pid, signal.SIGSTOP)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(helper(sources[1])))
        asking.start()
        os.kill(helper._process.pid, signal.SIGKILL)
        asking.join(60)
        assert isinstance(answers[0].error, ProcessDiedError)
        assert helper.is_gone
    finally:
        helper.close()


def test_errors_cross_whole_or_as_what_they_say():
    error = AssetError("expected a picture, got none")
    assert _make_portable(error) is error
    twofold = PackInvalidError(("pack.yaml:1:1: wrong", "pack.yaml:2:1: wrong"))
    told = _make_portable(twofold)
    assert (told.code, str(told)) == (twofold.code, str(twofold))
    again = _make_portable(HelperError("late", "process", True))
    assert (again.code, again.retryable, str(again)) == ("process", True, "late")


# Alone in its process, as a command is: what is forked there opens the site, releases and ends with who forked it.
FORKING = """
import os, sys
import chopmark
chopmark.leave_cores_to_files()
from queue import SimpleQueue
from api.crew import crew
from api.helper import standing_by
from api.releasing import Request, Source
from api.output import Output, NOWHERE
from api.settings import load_settings
from api.wiring import open_site

with standing_by(2) as helpers, open_site(load_settings(), quiet=True) as site:
    print(len(helpers), {os.getsid(helper._process.pid) == helper._process.pid for helper in helpers})
    free = SimpleQueue()
    helpers[0].begin(Request(), site.settings.tenant, 3)
    helpers[0].report_to(free)
    ended = free.get(timeout=120)(Source(sys.argv[1], NOWHERE, site.deployment.media))
    print(ended.result.outcome.name, site.deployment.log.size())
pids = [helper._process.pid for helper in helpers]
print([os.path.exists(f"/proc/{pid}") for pid in pids])
"""


def run_alone(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
    )


def test_helpers_are_forked_before_a_site_is_open_and_end_with_their_starter(site, tmp_path):
    (source,) = make_sources(site, tmp_path, 1)
    before = site.deployment.log.size()
    done = run_alone(FORKING, source.path)
    said = done.stdout.splitlines()
    assert said[0] == "2 {True}", done.stderr
    assert said[1].startswith("RELEASE "), done.stderr
    assert int(said[1].split()[1]) > before
    assert said[2] == "[False, False]"


def test_a_forked_helper_ends_when_its_starter_is_killed():
    code = """
import os, signal
import chopmark
chopmark.leave_cores_to_files()
from api.helper import standing_by
with standing_by(2) as helpers:
    print(*(helper._process.pid for helper in helpers), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = run_alone(code)  # which ends only once nobody holds its standard error any more
    assert done.returncode == -signal.SIGKILL
    assert len(done.stdout.split()) == 2


def test_nothing_is_forked_beside_threads(tmp_path):
    is_over = threading.Event()
    beside = threading.Thread(target=is_over.wait)
    beside.start()
    try:
        assert not has_one_thread()
        with standing_by(1) as helpers:
            assert helpers == []
    finally:
        is_over.set()
        beside.join()
    assert not has_one_thread(tmp_path / "no such system")
