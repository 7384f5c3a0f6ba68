"""A manifest that is kept elsewhere, from a real server on 127.0.0.1; what may be asked is `provenance.fetching`'s."""

import pytest

from provenance.errors import FetchError
from provenance.manifests.fetching import MANIFEST_TYPE, fetch_manifest
from tests.provenance.test_fetching import say, serve


def test_a_manifest_is_asked_for_by_its_type():
    with serve(lambda handler: say(handler.headers["Accept"].encode())(handler)) as url:
        assert fetch_manifest(url, may_be_local=True).decode() == MANIFEST_TYPE


def test_it_is_bounded_and_never_from_inside():
    with serve(say(b"x" * 2000)) as url:
        with pytest.raises(FetchError, match="at most 1000"):
            fetch_manifest(url, most_bytes=1000, may_be_local=True)
        with pytest.raises(FetchError, match="port|private"):
            fetch_manifest(url)
