from contextlib import suppress

import pytest
from starlette.datastructures import Headers

from api.metrics import Metrics
from api.observing import Observer, Sight, find_request_id, name_route, naming, take_request_id


@pytest.mark.parametrize("given", ["a", "req-7.1:x/y+z=", "0" * 64])
def test_a_plain_id_is_taken_over(given):
    assert take_request_id(Headers({"X-Request-Id": given})) == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", "a\x1b[1m", "-dash", "é"])
def test_any_other_is_replaced(given):
    fresh = take_request_id(Headers(raw=[(b"x-request-id", given.encode("latin-1"))]))
    assert fresh != given
    assert len(fresh) == 32


def test_the_id_is_known_inside_and_not_outside():
    with naming("r1"):
        assert find_request_id() == "r1"
    assert find_request_id() == ""


def test_a_request_is_counted_however_it_ends():
    metrics, sight = Metrics(), Sight()
    observer = Observer(metrics)
    scope = {"method": "GET", "path": "/secret/7"}
    with suppress(KeyError), observer.watch(scope, sight):
        assert metrics.in_progress._value.get() == 1
        raise KeyError
    assert metrics.in_progress._value.get() == 0
    written = metrics.write().decode()
    assert 'chopmark_http_requests_total{method="GET",route="none",status="0"} 1.0' in written
    assert "secret" not in written
    assert name_route({}) == "none"
