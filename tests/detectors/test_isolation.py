"""Isolation: bounds that hold because another process is killed, and an answer that is the same as without it."""

import os
import time

import numpy as np
import pytest

import detectors.isolation
from detectors.base import Status
from detectors.isolation import IsolatedDetector
from detectors.nsfw import NsfwDetector
from detectors.runner import Runner
from provenance.errors import DetectorError, DetectorUnavailableError
from provenance.media.picture.image import Picture
from tests.detectors.subjects import photo, subject_of, toolbox_of

CHILD = """
import sys
from detectors import base, isolation
from provenance.child import Parent
base.DETECTORS.builtins["nsfw"] = "tests.detectors.greedy:GreedyDetector"
isolation.serve(Parent(int(sys.argv[1])))
"""


@pytest.fixture
def greedy(tmp_path, monkeypatch):
    """An isolated detector whose child runs `tests.detectors.greedy`."""
    monkeypatch.setattr(detectors.isolation, "_COMMAND", ("-c", CHILD))
    made = []

    def make(**settings):
        options = settings.pop("options", {})
        made.append(IsolatedDetector("nsfw", toolbox_of(tmp_path, **options), **{"deadline_s": 30, **settings}))
        return made[-1]

    yield make
    for one in made:
        one.close()


def ask(detector, prompt=None, picture=None, data=b"file"):
    return detector.detect(subject_of(picture or photo("coffee.png"), prompt=prompt, data=data))


def test_a_real_detector_answers_the_same_behind_the_border(tmp_path):
    isolated = IsolatedDetector("nsfw", toolbox_of(tmp_path), deadline_s=60)
    here = NsfwDetector(toolbox_of(tmp_path))
    try:
        isolated.warm()
        for name in ("coffee.png", "astronaut.png"):
            theirs, ours = ask(isolated, picture=photo(name)), ask(here, picture=photo(name))
            assert (theirs.detector, theirs.version, theirs.status) == (ours.detector, ours.version, ours.status)
            assert theirs.scores == pytest.approx(ours.scores, abs=1e-6)
        assert isolated.card == here.card
    finally:
        isolated.close()


def test_everything_a_detector_is_told_arrives(greedy):
    detector = greedy()
    frame = photo("coffee.png").frame
    signal = ask(detector, picture=Picture.from_frame(frame, np.zeros(frame.shape[:2], np.uint8)), data=b"12345")
    (evidence,) = signal.evidence
    assert evidence["pid"] != os.getpid()
    assert (evidence["alpha"], evidence["bytes"]) == (True, 5)
    assert signal.scores["nsfw"] == pytest.approx(frame.mean() / 255)
    assert detector.card.version == "greedy-1"


def test_one_process_serves_many_pictures(greedy):
    detector = greedy()
    assert len({ask(detector).evidence[0]["pid"] for _ in range(3)}) == 1


def test_memory_beyond_the_bound_is_refused(greedy):
    detector = greedy(memory_limit_bytes=256 << 20)
    with pytest.raises(DetectorError, match="memory bound exceeded"):
        ask(detector, "memory")
    assert ask(detector).status is Status.OK


def test_a_hanging_process_is_killed_and_replaced(greedy):
    detector = greedy(deadline_s=30)
    pid = ask(detector).evidence[0]["pid"]
    detector._deadline_s = 0.3
    started = time.monotonic()
    with pytest.raises(DetectorUnavailableError, match="no answer in time"):
        ask(detector, "hang")
    assert time.monotonic() - started < 5
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    detector._deadline_s = 30
    assert ask(detector).evidence[0]["pid"] != pid


@pytest.mark.parametrize(("prompt", "cause"), [("die", r"\(exit 7\)"), ("segfault", r"\(signal 11\)")])
def test_a_crashed_process_is_an_error_and_the_next_asset_gets_another(greedy, prompt, cause):
    detector = greedy()
    with pytest.raises(DetectorUnavailableError, match=f"its process died {cause}"):
        ask(detector, prompt)
    assert ask(detector).status is Status.OK


def test_its_own_errors_cross_the_border(greedy):
    detector = greedy()
    with pytest.raises(DetectorError, match="cannot answer"):
        ask(detector, "refuse")
    with pytest.raises(DetectorError, match=r"no works registry \(asked for 'match'\)"):
        ask(detector, "works")


def test_a_detector_that_cannot_warm_says_so(greedy):
    with pytest.raises(DetectorUnavailableError, match="no weights"):
        greedy(options={"cold": True}).warm()


def test_the_runner_makes_a_signal_of_all_that(greedy):
    signals = Runner([greedy()]).run(subject_of(photo("coffee.png"), prompt="die"))
    assert [signal.status for signal in signals] == [Status.FAILED]
