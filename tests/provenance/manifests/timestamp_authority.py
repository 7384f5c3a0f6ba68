"""A small RFC 3161 time-stamp authority on 127.0.0.1: real tokens, and answers that are wrong on purpose."""

import datetime as dt
import hashlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SHA256_OID = "2.16.840.1.101.3.4.2.1"
SIGNED_DATA_OID = "1.2.840.113549.1.7.2"
TST_INFO_OID = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE_OID = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST_OID = "1.2.840.113549.1.9.4"
SIGNING_TIME_OID = "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE_V2_OID = "1.2.840.113549.1.9.16.2.47"
ECDSA_SHA256_OID = "1.2.840.10045.4.3.2"
POLICY_OID = "1.3.6.1.4.1.62558.9.9"


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, "big") + body


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    return tlv(0x31, *sorted(parts))


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    return tlv(0x04, value)


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    out = bytearray()
    for arc in (first * 40 + second, *rest):
        chunk = [arc & 0x7F]
        while arc := arc >> 7:
            chunk.append(0x80 | arc & 0x7F)
        out += bytes(reversed(chunk))
    return tlv(0x06, bytes(out))


def generalized_time(moment: dt.datetime) -> bytes:
    return tlv(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def read_tlv(data: bytes, at: int = 0) -> tuple[int, bytes, int]:
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, at = int.from_bytes(data[at : at + size], "big"), at + size
    return tag, data[at : at + length], at + length


def read_request(data: bytes) -> tuple[bytes, int | None]:
    """Return the hashed message and the nonce of a TimeStampReq."""
    _, body, _ = read_tlv(data)
    _, _, at = read_tlv(body)
    _, imprint, at = read_tlv(body, at)
    _, _, inner = read_tlv(imprint)
    _, digest, _ = read_tlv(imprint, inner)
    nonce = None
    while at < len(body):
        tag, value, at = read_tlv(body, at)
        if tag == 0x02:
            nonce = int.from_bytes(value, "big")
    return digest, nonce


def _certificate(common_name, key, issuer, issuer_key, *, is_ca, expired=False):
    now = dt.datetime.now(dt.UTC)
    end = now - dt.timedelta(days=1) if expired else now + dt.timedelta(days=365)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test TSA"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_ca, content_commitment=not is_ca, key_cert_sign=is_ca, crl_sign=is_ca, **usage
            ),
            critical=True,
        )
    )
    if not is_ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


@dataclass
class Authority:
    """Keys of a TSA, and what it does wrong.

    Attributes:
        fault: "" for right answers; ``refuse``, ``garbage``, ``http_500``, ``wrong_imprint``, ``bad_signature``.
        name: its common name.
    """

    fault: str = ""
    name: str = "clock"
    requests: int = 0
    root_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self):
        self.root = _certificate("root", self.root_key, None, self.root_key, is_ca=True)
        self.certificate = _certificate(self.name, self.key, self.root.subject, self.root_key, is_ca=False)
        self.url = ""

    @property
    def root_pem(self) -> str:
        return self.root.public_bytes(serialization.Encoding.PEM).decode()

    def answer(self, request: bytes) -> bytes:
        if self.fault == "garbage":
            return b"\x30\x03not a response"
        if self.fault == "refuse":
            return sequence(sequence(integer(2)))
        digest, nonce = read_request(request)
        if self.fault == "wrong_imprint":
            digest = hashlib.sha256(b"something else").digest()
        info = self._info(digest, nonce)
        return sequence(sequence(integer(0)), sequence(oid(SIGNED_DATA_OID), tlv(0xA0, self._signed_data(info))))

    def _info(self, digest: bytes, nonce: int | None) -> bytes:
        return sequence(
            integer(1),
            oid(POLICY_OID),
            sequence(sequence(oid(SHA256_OID), b"\x05\x00"), octets(digest)),
            integer(secrets.randbits(64)),
            generalized_time(dt.datetime.now(dt.UTC)),
            integer(nonce) if nonce is not None else b"",
        )

    def _signed_data(self, info: bytes) -> bytes:
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        attributes = (
            sequence(oid(CONTENT_TYPE_OID), set_of(oid(TST_INFO_OID))),
            sequence(oid(MESSAGE_DIGEST_OID), set_of(octets(hashlib.sha256(info).digest()))),
            sequence(
                oid(SIGNING_CERTIFICATE_V2_OID),
                set_of(sequence(sequence(sequence(octets(hashlib.sha256(der).digest()))))),
            ),
        )
        signature = self.key.sign(set_of(*attributes), ec.ECDSA(hashes.SHA256()))
        if self.fault == "bad_signature":
            signature = self.key.sign(b"something else", ec.ECDSA(hashes.SHA256()))
        signer = sequence(
            integer(1),
            sequence(self.certificate.issuer.public_bytes(), integer(self.certificate.serial_number)),
            sequence(oid(SHA256_OID)),
            tlv(0xA0, *sorted(attributes)),
            sequence(oid(ECDSA_SHA256_OID)),
            octets(signature),
        )
        root = self.root.public_bytes(serialization.Encoding.DER)
        return sequence(
            integer(3),
            set_of(sequence(oid(SHA256_OID))),
            sequence(oid(TST_INFO_OID), tlv(0xA0, octets(info))),
            tlv(0xA0, der, root),
            set_of(signer),
        )


@contextmanager
def serve(authority: Authority) -> Iterator[Authority]:
    """Serve `authority` over HTTP on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            authority.requests += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(500 if authority.fault == "http_500" else 200)
            reply = authority.answer(body)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
