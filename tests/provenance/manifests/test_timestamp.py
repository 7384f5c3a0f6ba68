"""A time-stamped manifest really works: a real RFC 3161 authority answers on 127.0.0.1, rightly and wrongly."""

import dataclasses
import time
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from provenance.asset import MediaType
from provenance.errors import ConfigurationError, TimestampError
from provenance.manifests import certificates
from provenance.manifests.identity import LocalIdentity
from provenance.manifests.report import Integrity, Trust
from provenance.manifests.signing import sign_manifest
from provenance.manifests.timestamp import TimestampAuthority
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import read_manifest
from tests.provenance.manifests.rubric import score
from tests.provenance.manifests.samples import SIGNED_TYPES, define, photograph
from tests.provenance.manifests.timestamp_authority import Authority, serve


@pytest.fixture
def authority():
    with serve(Authority()) as serving:
        yield serving


def sign(identity, authority, trust, media_type=MediaType.JPEG):
    return sign_manifest(
        photograph(media_type),
        media_type,
        define(media_type),
        identity,
        timestamp=TimestampAuthority(authority.url),
        trust=trust,
    )


def test_without_an_authority_there_is_no_time(signed_jpeg):
    assert signed_jpeg.report.timestamp is None
    assert signed_jpeg.report.signed_at == ""


@pytest.mark.parametrize("media_type", SIGNED_TYPES)
def test_a_time_stamp_is_written_and_trusted(media_type, identity, trust, authority):
    anchors = dataclasses.replace(trust, timestamp_pem=authority.root_pem)
    before = datetime.now(UTC) - timedelta(seconds=2)
    report = sign(identity, authority, anchors, media_type).report
    assert authority.requests == 1
    assert report.timestamp.is_trusted
    assert report.timestamp.authority == "clock"
    assert before <= datetime.fromisoformat(report.signed_at) <= datetime.now(UTC) + timedelta(seconds=2)
    assert score(report.crjson) == {}


def test_an_unknown_authority_is_reported_but_not_trusted(identity, trust, authority):
    report = sign(identity, authority, trust).report
    assert report.timestamp is not None
    assert not report.timestamp.is_trusted


def test_an_authority_outside_the_trusted_roots_is_an_error(identity, trust, authority):
    anchors = dataclasses.replace(trust, timestamp_pem=Authority().root_pem)
    with pytest.raises(TimestampError, match="under none of the trusted time-stamp roots") as caught:
        sign(identity, authority, anchors)
    assert caught.value.retryable


@pytest.mark.parametrize("fault", ["refuse", "garbage", "http_500", "wrong_imprint", "bad_signature"])
def test_an_authority_that_fails_signs_nothing(fault, identity, trust):
    with serve(Authority(fault)) as authority, pytest.raises(TimestampError, match=r"127\.0\.0\.1"):
        sign(identity, authority, trust)


def test_an_authority_that_is_down_is_an_error_worth_trying_again(identity, trust):
    with serve(Authority()) as authority:
        pass
    with pytest.raises(TimestampError) as caught:
        sign(identity, authority, trust)
    assert caught.value.retryable


@pytest.mark.parametrize(
    "url", ["", "tsa.example", "ftp://tsa.example", "http://", "https://user:secret@tsa.example/", "http://[::1"]
)
def test_addresses_that_cannot_be_asked_are_refused_at_start(url):
    with pytest.raises(ConfigurationError) as caught:
        TimestampAuthority(url)
    assert "secret" not in str(caught.value)


def test_a_time_stamp_outlives_the_certificate(authority):
    now = datetime.now(UTC)
    root = certificates.build_authority("root", now=now, days=10, issuer=None)
    middle = certificates.build_authority("middle", now=now, days=9, issuer=root)
    short = _short_leaf(middle, now + timedelta(seconds=3))
    identity = LocalIdentity(certificates.to_pem(short[0], middle[0]), short[1], environment="test")
    anchors = TrustAnchors(manifest_pem=certificates.to_pem(root[0]), timestamp_pem=authority.root_pem)
    stamped = sign(identity, authority, anchors)
    bare = sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, define(), identity, trust=anchors)
    assert stamped.report.trust is bare.report.trust is Trust.TRUSTED
    time.sleep(max(0.0, (short[0].not_valid_after_utc - datetime.now(UTC)).total_seconds()) + 1.1)
    later = read_manifest(stamped.file.read(), MediaType.JPEG, anchors)
    assert (later.integrity, later.trust) == (Integrity.OK, Trust.TRUSTED)
    expired = read_manifest(bare.file.read(), MediaType.JPEG, anchors)
    assert (expired.integrity, expired.trust) == (Integrity.OK, Trust.EXPIRED)


def _short_leaf(issuer, ends):
    """A leaf as `build_leaf` makes it, but for its end."""
    with patch.object(certificates, "LEAF_DAYS", 0):
        return certificates.build_leaf("leaf", now=ends, issuer=issuer)
