from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import ConfigurationError, SigningError
from provenance.manifests import certificates

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def root():
    return certificates.build_authority("root", now=NOW, days=7300, issuer=None)


@pytest.fixture(scope="module")
def intermediate(root):
    return certificates.build_authority("intermediate", now=NOW, days=3650, issuer=root)


@pytest.fixture(scope="module")
def leaf(intermediate):
    return certificates.build_leaf("leaf", now=NOW, issuer=intermediate)


def self_signed(key, *, purposes=(ExtendedKeyUsageOID.EMAIL_PROTECTION,), signs=True, skip=()):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "someone")])
    usage = x509.KeyUsage(signs, False, not signs, False, False, False, False, False, False)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=10))
    extensions = {
        "usage": usage,
        "purposes": x509.ExtendedKeyUsage(list(purposes)),
        "aki": x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()),
        "constraints": x509.BasicConstraints(ca=False, path_length=None),
    }
    for label, extension in extensions.items():
        if label not in skip:
            builder = builder.add_extension(extension, critical=label == "usage")
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest)


def test_the_leaf_has_the_profile_that_c2pa_asks_for(leaf, intermediate):
    certificate = leaf[0]
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=366)
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {item.dotted_string for item in purposes} == {"1.3.6.1.5.5.7.3.4", "1.3.6.1.4.1.62558.2.1"}
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    authority = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    issuer_key = intermediate[0].extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert authority.key_identifier == issuer_key.digest
    assert "not for production" in certificate.subject.rfc4514_string()


def test_the_authority_can_sign_leaves_only(root, intermediate):
    for certificate, length in ((root[0], None), (intermediate[0], 0)):
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        assert constraints.ca
        assert constraints.path_length == length
    intermediate[0].verify_directly_issued_by(root[0])


def test_a_leaf_never_outlives_its_issuer(root):
    short = certificates.build_authority("short", now=NOW, days=40, issuer=root)
    certificate, _ = certificates.build_leaf("leaf", now=NOW, issuer=short)
    assert certificate.not_valid_after_utc <= short[0].not_valid_after_utc


def test_a_good_chain_passes(leaf, intermediate):
    certificates.verify_signing_chain((leaf[0], intermediate[0]), now=NOW)


def test_chains_that_cannot_sign_are_refused(leaf, intermediate, root):
    with pytest.raises(ConfigurationError, match="out of order"):
        certificates.verify_signing_chain((leaf[0], root[0]), now=NOW)
    with pytest.raises(ConfigurationError, match="does not include today"):
        certificates.verify_signing_chain((leaf[0],), now=NOW + timedelta(days=400))
    with pytest.raises(ConfigurationError, match="does not include today"):
        certificates.verify_signing_chain((leaf[0],), now=NOW - timedelta(days=1))
    with pytest.raises(ConfigurationError, match="lacks an extension"):
        certificates.verify_signing_chain((intermediate[0],), now=NOW)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"skip": ("usage",)}, "lacks an extension"),
        ({"skip": ("purposes",)}, "lacks an extension"),
        ({"skip": ("aki",)}, "lacks an extension"),
        ({"skip": ("constraints",)}, "lacks an extension"),
        ({"signs": False}, "expected a leaf with digitalSignature"),
        ({"purposes": (ExtendedKeyUsageOID.CODE_SIGNING,)}, "no purpose that C2PA trusts"),
        ({"purposes": (ExtendedKeyUsageOID.TIME_STAMPING,)}, "no purpose that C2PA trusts"),
    ],
)
def test_profiles_that_c2pa_refuses_are_refused_at_start(changes, message):
    certificate = self_signed(ec.generate_private_key(ec.SECP256R1()), **changes)
    with pytest.raises(ConfigurationError, match=message):
        certificates.verify_signing_chain((certificate,), now=NOW)


KEYS = {
    "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "es512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ps256": lambda: rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("algorithm", KEYS)
def test_every_algorithm_signs_and_verifies(algorithm):
    key = KEYS[algorithm]()
    certificate = self_signed(key)
    assert certificates.find_algorithm(certificate) == algorithm
    signature = certificates.sign_with(key, b"a claim")
    assert certificates.verify_signature(certificate, b"a claim", signature) == signature
    with pytest.raises(SigningError, match="does not verify"):
        certificates.verify_signature(certificate, b"another claim", signature)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP256K1()), rsa.generate_private_key(65537, 1024)])
def test_keys_that_c2pa_does_not_take_are_refused(key):
    with pytest.raises(ConfigurationError, match="kind that C2PA does not take"):
        certificates.find_algorithm(self_signed(key))


def test_der_and_raw_signatures_are_both_taken(leaf):
    der = leaf[1].sign(b"a claim", ec.ECDSA(hashes.SHA256()))
    raw = certificates.verify_signature(leaf[0], b"a claim", der)
    assert len(raw) == 64
    assert certificates.verify_signature(leaf[0], b"a claim", raw) == raw


@given(garbage=st.binary(max_size=200))
def test_garbage_is_never_a_signature(garbage, leaf):
    with pytest.raises(SigningError, match="does not verify"):
        certificates.verify_signature(leaf[0], b"a claim", garbage)


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_text_that_is_no_chain_is_refused(text):
    with pytest.raises(ConfigurationError, match="not PEM"):
        certificates.parse_chain(text)


def test_info_describes_the_certificate(leaf, intermediate):
    info = certificates.build_info(leaf[0], "somewhere")
    assert info.is_development
    assert info.sha256 == leaf[0].fingerprint(hashes.SHA256()).hex()
    assert info.issuer == intermediate[0].subject.rfc4514_string()
    assert info.not_after == leaf[0].not_valid_after_utc
    assert (info.algorithm, info.source) == ("es256", "somewhere")
