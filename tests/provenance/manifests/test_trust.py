import pytest

from provenance.asset import MediaType
from provenance.errors import ConfigurationError
from provenance.manifests.identity import load_development_identity
from provenance.manifests.report import Integrity, Trust, ValidationState
from provenance.manifests.signing import sign_manifest
from provenance.manifests.timestamp import TimestampAuthority
from provenance.manifests.trust import TrustAnchors, load_trust
from provenance.manifests.validation import read_manifest
from tests.provenance.manifests.samples import define, photograph
from tests.provenance.manifests.timestamp_authority import Authority, serve


@pytest.fixture
def root_path(tmp_path, identity):
    path = tmp_path / "root.pem"
    path.write_text(identity.root_pem.rstrip("\n"))
    return path


def test_the_development_root_is_trusted_as_such(signed_jpeg, keys_directory):
    anchors = load_trust(environment="development", keys_directory=keys_directory)
    report = read_manifest(signed_jpeg.file.read(), MediaType.JPEG, anchors)
    assert (report.trust, report.validation_state) == (Trust.DEVELOPMENT, ValidationState.TRUSTED)


def test_production_does_not_know_the_development_root(signed_jpeg, keys_directory):
    anchors = load_trust(environment="production", keys_directory=keys_directory)
    assert anchors == TrustAnchors()
    report = read_manifest(signed_jpeg.file.read(), MediaType.JPEG, anchors)
    assert (report.integrity, report.trust) == (Integrity.OK, Trust.UNTRUSTED)
    assert report.validation_state is ValidationState.VALID
    assert "signingCredential.untrusted" in report.failure_codes


def test_a_bundle_from_settings_is_trusted(signed_jpeg, root_path):
    anchors = load_trust((root_path,), environment="production")
    assert read_manifest(signed_jpeg.file.read(), MediaType.JPEG, anchors).trust is Trust.TRUSTED


def test_another_root_does_not_help(signed_jpeg, tmp_path):
    other = load_development_identity(tmp_path, environment="development")
    report = read_manifest(signed_jpeg.file.read(), MediaType.JPEG, TrustAnchors(manifest_pem=other.root_pem))
    assert (report.integrity, report.trust) == (Integrity.OK, Trust.UNTRUSTED)


def test_a_time_stamp_root_does_not_vouch_for_signers(signed_jpeg, root_path):
    anchors = load_trust((), (root_path,), environment="production")
    assert read_manifest(signed_jpeg.file.read(), MediaType.JPEG, anchors).trust is Trust.UNTRUSTED


def test_several_bundles_are_joined(root_path, tmp_path):
    other = load_development_identity(tmp_path / "other", environment="development")
    second = tmp_path / "second.pem"
    second.write_text(other.root_pem)
    anchors = load_trust((root_path, second), environment="production")
    assert anchors.manifest_pem.count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe"])
def test_bundles_that_are_none_are_refused(tmp_path, content):
    path = tmp_path / "bundle.pem"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError):
        load_trust((path,), environment="production")
    with pytest.raises(ConfigurationError, match=r"absent\.pem"):
        load_trust((tmp_path / "absent.pem",), environment="production")


def test_a_root_for_both_purposes_serves_both(identity, root_path):
    with serve(Authority()) as authority:
        root_path.write_text(identity.root_pem + authority.root_pem)
        both = load_trust((root_path,), (root_path,), environment="production")
        report = sign_manifest(
            photograph(MediaType.JPEG),
            MediaType.JPEG,
            define(),
            identity,
            timestamp=TimestampAuthority(authority.url),
            trust=both,
        ).report
    assert report.trust is Trust.TRUSTED
    assert report.timestamp.is_trusted
