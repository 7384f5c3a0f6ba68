"""X.509 for C2PA: the development CA's certificates, and checks on anybody's signing chain.

Source: C2PA 2.4 s14.5 (certificate profile); what c2pa-rs really accepts was measured (EKU emailProtection, alone or
with claim signing; no EKU, no KeyUsage, no AKI or an expired leaf is refused at signing).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from provenance.errors import ConfigurationError, SigningError

# C2PA 2.4 s14.5.1: c2pa-kp-claimSigning
CLAIM_SIGNING_EKU: Final = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")

# RFC 9336: id-kp-documentSigning, which C2PA 2.4 s14.5.1 takes from older certificates, as emailProtection.
DOCUMENT_SIGNING_EKU: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")

SIGNING_EKUS: Final = (ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING_EKU, CLAIM_SIGNING_EKU)

DEVELOPMENT_ORGANISATION: Final = "Chopmark development CA - not for production"

# C2PA Certificate Policy, assurance level 1: a claim-signing leaf is valid for at most 366 days.
LEAF_DAYS: Final = 365
INTERMEDIATE_DAYS: Final = 3650
ROOT_DAYS: Final = 7300

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far in the past a new certificate begins, for verifiers whose clock is late."""

# C2PA 2.4 s13.2.1: algorithms for signatures; RSA keys have at least 2048 bits.
RSA_MIN_BITS: Final = 2048

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

_CURVES: Final[dict[str, tuple[str, int, hashes.HashAlgorithm]]] = {
    "secp256r1": ("es256", 32, hashes.SHA256()),
    "secp384r1": ("es384", 48, hashes.SHA384()),
    "secp521r1": ("es512", 66, hashes.SHA512()),
}


@dataclass(frozen=True, slots=True)
class IdentityInfo:
    """What `chopmark keys` and `doctor` show of a signing certificate.

    Attributes:
        subject, issuer: RFC 4514 names.
        not_after: end of validity, UTC.
        sha256: fingerprint of the certificate, lower-case hexadecimal.
        algorithm: C2PA name of the signature algorithm, such as ``es256``.
        is_development: made by the development CA.
        source: where the key lives, in words.
    """

    subject: str
    issuer: str
    not_after: datetime
    sha256: str
    algorithm: str
    is_development: bool
    source: str


def build_authority(
    common_name: str, *, now: datetime, days: int, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Build a CA certificate: self-signed when `issuer` is None, else one that signs leaves only."""
    key = ec.generate_private_key(ec.SECP256R1())
    constraints = x509.BasicConstraints(ca=True, path_length=None if issuer is None else 0)
    usage = _key_usage(is_authority=True)
    return _build(common_name, key, issuer, (constraints, usage), now=now, days=days), key


def build_leaf(
    common_name: str, *, now: datetime, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Build a claim-signing certificate, valid for a year but never longer than its issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    days = min(LEAF_DAYS, (issuer[0].not_valid_after_utc - now).days)
    usage = _key_usage(is_authority=False)
    return _build(common_name, key, issuer, (constraints, usage), now=now, days=days), key


def parse_chain(pem: str) -> tuple[x509.Certificate, ...]:
    """Return the certificates in `pem`, leaf first.

    Raises:
        ConfigurationError: there is none, or the text is not PEM.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(pem.encode()))
    except ValueError as exc:
        raise ConfigurationError("certificate chain is not PEM: expected one or more CERTIFICATE blocks") from exc


def verify_signing_chain(chain: tuple[x509.Certificate, ...], *, now: datetime) -> None:
    """Check that `chain` can sign claims: order, validity and profile of the leaf.

    Raises:
        ConfigurationError: it cannot; the message says why.
    """
    leaf = chain[0]
    if leaf.not_valid_after_utc <= now or leaf.not_valid_before_utc > now:
        raise ConfigurationError(
            f"signing certificate is valid from {leaf.not_valid_before_utc:%Y-%m-%d} to "
            f"{leaf.not_valid_after_utc:%Y-%m-%d}, which does not include today"
        )
    for child, parent in pairwise(chain):
        try:
            child.verify_directly_issued_by(parent)
        except (ValueError, TypeError, InvalidSignature) as exc:
            raise ConfigurationError(
                "certificate chain is out of order: expected the leaf first, then each certificate's issuer"
            ) from exc
    _verify_leaf_profile(leaf)


def find_algorithm(certificate: x509.Certificate) -> str:
    """Return the C2PA name of the algorithm that the certificate's key signs with.

    Raises:
        ConfigurationError: C2PA has none for this kind of key.
    """
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name][0]
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_MIN_BITS:
        return "ps256"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519"
    raise ConfigurationError(
        "signing key is of a kind that C2PA does not take: "
        "expected P-256, P-384, P-521, RSA of 2048 bits or more, or Ed25519"
    )


def sign_with(key: PrivateKey, data: bytes) -> bytes:
    """Sign `data` as C2PA wants it: r||s for elliptic curves, PSS for RSA."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        _, size, digest = _CURVES[key.curve.name]
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, _pss(), hashes.SHA256())
    return key.sign(data)


def verify_signature(certificate: x509.Certificate, data: bytes, signature: bytes) -> bytes:
    """Check `signature` over `data` and return it in the form that COSE wants.

    Args:
        certificate: whose key must have signed.
        data: what was signed.
        signature: raw r||s or DER for elliptic curves; the usual form for RSA-PSS and Ed25519.

    Raises:
        SigningError: it does not verify.
    """
    key = certificate.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            return _verify_ecdsa(key, data, signature)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, _pss(), hashes.SHA256())
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            raise SigningError("signing certificate holds a key that C2PA does not take")
    except (InvalidSignature, ValueError) as exc:
        raise SigningError(
            f"signature of {len(signature)} bytes does not verify against the signing certificate: "
            "the signer holds another key or returned something else"
        ) from exc
    return signature


def is_development_certificate(certificate: x509.Certificate) -> bool:
    """Say whether the certificate names the development CA as its issuer's organisation."""
    names = certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return any(name.value == DEVELOPMENT_ORGANISATION for name in names)


def build_info(certificate: x509.Certificate, source: str) -> IdentityInfo:
    """Describe a signing certificate."""
    return IdentityInfo(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        not_after=certificate.not_valid_after_utc,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        algorithm=find_algorithm(certificate),
        is_development=is_development_certificate(certificate),
        source=source,
    )


def to_pem(*certificates: x509.Certificate) -> str:
    """Return the certificates as PEM text, in the order given."""
    return "".join(item.public_bytes(serialization.Encoding.PEM).decode() for item in certificates)


def _verify_ecdsa(key: ec.EllipticCurvePublicKey, data: bytes, signature: bytes) -> bytes:
    _, size, digest = _CURVES[key.curve.name]
    if len(signature) == 2 * size:
        r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    else:
        r, s = decode_dss_signature(signature)
    key.verify(encode_dss_signature(r, s), data, ec.ECDSA(digest))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _pss() -> padding.PSS:
    return padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)


def _verify_leaf_profile(leaf: x509.Certificate) -> None:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = frozenset(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
        is_authority = leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound as exc:
        raise ConfigurationError(
            f"signing certificate lacks an extension that C2PA asks for ({exc.oid._name or exc.oid.dotted_string})"  # noqa: SLF001 - the library's only readable name
        ) from exc
    if is_authority or not usage.digital_signature:
        raise ConfigurationError("signing certificate is a CA's or may not sign: expected a leaf with digitalSignature")
    if purposes.isdisjoint(SIGNING_EKUS):
        expected = ", ".join(purpose.dotted_string for purpose in SIGNING_EKUS)
        raise ConfigurationError(f"signing certificate has no purpose that C2PA trusts: expected one of {expected}")


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=not is_authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _build(
    common_name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    profile: tuple[x509.BasicConstraints, x509.KeyUsage],
    *,
    now: datetime,
    days: int,
) -> x509.Certificate:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, DEVELOPMENT_ORGANISATION)
    subject = x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    issuer_key = key if issuer is None else issuer[1]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(profile[0], critical=True)
        .add_extension(profile[1], critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not profile[0].ca:
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, CLAIM_SIGNING_EKU])
        builder = builder.add_extension(purposes, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
