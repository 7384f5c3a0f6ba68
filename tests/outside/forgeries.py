"""Signed pictures that nobody changed and that still do not hold, as other people's tools write them.

Each is signed through c2pa, then one thing in it is exchanged for another of the same length and the claim is signed
anew with the same key: so the signature is right and only that thing is wrong.
"""

import io
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from provenance.manifests import certificates
from provenance.manifests.certificates import sign_with
from tests.sites import encode, photograph

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
EMAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION
CODE_SIGNING = ExtendedKeyUsageOID.CODE_SIGNING


@dataclass(frozen=True)
class Maker:
    """A vendor with a root, a leaf and its key."""

    root: x509.Certificate
    root_key: ec.EllipticCurvePrivateKey
    leaf: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def root_pem(self) -> str:
        return certificates.to_pem(self.root)

    @property
    def leaf_pem(self) -> str:
        return certificates.to_pem(self.leaf)


def build_maker(name: str = "vendor") -> Maker:
    """Make a vendor whose certificate c2pa signs with."""
    root, root_key = certificates.build_authority(f"{name} root", now=datetime.now(UTC), days=3650, issuer=None)
    key = ec.generate_private_key(ec.SECP256R1())
    return Maker(root, root_key, build_leaf(root, root_key, key), key)


def build_leaf(
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    *,
    purpose: ObjectIdentifier = EMAIL,
    ends: timedelta = timedelta(days=300),
    size: int | None = None,
) -> x509.Certificate:
    """Make a leaf certificate, of `size` bytes where that is given: signatures differ in length by a byte or two."""
    while True:
        now = datetime.now(UTC)
        subject = [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Vendor"),
            x509.NameAttribute(NameOID.COMMON_NAME, "V"),
        ]
        leaf = (
            x509.CertificateBuilder()
            .subject_name(x509.Name(subject))
            .issuer_name(root.subject)
            .public_key(key.public_key())
            .serial_number(int.from_bytes(b"\x11" * 16))
            .not_valid_before(now + min(ends, timedelta()) - timedelta(days=30))
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(certificates._key_usage(is_authority=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        if size is None or len(leaf.public_bytes(serialization.Encoding.DER)) == size:
            return leaf


def sign(
    maker: Maker,
    data: bytes | None = None,
    *,
    media_type: str = "image/jpeg",
    source_type: str = "digitalArt",
    parent: bytes | None = None,
    component: bytes | None = None,
    timestamp_url: str | None = None,
    more: tuple[dict, ...] = (),
    c2pa_settings: dict | None = None,
    **fields,
) -> bytes:
    """Sign through c2pa: made from nothing, or from `parent`, with `component` placed in it."""
    actions = [{"action": "c2pa.created", "digitalSourceType": IPTC + source_type}]
    if parent is not None:
        actions = [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}]
    if component is not None:
        actions.append({"action": "c2pa.placed", "parameters": {"ingredientIds": ["component"]}})
    manifest = {
        "title": "a picture",
        "claim_generator_info": [{"name": "Vendor Studio", "version": "7"}],
        "assertions": [{"label": "c2pa.actions.v2", "created": True, "data": {"actions": actions}}, *more],
        **fields,
    }
    out = io.BytesIO()
    context = c2pa.Context.from_dict({"builder": {"thumbnail": {"enabled": False}}, **(c2pa_settings or {})})
    with (
        c2pa.Builder.from_json(json.dumps(manifest), context=context) as builder,
        c2pa.Signer.from_callback(
            lambda data: sign_with(maker.key, data), c2pa.C2paSigningAlg.ES256, maker.leaf_pem, timestamp_url
        ) as signer,
    ):
        for source, name, relationship in ((parent, "parent", "parentOf"), (component, "component", "componentOf")):
            if source is not None:
                about = {"title": f"{name}.jpg", "relationship": relationship, "label": name, "instance_id": name}
                builder.add_ingredient(json.dumps(about), media_type, io.BytesIO(source))
        builder.sign(signer, media_type, io.BytesIO(data or encode(photograph(side=256))), out)
    return out.getvalue()


def exchange(data: bytes, before: bytes, after: bytes, *, count: int = 1) -> bytes:
    """Put `after` where `before` stands, for the `count`-th time; both are as long."""
    assert len(before) == len(after)
    at = -1
    for _ in range(count):
        at = data.index(before, at + 1)
    return data[:at] + after + data[at + len(before) :]


def resign(data: bytes, maker: Maker, change: Callable[[bytes], bytes] = bytes) -> bytes:
    """Change the claim's CBOR (or only what lies around it) and sign it anew, in place."""
    start, stop = find_claim(data)
    data = data[:start] + change(data[start:stop]) + data[stop:]
    cose, header, signature = _find_signature(data)
    structure = b"\x84\x6aSignature1" + header + b"\x40" + _head(2, stop - start) + data[start:stop]
    fresh = sign_with(maker.key, structure)
    assert data[signature - 2 : signature] == b"\x58\x40", cose
    return data[:signature] + fresh + data[signature + 64 :]


def rehash(data: bytes, label: bytes, change: Callable[[bytes], bytes], maker: Maker) -> bytes:
    """Change an assertion, put its new hash into the claim, and sign that anew."""
    start, stop = _find_box(data, label)
    before = sha256(data[start:stop]).digest()
    data = data[:start] + change(data[start:stop]) + data[stop:]
    after = sha256(data[start:stop]).digest()
    return resign(data, maker, lambda claim: exchange(claim, before, after))


def exchange_leaf(data: bytes, maker: Maker, **wish) -> bytes:
    """Put another leaf for the same key into the signature, and sign anew."""
    old = maker.leaf.public_bytes(serialization.Encoding.DER)
    leaf = build_leaf(maker.root, maker.root_key, maker.key, size=len(old), **wish)
    return resign(exchange(data, old, leaf.public_bytes(serialization.Encoding.DER)), maker)


def find_claim(data: bytes) -> tuple[int, int]:
    """Return where the CBOR of the last claim lies."""
    at = data.rindex(b"c2pa.claim")
    return _find_cbor(data, at)


def _find_box(data: bytes, label: bytes) -> tuple[int, int]:
    """Return where the content of an assertion's superbox lies: what its hash is taken of."""
    at = data.rindex(b"jumd", 0, data.rindex(label + b"\0")) - 4
    size = int.from_bytes(data[at - 8 : at - 4], "big")
    return at, at - 8 + size


def _find_cbor(data: bytes, after: int) -> tuple[int, int]:
    at = data.index(b"cbor", after)
    return at + 4, at - 4 + int.from_bytes(data[at - 4 : at], "big")


def _find_signature(data: bytes) -> tuple[int, bytes, int]:
    """Return where the last COSE signature begins, its protected header as CBOR, and where its 64 bytes are."""
    start, stop = _find_cbor(data, data.rindex(b"c2pa.signature\0"))
    assert data[start : start + 2] == b"\xd2\x84"
    at = start + 2
    size, width = _read_head(data, at)
    return start, data[at : at + width + size], stop - 64


def _read_head(data: bytes, at: int) -> tuple[int, int]:
    kind = data[at] & 0x1F
    if kind < 24:
        return kind, 1
    width = 1 << (kind - 24)
    return int.from_bytes(data[at + 1 : at + 1 + width], "big"), 1 + width


def _head(major: int, size: int) -> bytes:
    for kind, width in ((24, 1), (25, 2), (26, 4)):
        if size < 1 << 8 * width:
            return bytes([major << 5 | kind]) + size.to_bytes(width, "big") if size > 23 else bytes([major << 5 | size])
    raise AssertionError(size)


def sign_with_identity(maker: Maker, issuer: str, *, signature: bytes = bytes(64)) -> bytes:
    """Sign a picture in which `issuer`, a DID, vouches for somebody: a CAWG identity claims aggregation.

    c2pa writes no byte strings from JSON, so texts of the right length hold their places until the claim is signed anew.
    """
    place, kind = "self#jumbf=c2pa.assertions/c2pa.hash.data", "cawg.identity_claims_aggregation"
    no_hash, no_padding = "H" * 44, "PPPP"

    def payload(digest: str) -> dict:
        return {"referenced_assertions": [{"url": place, "hash": digest}], "sig_type": kind}

    def vouch(digest: str) -> bytes:
        actor = {
            "type": "cawg.social_media", "username": "ann", "uri": "https://example.com/ann",
            "verifiedAt": "2025-01-01T00:00:00Z", "provider": {"id": "https://example.com", "name": "Example"},
        }  # fmt: skip
        credential = {
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://cawg.io/identity/1.1/ica/context/"],
            "type": ["VerifiableCredential", "IdentityClaimsAggregationCredential"],
            "issuer": issuer, "validFrom": "2025-01-01T00:00:00Z",
            "credentialSubject": {"verifiedIdentities": [actor], "c2paAsset": payload(digest)},
        }  # fmt: skip
        parts = (_cbor({1: -8, 3: "application/vc"}), {}, json.dumps(credential).encode(), signature)
        return b"\xd2" + _cbor(list(parts))

    no_signature = "S" * len(vouch(no_hash))
    held = {"signer_payload": payload(no_hash), "signature": no_signature, "pad1": no_padding}
    data = sign(maker, more=({"label": "cawg.identity", "data": held},))
    start, stop = _find_box(data, b"c2pa.hash.data")
    digest = sha256(data[start:stop]).digest()

    def fill(box: bytes) -> bytes:
        filled = exchange(box, _cbor(no_signature), _cbor(vouch(b64encode(digest).decode())))
        filled = filled.replace(_cbor(no_hash), _cbor(digest)).replace(_cbor(no_padding), _cbor(bytes(16)))
        assert len(filled) == len(box)
        return filled

    return rehash(data, b"cawg.identity", fill, maker)


def _cbor(value: object) -> bytes:
    """Encode what a signature or an identity is made of."""
    match value:
        case int():
            return bytes([value if value >= 0 else 0x20 - 1 - value])
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(map(_cbor, value))
        case dict():
            return _head(5, len(value)) + b"".join(_cbor(key) + _cbor(held) for key, held in value.items())
    raise AssertionError(value)
