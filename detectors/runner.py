"""Ask every detector about one asset, within bounds, and answer for those that cannot.

Whatever a detector does, the caller gets one Signal from each, in the order they were given: its answer, or a Signal
with status FAILED, which holds. FAILED is what a crash, a missed deadline, too much memory or a malformed answer
becomes; nothing propagates.

A thread cannot be killed. A call that overruns is given up: its late answer is thrown away, and until it returns its
detector is not called again, so no more threads can hang than run at once for each detector. The memory bound is on
what the process takes beyond what it held before anything was looked at, files that are merely mapped not counted: a
large registry, a second model or a long life must not make every asset fail. Above it nothing is started and what runs
is given up. Where a bound must be enforced, wrap the detector in `detectors.isolation.IsolatedDetector`, which kills:
the setting `isolated_detectors` does.
"""

import json
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol, cast, runtime_checkable

from detectors.base import Detector, ReadsPrompts, Signal, Status, Subject
from detectors.looking import Look
from provenance.errors import ConfigurationError, GateError
from provenance.heap import give_back
from provenance.journal import Journal
from provenance.media.view import SOUND, View

_LOG: Final = Journal(__name__)
_STATM: Final = Path("/proc/self/statm")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
# How often deadlines and memory are looked at; a run that ends sooner never pays for a look.
_LOOK_S: Final = 0.05
_SMOOTHING: Final = 0.5
# A deadline is for one picture and leaves room for two: as many views take no longer.
_VIEWS_A_DEADLINE: Final = 2
# To listen takes longer the longer a sound is: so many seconds of it stand for a view.
_HEARD_A_VIEW_S: Final = 5.0
# A page is written from edge to edge, and all of it is read.
_VIEWS_A_PAGE: Final = 2


Stop = Callable[[Signal], bool]
"""Says of an answer about a part of an asset that it settles what becomes of all of it."""


@dataclass(slots=True)
class _Call:
    """One detector's turn; `signal` is set once, by whoever comes first: the detector or the watch."""

    detector: Detector
    started_at: float | None = None
    signal: Signal | None = None


@dataclass(slots=True)
class _Run:
    """The calls about one subject, shared between the watch and its workers.

    `ask` puts the question to a detector; bounds on time are `patience` times as long, since a clip is many pictures.
    `looks` are those under way that whoever has nothing else to do takes a part of.
    """

    ask: Callable[[Detector], Signal]
    about: str
    calls: tuple[_Call, ...]
    waiting: list[_Call]
    looks: Sequence[Look]
    patience: float = 1.0
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def is_done(self) -> bool:
        return all(call.signal is not None for call in self.calls)


@runtime_checkable
class Closable(Protocol):
    """A detector that holds something which ends with the site."""

    def close(self) -> None:
        """Let go of it; a later call takes it up again."""


class Runner:
    """Runs detectors side by side; safe to call from several threads at once.

    Attributes:
        detectors: in the order of their Signals.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        *,
        deadline_s: float = 15.0,
        total_s: float = 60.0,
        memory_limit_bytes: int = 4 << 30,
        parallel: int | None = None,
    ) -> None:
        """Build a runner.

        Args:
            detectors: warm or not; see `warm`.
            deadline_s: most wall time for one detector's call about up to two views; in proportion for more.
            total_s: most wall time for one `run`, in the same proportion.
            memory_limit_bytes: most memory that this process may take beyond what it held when nothing was being
                looked at.
            parallel: how many detectors run at once; by default one a core, at most four.

        Raises:
            ConfigurationError: a bound is not positive, or two detectors have one name.
        """
        if min(deadline_s, total_s, memory_limit_bytes, 1 if parallel is None else parallel) <= 0:
            raise ConfigurationError("the runner's bounds have to be positive")
        names = [detector.card.name for detector in detectors]
        if len(set(names)) != len(names):
            raise ConfigurationError(f"two detectors have one name among {', '.join(names)}")
        self.detectors: Final = tuple(detectors)
        self._deadline_s, self._total_s, self._memory_limit_bytes = deadline_s, total_s, memory_limit_bytes
        self._parallel = parallel or count_cores()
        self._lock = threading.Lock()
        self._hanging: set[str] = set()
        self._usual_ms: dict[str, float] = {}
        self._under_way = 0
        self._held_bytes = 0

    def share_cores(self, processes: int) -> None:
        """Run fewer detectors at once, for so many processes are at work; each then fills its cores with files."""
        self._parallel = max(1, count_cores() // processes)

    def warm(self) -> None:
        """Warm every detector, so that what is missing stops the start and not the first asset.

        As many at once as would run at once: while one parses words, another unpacks a network. What unpacking left is
        given back: 160 MiB and more, which every look at an asset would have lain on top of.

        Raises:
            GateError: as the first detector that cannot be warmed raised it.
        """
        with ThreadPoolExecutor(self._parallel, thread_name_prefix="warming") as pool:
            for warmed in [pool.submit(detector.warm) for detector in self.detectors]:
                warmed.result()
        give_back()

    def run(self, subject: Subject, views: Sequence[View] = (), *, stop: Stop | None = None) -> tuple[Signal, ...]:
        """Return one Signal from each detector, in their order; never raises for what a detector does.

        Args:
            subject: the asset.
            views: everything that its medium shows; only the subject's own view where there are none.
            stop: says of an answer about one view that no other matters: each detector that has answered about one
                then looks at no more.
        """
        is_blocked = threading.Event()

        def is_over(answer: Signal | None) -> bool:
            if answer is not None and stop is not None and stop(answer):
                is_blocked.set()
            return is_blocked.is_set()

        shown = tuple(views) or (subject.view,)
        patience = max(1.0, _count_views(shown) / _VIEWS_A_DEADLINE)
        looks: list[Look] = []

        def ask(detector: Detector) -> Signal:
            look = Look(detector, subject, shown, is_over=is_over)
            if not getattr(detector, "one_at_a_time", False):
                looks.append(look)
            return look.finish()

        return self._run(self.detectors, ask, subject.asset.id, patience=patience, looks=looks)

    def run_prompt(self, prompt: str) -> tuple[Signal, ...]:
        """Return one Signal from each detector that answers about a prompt alone, before anything is drawn from it."""
        readers = tuple(detector for detector in self.detectors if isinstance(detector, ReadsPrompts))
        return self._run(readers, lambda detector: cast("ReadsPrompts", detector).detect_prompt(prompt), "")

    def _run(
        self,
        detectors: Sequence[Detector],
        ask: Callable[[Detector], Signal],
        about: str,
        *,
        patience: float = 1.0,
        looks: Sequence[Look] = (),
    ) -> tuple[Signal, ...]:
        calls = tuple(_Call(detector) for detector in detectors)
        # The slowest first, so that the others fill the other cores meanwhile.
        waiting = sorted(calls, key=lambda call: self._usual_ms.get(call.detector.card.name, math.inf))
        run = _Run(ask, about, calls, waiting, looks, patience)
        with self._counted():
            for _ in range(min(self._parallel, len(calls))):
                self._start_worker(run)
            self._watch(run)
        return tuple(call.signal for call in calls if call.signal is not None)

    def close(self) -> None:
        """End the processes of detectors that have one."""
        for detector in self.detectors:
            if isinstance(detector, Closable):
                detector.close()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Note what the process holds before the first of the runs that overlap."""
        with self._lock:
            if not self._under_way:
                self._held_bytes = _own_bytes()
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def _is_full(self) -> bool:
        return _own_bytes() - self._held_bytes > self._memory_limit_bytes

    def _start_worker(self, run: _Run) -> None:
        threading.Thread(target=self._work, args=(run,), name="detector", daemon=True).start()

    def _work(self, run: _Run) -> None:
        """Take calls until none waits, then parts of others', or until a call of this worker was given up."""
        while True:
            with run.changed:
                if not run.waiting:
                    break
                call = run.waiting.pop()
                refusal = self._refusal(call.detector.card.name)
                if refusal:
                    self._settle(run, call, _failed(call.detector, refusal, 0.0))
                    continue
                call.started_at = time.perf_counter()
            signal = _ask(call.detector, run.ask, call.started_at)
            with run.changed:
                if call.signal is not None:
                    self._came_back(call.detector.card.name)
                    return
                self._note(signal)
                self._settle(run, call, signal)
        for look in tuple(run.looks):
            try:
                look.share()
            except Exception:  # noqa: BLE001, S112 - whose call it is looks at that view again, and tells why it cannot
                continue

    def _watch(self, run: _Run) -> None:
        """Wait for the calls; give up those that overrun a bound, and those that never started in time."""
        ends_at = time.perf_counter() + self._total_s * run.patience
        with run.changed:
            while not run.is_done:
                run.changed.wait(_LOOK_S)
                now = time.perf_counter()
                is_over = now >= ends_at
                is_full = self._is_full()
                for call in run.calls:
                    self._give_up(run, call, now, is_over=is_over, is_full=is_full)

    def _give_up(self, run: _Run, call: _Call, now: float, *, is_over: bool, is_full: bool) -> None:
        if call.signal is not None:
            return
        if call.started_at is None:
            if is_over:
                run.waiting.remove(call)
                self._settle(
                    run, call, _failed(call.detector, f"not started within {self._total_s * run.patience:g} s", 0.0)
                )
            return
        elapsed_s = now - call.started_at
        if is_over or elapsed_s >= self._deadline_s * run.patience:
            reason = f"no answer within {min(self._deadline_s, self._total_s) * run.patience:g} s"
        elif is_full:
            reason = self._spell_full()
        else:
            return
        with self._lock:
            self._hanging.add(call.detector.card.name)
        self._settle(run, call, _failed(call.detector, reason, elapsed_s * 1000))
        self._start_worker(run)

    def _settle(self, run: _Run, call: _Call, signal: Signal) -> None:
        call.signal = signal
        run.changed.notify_all()
        if signal.status is Status.FAILED:
            _LOG.error("detector failed", detector=signal.detector, asset_id=run.about, reason=signal.reason)

    def _refusal(self, name: str) -> str:
        """Say why `name` may not start now, or ""."""
        with self._lock:
            if name in self._hanging:
                return "an earlier call, given up, has not returned yet"
        return self._spell_full() if self._is_full() else ""

    def _spell_full(self) -> str:
        return f"looking takes more than {self._memory_limit_bytes >> 20} MiB"

    def _came_back(self, name: str) -> None:
        with self._lock:
            self._hanging.discard(name)

    def _note(self, signal: Signal) -> None:
        usual = self._usual_ms.get(signal.detector, signal.elapsed_ms)
        self._usual_ms[signal.detector] = usual + _SMOOTHING * (signal.elapsed_ms - usual)


def _ask(detector: Detector, ask: Callable[[Detector], Signal], started_at: float) -> Signal:
    """Return the detector's checked answer, or what its failure means."""
    try:
        signal = ask(detector)
        problem = _problem(detector, signal)
    except GateError as exc:
        signal, problem = None, f"{exc.code}: {exc}"
    except MemoryError:
        signal, problem = None, "out of memory"
    except (Exception, SystemExit) as exc:  # noqa: BLE001 - the one place where a detector's crash becomes a Signal
        # The message of a foreign error may quote the prompt; its type and place may not.
        signal, problem = None, f"crashed with {type(exc).__name__} at {_place(exc)}"
    elapsed_ms = (time.perf_counter() - started_at) * 1000
    if signal is None or problem:
        return _failed(detector, problem, elapsed_ms)
    return replace(signal, elapsed_ms=elapsed_ms)


def _problem(detector: Detector, signal: object) -> str:
    """Say what is wrong with an answer, or ""; a score that is not a number would pass every threshold."""
    if not isinstance(signal, Signal):
        return f"answered with {type(signal).__name__}, not with a Signal"
    card = detector.card
    if signal.detector != card.name:
        return f"answered as {signal.detector!r}"
    for category, score in signal.scores.items():
        if category not in card.categories:
            return f"scored {category!r}, which is not on its card"
        if not (isinstance(score, int | float) and math.isfinite(score) and 0 <= score <= 1):
            return f"scored {category} outside 0..1"
    try:
        json.dumps(signal.evidence, allow_nan=False)
    except (TypeError, ValueError):
        return "gave evidence that is not JSON"
    return ""


def _count_views(views: Sequence[View]) -> float:
    """Return how many pictures take as long to look at as all of an asset's views."""
    heard_s = sum(view.span.end_s - view.span.start_s for view in views if view.kind == SOUND and view.span is not None)
    pages = sum(view.is_page for view in views)
    return len(views) + (_VIEWS_A_PAGE - 1) * pages + heard_s / _HEARD_A_VIEW_S


def _failed(detector: Detector, reason: str, elapsed_ms: float) -> Signal:
    return Signal(detector.card.name, detector.card.version, Status.FAILED, reason=reason, elapsed_ms=elapsed_ms)


def _place(exc: BaseException) -> str:
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "an unknown place" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def count_cores() -> int:
    """Return how many cores this process may use, at most four: no asset keeps more detectors busy."""
    return min(len(os.sched_getaffinity(0)), 4)


def _own_bytes() -> int:
    """Return this process's resident memory less what is mapped from files or shared.

    0 where the system does not say: the bound is then not kept.
    """
    try:
        _size, resident, shared = _STATM.read_text(encoding="ascii").split()[:3]
        return (int(resident) - int(shared)) * _PAGE_BYTES
    except (OSError, ValueError):
        return 0
