"""The runner: whatever a detector does, one Signal each, in order, within bounds."""

import subprocess
import sys
import threading
import time
from itertools import chain, repeat

import pytest
import structlog

from detectors.base import Signal, Status, Subject
from detectors.cards import Card
from detectors.runner import Runner, _count_views
from provenance.errors import ConfigurationError, DetectorUnavailableError
from provenance.media.view import PICTURE, TEXT, Span, View
from tests.detectors.subjects import photo, subject_of

SECRET = "zyxwv a very private prompt"


class Fake:
    """A detector that does what it is told."""

    def __init__(self, name, act=None):
        self.card = Card(name, "?", ("weapons",), "Apache-2.0", f"v-{name}", limits=("none",))
        self._act = act
        self.calls = 0

    def warm(self):
        if self._act == "cold":
            raise DetectorUnavailableError(f"{self.card.name} has no weights")

    def detect(self, subject: Subject):
        self.calls += 1
        if callable(self._act):
            return self._act(subject)
        return Signal(self.card.name, self.card.version, Status.OK, {"weapons": 0.5})


def raising(error):
    def act(_subject):
        raise error

    return act


def answering(**fields):
    return lambda _subject: Signal(**{"detector": "b", "version": "v-b", "status": Status.OK, **fields})


def subject():
    return subject_of(photo("coffee.png"), prompt=SECRET)


def run(*detectors, **bounds):
    return Runner(detectors, **bounds).run(subject())


@pytest.mark.parametrize("parallel", [1, 2, 5])
def test_signals_come_in_the_detectors_order_with_their_time(parallel):
    def slow(_subject):
        time.sleep(0.05)
        return Signal("a", "v-a", Status.OK, {"weapons": 0.1})

    signals = run(Fake("a", slow), Fake("b"), Fake("c"), parallel=parallel)
    assert [(signal.detector, signal.status) for signal in signals] == [("a", "ok"), ("b", "ok"), ("c", "ok")]
    assert signals[0].elapsed_ms >= 50
    assert all(signal.elapsed_ms > 0 for signal in signals)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DetectorUnavailableError("weights missing"), "detector.unavailable: weights missing"),
        (MemoryError(), "out of memory"),
        (ValueError(SECRET), "crashed with ValueError at test_runner.py:"),
        (RecursionError(SECRET), "crashed with RecursionError"),
        (SystemExit(3), "crashed with SystemExit"),
    ],
)
def test_a_crash_is_a_failed_signal_and_the_others_answer(error, reason):
    first, second = run(Fake("a", raising(error)), Fake("b"))
    assert first.status is Status.FAILED
    assert first.reason.startswith(reason)
    assert first.scores == {}
    assert second.status is Status.OK


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"scores": {"weapons": float("nan")}}, "outside 0..1"),
        ({"scores": {"weapons": float("inf")}}, "outside 0..1"),
        ({"scores": {"weapons": -0.1}}, "outside 0..1"),
        ({"scores": {"weapons": 1.01}}, "outside 0..1"),
        ({"scores": {"weapons": "1"}}, "outside 0..1"),
        ({"scores": {"roses": 0.5}}, "'roses', which is not on its card"),
        ({"detector": "c"}, "answered as 'c'"),
        ({"evidence": ({"bytes": b"x"},)}, "not JSON"),
        ({"evidence": ({"number": float("nan")},)}, "not JSON"),
    ],
)
def test_a_malformed_answer_is_a_failed_signal(fields, reason):
    (signal,) = run(Fake("b", answering(**fields)))
    assert signal.status is Status.FAILED
    assert reason in signal.reason


def test_no_answer_at_all_is_a_failed_signal():
    (signal,) = run(Fake("b", lambda _subject: None))
    assert (signal.status, signal.reason) == (Status.FAILED, "answered with NoneType, not with a Signal")


def test_a_failure_is_logged_without_the_prompt():
    with structlog.testing.capture_logs() as logs:
        run(Fake("a", raising(KeyError(SECRET))))
    (entry,) = logs
    assert entry["event"] == "detector failed"
    assert entry["detector"] == "a"
    assert "zyxwv" not in repr(logs)


def test_an_overrun_fails_at_its_deadline_and_its_late_answer_is_lost():
    release = threading.Event()

    def hang(_subject):
        release.wait(20)
        return Signal("a", "v-a", Status.OK, {"weapons": 0.0})

    hanging = Fake("a", hang)
    runner = Runner([hanging, Fake("b")], deadline_s=0.2, parallel=1)
    started = time.monotonic()
    first, second = runner.run(subject())
    assert time.monotonic() - started < 5
    assert (first.status, first.reason) == (Status.FAILED, "no answer within 0.2 s")
    assert second.status is Status.OK
    # While that call hangs its detector is not asked again, so threads do not pile up.
    for _ in range(20):
        again = runner.run(subject())
        assert (again[0].status, again[0].reason) == (Status.FAILED, "an earlier call, given up, has not returned yet")
    assert hanging.calls == 1
    release.set()
    for _ in range(100):
        if runner.run(subject())[0].status is Status.OK:
            break
        time.sleep(0.02)
    assert runner.run(subject())[0].status is Status.OK


def test_many_views_have_as_many_times_as_long():
    def act(seen):
        time.sleep(0.1)
        return Signal("a", "v-a", Status.OK, {"weapons": 0.5}, reason=str(seen.view.span))

    asked = subject()
    views = [View(PICTURE, asked.picture, Span(at, at + 1)) for at in range(12)]
    (signal,) = Runner([Fake("a", act)], deadline_s=1.0).run(asked, views)
    assert signal.status is Status.OK
    (signal,) = Runner([Fake("a", act)], deadline_s=0.1).run(asked, views)
    assert signal.status is Status.FAILED
    assert signal.reason == "no answer within 0.6 s"


def test_a_page_counts_twice():
    page = View(PICTURE, photo("coffee.png"), is_page=True)
    views = [View(TEXT, "words"), View(PICTURE, photo("coffee.png")), page, page]
    assert _count_views(views) == 6


def test_what_never_started_in_time_fails_too():
    release = threading.Event()
    detectors = [Fake(name, lambda _subject: release.wait(20)) for name in "abc"]
    runner = Runner(detectors, deadline_s=10, total_s=0.2, parallel=1)
    signals = runner.run(subject())
    release.set()
    assert {signal.status for signal in signals} == {Status.FAILED}
    assert sorted(signal.reason for signal in signals)[-2:] == ["not started within 0.2 s"] * 2


def hold(monkeypatch, *held):
    """Have the process hold these many bytes, one look after the other, and the last for ever."""
    looks = chain(held, repeat(held[-1]))
    monkeypatch.setattr("detectors.runner._own_bytes", lambda: next(looks))


def test_above_the_memory_bound_nothing_starts(monkeypatch):
    hold(monkeypatch, 100, 6000)
    detector = Fake("a")
    (signal,) = run(detector, memory_limit_bytes=5000)
    assert signal.status is Status.FAILED
    assert "takes more than" in signal.reason
    assert detector.calls == 0


def test_a_call_that_takes_too_much_memory_is_given_up(monkeypatch):
    hold(monkeypatch, 100, 100, 10_000)
    release = threading.Event()
    (signal,) = run(Fake("a", lambda _subject: release.wait(20)), memory_limit_bytes=5000)
    release.set()
    assert signal.status is Status.FAILED
    assert "takes more than" in signal.reason


def test_what_the_process_held_before_is_not_held_against_an_asset(monkeypatch):
    hold(monkeypatch, 1_000_000, 1_000_100)
    (signal,) = run(Fake("a"), memory_limit_bytes=5000)
    assert signal.status is Status.OK


def test_runs_that_overlap_are_measured_from_before_the_first(monkeypatch):
    """Or each asset would start from what the one before it took."""
    hold(monkeypatch, 100, 100, 6000)
    monkeypatch.setattr("detectors.runner._LOOK_S", 60.0)
    release, inner = threading.Event(), []
    runner = Runner([Fake("a", lambda _subject: release.wait(20))], memory_limit_bytes=5000)
    outer = threading.Thread(target=lambda: runner.run(subject()))
    outer.start()
    while not runner.detectors[0].calls:
        time.sleep(0.01)
    inner.extend(runner.run(subject()))
    release.set()
    outer.join()
    assert ["takes more than" in signal.reason for signal in inner] == [True]


def test_a_mapped_file_is_not_counted_and_memory_of_our_own_is(tmp_path):
    """In a process of its own: one that ran other tests has holes to fill."""
    (tmp_path / "index").write_bytes(b"x" * (64 << 20))
    script = (
        "import mmap, sys; from detectors.runner import _own_bytes as own; before = own(); "
        "file = open(sys.argv[1], 'rb'); seen = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ); "
        "total = sum(seen[::4096]); assert own() - before < len(seen) // 2; "
        "block = b'x' * (64 << 20); assert own() - before > len(block) // 2"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "index")], check=True)


def test_many_runs_at_once_keep_apart():
    runner = Runner([Fake("a"), Fake("b")])
    results = []
    threads = [threading.Thread(target=lambda: results.append(runner.run(subject()))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [[signal.detector for signal in signals] for signals in results] == [["a", "b"]] * 16


def test_warming_reports_what_is_missing():
    with pytest.raises(DetectorUnavailableError, match="b has no weights"):
        Runner([Fake("a"), Fake("b", "cold"), Fake("c", "cold")]).warm()


def test_detectors_are_warmed_side_by_side():
    """Each waits until the other is at it, too."""
    both = threading.Barrier(2)
    detectors = [Fake("a"), Fake("b")]
    for detector in detectors:
        detector.warm = lambda: both.wait(60)
    Runner(detectors, parallel=2).warm()
    assert not both.broken


_UNPACKS = """
from detectors.runner import Runner
from tests.detectors.test_runner import Fake
held = []
class Unpacks(Fake):
    def warm(self):
        parts = [bytearray(100_000) for _ in range(600)]
        held.extend(parts[::2] + parts[-1:])  # holes between what stays
def count():
    return int(open("/proc/self/smaps_rollup").read().split("Pss_Anon:")[1].split()[0])
before = count()
Runner([Unpacks("a")], parallel=1).warm()
print(count() - before)
"""


def test_what_warming_left_is_given_back():
    said = subprocess.run([sys.executable, "-c", _UNPACKS], capture_output=True, text=True, check=True).stdout
    assert int(said) < 45_000  # KiB: 30,000 stay of 60,000


def test_no_detectors_no_signals():
    assert run() == ()


@pytest.mark.parametrize("bounds", [{"deadline_s": 0}, {"total_s": -1}, {"memory_limit_bytes": 0}, {"parallel": 0}])
def test_bounds_have_to_be_positive(bounds):
    with pytest.raises(ConfigurationError, match="positive"):
        Runner([Fake("a")], **bounds)


def test_two_detectors_cannot_share_a_name():
    with pytest.raises(ConfigurationError, match="one name among a, a"):
        Runner([Fake("a"), Fake("a")])


def test_one_answer_that_blocks_ends_the_looking_of_all(tmp_path):
    """Both detectors look at frames; whoever comes second, or is at work, looks at one and no more."""
    looked = []

    class Looker:
        def __init__(self, name):
            self.card = Card(name, "?", ("bad",), "MIT", "1")

        def warm(self):
            pass

        def detect(self, subject):
            looked.append(self.card.name)
            return Signal(self.card.name, "1", Status.OK, {"bad": 1.0 if self.card.name == "a" else 0.0})

    views = tuple(View(PICTURE, photo("astronaut.png"), Span(at, at + 1.0)) for at in range(20))
    subject = subject_of(photo("astronaut.png"))
    runner = Runner([Looker("a"), Looker("b")], parallel=1)
    first, second = runner.run(subject, views, stop=lambda answer: answer.scores["bad"] >= 0.9)
    assert (first.scores, second.status) == ({"bad": 1.0}, Status.OK)
    assert looked.count("a") == 1
    assert "further pictures were left out" in first.reason
    looked.clear()
    runner.run(subject, views)
    assert len(looked) == 40


CLIP = tuple(View(PICTURE, photo("coffee.png"), Span(number, number + 1.0)) for number in range(6))


def test_who_has_nothing_left_to_do_looks_at_views_of_a_detector_that_is_not_done():
    """Each of the first two views waits until another thread looks at the other one."""
    both = threading.Barrier(2, timeout=20)
    begun = []

    def act(subject):
        begun.append(subject.view.span)
        if len(begun) <= 2:
            both.wait()
        return Signal("slow", "v-slow", Status.OK, {"weapons": subject.view.span.start_s / 10})

    found = Runner([Fake("slow", act), Fake("swift")], parallel=2).run(subject(), CLIP)
    assert [signal.status for signal in found] == [Status.OK, Status.OK]
    assert found[0].scores == {"weapons": 0.5}
    assert sorted(begun) == [view.span for view in CLIP]


def test_a_view_that_fails_fails_whoever_looked_at_it():
    def act(subject):
        if subject.view.span.start_s == 3:
            raise DetectorUnavailableError("no weights")
        return Signal("b", "v-b", Status.OK, {"weapons": 0.5})

    for parallel in (1, 2, 4):
        found = Runner([Fake("b", act), Fake("c")], parallel=parallel).run(subject(), CLIP)
        assert (found[0].status, found[1].status) == (Status.FAILED, Status.OK)
        assert "no weights" in found[0].reason


def test_what_answers_about_one_view_at_a_time_is_asked_so():
    under_way = threading.Lock()

    def act(_subject):
        assert under_way.acquire(blocking=False), "asked twice at once"
        time.sleep(0.01)
        under_way.release()
        return Signal("b", "v-b", Status.OK, {"weapons": 0.5})

    alone = Fake("b", act)
    alone.one_at_a_time = True
    assert Runner([alone, Fake("c")], parallel=4).run(subject(), CLIP)[0].status is Status.OK
