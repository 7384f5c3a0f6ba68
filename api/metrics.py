"""Numbers for Prometheus, in a registry of this server's own; n processes are n targets.

Counted as it happens: requests, verifications. Read when somebody asks: what waits on the line, the ledger's length.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api import VERSION

if TYPE_CHECKING:
    from policies.line.deployment import Deployment

# From an answer of the cache to a long upload, seconds
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """One server's numbers.

    Attributes:
        registry: of all of them.
        in_progress: requests that are being served.
    """

    def __init__(self, here: "Deployment | None" = None) -> None:
        """Make them; those that are read come from `here`."""
        self.registry: Final = CollectorRegistry()
        names = ["method", "route", "status"]
        self._requests = Counter(
            "chopmark_http_requests", "Requests answered; status 0: the client was gone.", names, registry=self.registry
        )
        self._seconds = Histogram(
            "chopmark_http_request_seconds",
            "From a request's header to the end of its answer.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.in_progress: Final = Gauge(
            "chopmark_http_requests_in_progress", "Requests that are being served.", registry=self.registry
        )
        self._verifications = Counter(
            "chopmark_verifications", "Files verified, by their joint state.", ["state"], registry=self.registry
        )
        self._accepted = Counter(
            "chopmark_submissions_accepted", "Files and prompts accepted over HTTP.", ["kind"], registry=self.registry
        )
        Gauge("chopmark_info", "This software.", ["version"], registry=self.registry).labels(VERSION).set(1)
        if here is not None:
            self.registry.register(_Site(here))

    def count_request(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count one request; methods that nobody serves are one."""
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(took_s)

    def count_verification(self, state: str) -> None:
        """Count one file that was verified."""
        self._verifications.labels(state).inc()

    def count_accepted(self, kind: str) -> None:
        """Count one submission: a ``file``, a ``prompt``, a ``clip`` or a ``portrait``."""
        self._accepted.labels(kind).inc()

    def write(self) -> bytes:
        """Return all of them in Prometheus' text format."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)


class _Site(Collector):
    """What is read from the site when somebody asks; every process of a site says the same."""

    def __init__(self, here: "Deployment") -> None:
        self._here = here

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name what there is without reading it."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read it."""
        from policies.line.standing import count_stages
        from provenance.media.workers import count_deaths

        line = GaugeMetricFamily(
            "chopmark_line_assets", "Assets that are not at their end, and those held, by stage.", labels=["stage"]
        )
        for stage, count in count_stages(self._here).items():
            line.add_metric([stage], count)
        yield line
        size = self._here.log.size()
        yield GaugeMetricFamily("chopmark_ledger_entries", "Length of the ledger.", value=size)
        yield GaugeMetricFamily("chopmark_decoder_deaths", "Decoders that died of a file.", value=count_deaths())
