"""`chopmark serve`: the HTTP side in this process, and workers as its children, which it starts again when they die."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from provenance.journal import Journal

if TYPE_CHECKING:
    from api.settings import Settings
    from api.wiring import Site

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 60.0
"""A worker that dies again and again is started again after waits that double."""
_LOOK_S: Final = 0.2
_STOP_S: Final = 10.0
"""Beside its own grace a worker has so long to end before it is killed."""

_log = Journal(__name__)


class Children:
    """Worker processes that live as long as this one.

    Args:
        command: starts one; it ends by itself when this process ends.
        count: how many.
        grace_s: how long one may take to stop.
        tell: prints a line for people.
    """

    def __init__(self, command: tuple[str, ...], *, count: int, grace_s: float, tell: Callable[[str], None]) -> None:
        self._command = command
        self._grace_s = grace_s
        self._tell = tell
        self._stopped = threading.Event()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._watchers = [threading.Thread(target=self._watch, args=(one,), daemon=True) for one in range(count)]

    def start(self) -> None:
        """Start all of them."""
        for watcher in self._watchers:
            watcher.start()

    def stop(self) -> None:
        """Tell all of them to stop, and wait until they have; one that takes too long is killed."""
        self._stopped.set()
        for watcher in self._watchers:  # first, for one may be starting a process just now
            watcher.join()
        for child in tuple(self._running.values()):
            child.terminate()
        give_up = time.monotonic() + self._grace_s + _STOP_S
        for child in tuple(self._running.values()):
            try:
                child.wait(max(0.1, give_up - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _watch(self, one: int) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stopped.is_set():
            began = time.monotonic()
            child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own
            self._running[one] = child
            while child.poll() is None and not self._stopped.wait(_LOOK_S):
                pass
            if self._stopped.is_set():
                return
            if time.monotonic() - began > LONGEST_WAIT_S:
                wait_s = FIRST_WAIT_S
            _log.error("a worker ended", process=child.pid, code=child.returncode)
            self._tell(f"a worker ended with {child.returncode}; another starts in {wait_s:.0f} s")
            self._stopped.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)


def build_worker_command() -> tuple[str, ...]:
    """Return what starts a worker that ends with this process."""
    return (sys.executable, "-m", "chopmark", "worker", "--with-parent")


@contextmanager
def running_workers(settings: "Settings", count: int, tell: Callable[[str], None]) -> Iterator[None]:
    """Have `count` workers for as long as the block lasts."""
    children = Children(build_worker_command(), count=count, grace_s=settings.line.grace_s, tell=tell)
    children.start()
    try:
        yield
    finally:
        children.stop()


def name_origin(settings: "Settings", host: str, port: int) -> str:
    """Return how people reach this server: what the settings say, else where it listens, which this process then knows.

    Workers read it from the environment.
    """
    if "origin" not in settings.http.model_fields_set:
        named = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - asked for by whoever starts it
        os.environ["CHOPMARK_HTTP__ORIGIN"] = f"http://{f'[{named}]' if ':' in named else named}:{port}"
    return os.environ.get("CHOPMARK_HTTP__ORIGIN", settings.http.origin)


@contextmanager
def opened(settings: "Settings") -> Iterator[tuple["Site", str | None]]:
    """Open the site and warm it before anybody is served; give it, and the token of the first admin's link, if due.

    Raises:
        GateError: what is wrong with the site or its settings.
    """
    from api.access.link import make_first_link
    from api.wiring import open_site

    # What was interrupted waits for the upkeep: one asset that ends a process must not end every start.
    with open_site(settings, finish=False) as site:
        make_keys(site)
        site.warm()
        if site.deployment.line is not None:
            _ = site.deployment.line.client  # opened now: whoever hands in first would wait for it
        yield site, make_first_link(site.deployment, lasts_s=settings.access.link_s)


def make_keys(site: "Site") -> None:
    """Make the keys that a server needs and this site lacks, so that they can be copied to other hosts once it is up.

    Raises:
        GateError: one that was used is missing, or another host has another, or an extra is not there: said in one
            line before anybody is served, and not in the server's own trace.
    """
    from api.access.vault import load_vault
    from api.link import Links
    from api.telemetry import build_tracer
    from provenance.storage.secretbox import load_box

    directory = site.settings.keys_dir
    load_vault(directory, site.deployment.database)
    load_box(directory)
    Links(directory).load()
    tracer = build_tracer(site.settings.http.traces)
    if tracer is not None:
        tracer.close()


def serve(settings: "Settings", *, host: str, port: int, workers: int, tell: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C: requests are answered, then workers finish or give back what they walk.

    Raises:
        GateError: what is wrong with the site or its settings.
        OSError: the address cannot be listened on.
    """
    import uvicorn

    from api.access.link import build_address
    from api.server import build_config, listen

    listener = listen(host, port)
    origin = name_origin(settings, host, listener.getsockname()[1])
    settings = settings.model_copy(update={"http": settings.http.model_copy(update={"origin": origin})})
    with opened(settings) as (site, token):
        tell(f"chopmark is at {origin}, its desk at {origin}/desk, verification at {origin}/verify")
        if token is not None:
            tell(f"sign in as the first admin, once:  {build_address(origin, token)}")
        # The server raises again the signal that ended it: workers are to be told first.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with running_workers(settings, workers, tell), suppress(KeyboardInterrupt):
            uvicorn.Server(build_config(host, port, site)).run(sockets=[listener])
