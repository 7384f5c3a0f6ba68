"""An identity is loaded when it is needed, and judged when it signs."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from provenance.errors import ConfigurationError, SigningError
from provenance.manifests.deferred import DeferredIdentity
from provenance.manifests.identity import load_development_identity


class Ends:
    """An identity whose certificate ends at a given time."""

    def __init__(self, identity, moment):
        self._identity = identity
        self.moment = moment

    def __getattr__(self, name):
        return getattr(self._identity, name)

    def describe(self):
        from dataclasses import replace

        return replace(self._identity.describe(), not_after=self.moment)


@pytest.fixture
def identity(tmp_path):
    return load_development_identity(tmp_path / "keys", environment="development")


def test_it_is_the_identity_loaded_once(identity):
    asked = []
    deferred = DeferredIdentity(lambda: asked.append(1) or identity)
    assert asked == []
    assert deferred.sign(b"x")
    assert deferred.certificate_chain_pem == identity.certificate_chain_pem
    assert (deferred.algorithm, deferred.is_development) == ("es256", True)
    assert deferred.describe() == identity.describe()
    assert asked == [1]


def test_what_keeps_it_from_loading_is_raised_until_it_is_put_right(identity):
    found = []

    def load():
        if not found:
            raise ConfigurationError("no signer")
        return identity

    deferred = DeferredIdentity(load)
    for need in (deferred.load, deferred.describe, lambda: deferred.sign(b"x"), lambda: deferred.algorithm):
        with pytest.raises(ConfigurationError, match="no signer"):
            need()
    found.append(1)
    assert deferred.sign(b"x")


def test_a_certificate_that_ends_soon_is_logged_once(identity):
    deferred = DeferredIdentity(lambda: Ends(identity, datetime.now(UTC) + timedelta(days=12)))
    with capture_logs() as logs:
        assert deferred.sign(b"x")
        assert deferred.sign(b"y")
    assert [(entry["log_level"], entry["days"]) for entry in logs] == [("warning", 11)]


def test_a_certificate_that_has_ended_since_signs_no_more(identity):
    ends = Ends(identity, datetime.now(UTC) + timedelta(days=1))
    deferred = DeferredIdentity(lambda: ends)
    deferred.load()
    ends.moment = datetime.now(UTC)
    with pytest.raises(SigningError, match="has ended: chopmark keys renew"):
        deferred.sign(b"x")
