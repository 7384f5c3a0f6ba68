from prometheus_client.parser import text_string_to_metric_families

from api.metrics import Metrics
from policies.line.intake import intake
from policies.line.wish import Wish, keep_wish
from tests.policies.conftest import here, site  # noqa: F401 - a site of its own
from tests.sites import submission


def read(metrics):
    families = text_string_to_metric_families(metrics.write().decode())
    return {(one.name, *sorted(one.labels.values())): one.value for family in families for one in family.samples}


def test_what_happens_is_counted_and_what_waits_is_read(here):  # noqa: F811 - the fixture
    metrics = Metrics(here)
    intake(here, submission(side=128))
    keep_wish(here, Wish("a boat"))
    for method in ("GET", "GET", "BREW"):
        metrics.count_request(method, "/v1/releases", 200, 0.02)
    metrics.count_verification("consistent")
    metrics.count_accepted("file")
    found = read(metrics)
    assert found["chopmark_http_requests_total", "/v1/releases", "200", "GET"] == 2
    assert found["chopmark_http_requests_total", "/v1/releases", "200", "other"] == 1
    assert found["chopmark_http_request_seconds_bucket", "/v1/releases", "0.025", "GET"] == 2
    assert (
        found["chopmark_verifications_total", "consistent"] == found["chopmark_submissions_accepted_total", "file"] == 1
    )
    assert found["chopmark_line_assets", "accepted"] == found["chopmark_line_assets", "drawing"] == 1
    assert found["chopmark_ledger_entries",] == here.log.size()


def test_servers_share_nothing():
    first, second = Metrics(), Metrics()
    first.count_accepted("file")
    assert ("chopmark_submissions_accepted_total", "file") not in read(second)
