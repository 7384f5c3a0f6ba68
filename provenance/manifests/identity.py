"""Who signs: the development CA for trying things out, a PEM key or an external command in production.

An identity never gives its key away: it signs what it is handed. Every signature is checked against the leaf
certificate before it is used, because c2pa writes a wrong one into the file without a word.
"""

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError, MissingKeyError, SigningError
from provenance.manifests import certificates
from provenance.manifests.certificates import IdentityInfo, PrivateKey
from provenance.storage.secretfile import SecretDirectory, read_owner_only

PRODUCTION: Final = "production"

RENEW_BEFORE: Final = timedelta(days=30)
"""How long before its end the development leaf is replaced."""

COMMAND_DEADLINE_S: Final = 10.0

_AUTHORITY_STEM: Final = "development-ca"
_LEAF_STEM: Final = "development-leaf"
AUTHORITY_FILE: Final = f"{_AUTHORITY_STEM}.pem"
LEAF_FILE: Final = f"{_LEAF_STEM}.pem"
_RENEW: Final = "chopmark keys renew makes a new one"

_Issuer: TypeAlias = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
"""A certificate and its key."""

_REFUSAL: Final = (
    "the development CA may not sign in production: set a certificate chain, and its key file or a signing command"
)


class SigningIdentity(Protocol):
    """What `sign_manifest` needs of a signer."""

    @property
    def certificate_chain_pem(self) -> str:
        """Leaf first, then the intermediates, without the root."""

    @property
    def algorithm(self) -> str:
        """C2PA name: es256, es384, es512, ps256 or ed25519."""

    @property
    def is_development(self) -> bool:
        """Whether the development CA made this."""

    def sign(self, data: bytes) -> bytes:
        """Return a verified signature over `data`, r||s for elliptic curves.

        Raises:
            SigningError: it could not be made, or does not verify.
        """

    def describe(self) -> IdentityInfo:
        """Return what people may see of the certificate."""


class _ChainIdentity:
    """What every identity does with its certificate chain."""

    def __init__(self, chain: tuple[x509.Certificate, ...], *, environment: str, now: datetime, source: str) -> None:
        certificates.verify_signing_chain(chain, now=now)
        if environment == PRODUCTION and any(map(certificates.is_development_certificate, chain)):
            raise ConfigurationError(_REFUSAL)
        self._leaf = chain[0]
        self._info = certificates.build_info(chain[0], source)
        self._chain_pem = certificates.to_pem(*(item for item in chain if item.issuer != item.subject))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._info.subject!r}, sha256={self._info.sha256[:12]})"

    @property
    def certificate_chain_pem(self) -> str:
        """Leaf first, then the intermediates, without the root."""
        return self._chain_pem

    @property
    def algorithm(self) -> str:
        """C2PA name of the algorithm."""
        return self._info.algorithm

    @property
    def is_development(self) -> bool:
        """Whether the development CA made this."""
        return self._info.is_development

    def describe(self) -> IdentityInfo:
        """Return what people may see of the certificate."""
        return self._info


class LocalIdentity(_ChainIdentity):
    """Signs with a key that lies on this machine."""

    def __init__(
        self,
        chain_pem: str,
        private_key: PrivateKey,
        *,
        environment: str,
        now: datetime | None = None,
        source: str = "key file",
    ) -> None:
        chain = certificates.parse_chain(chain_pem)
        super().__init__(chain, environment=environment, now=now or datetime.now(UTC), source=source)
        if private_key.public_key() != self._leaf.public_key():
            raise ConfigurationError("key file and signing certificate do not belong together")
        self._key = private_key

    def sign(self, data: bytes) -> bytes:
        """Return a verified signature over `data`."""
        return certificates.verify_signature(self._leaf, data, certificates.sign_with(self._key, data))


class CommandIdentity(_ChainIdentity):
    """Signs by running a command: data on stdin, signature (raw r||s or DER) on stdout, exit status 0.

    For keys in an HSM, a KMS or a smart card. The command is run without a shell.
    """

    def __init__(
        self,
        chain_pem: str,
        argv: Sequence[str],
        *,
        environment: str,
        deadline_s: float = COMMAND_DEADLINE_S,
        now: datetime | None = None,
    ) -> None:
        if not argv:
            raise ConfigurationError("signing command is empty: expected a program and its arguments as a list")
        chain = certificates.parse_chain(chain_pem)
        super().__init__(chain, environment=environment, now=now or datetime.now(UTC), source=f"command {argv[0]}")
        self._argv = tuple(argv)
        self._deadline_s = deadline_s

    def sign(self, data: bytes) -> bytes:
        """Run the command on `data` and return its signature, verified.

        Raises:
            SigningError: it cannot be run, fails, takes too long, or returns something else than a signature.
        """
        try:
            done = subprocess.run(  # noqa: S603 - argv is the operator's own, and no shell reads it
                self._argv, input=data, capture_output=True, timeout=self._deadline_s, check=True
            )
        except subprocess.CalledProcessError as exc:
            error = SigningError(f"signing command ended with status {exc.returncode}, expected 0")
            error.add_note(f"its stderr: {exc.stderr[-500:].decode('utf-8', 'replace')}")
            raise error from exc
        except subprocess.TimeoutExpired as exc:
            raise SigningError(f"signing command gave no signature within {self._deadline_s:g} s") from exc
        except OSError as exc:
            raise SigningError(f"signing command {self._argv[0]!r} cannot be run: {exc.strerror}") from exc
        return certificates.verify_signature(self._leaf, data, done.stdout)


class UnsafeDevelopmentIdentity(LocalIdentity):
    """Signs with a certificate that this machine's own CA made; whoever can read the data directory can sign too."""

    def __init__(
        self, chain_pem: str, private_key: PrivateKey, *, root_pem: str, environment: str, now: datetime | None = None
    ) -> None:
        super().__init__(chain_pem, private_key, environment=environment, now=now, source="development CA")
        self._root_pem = root_pem

    @property
    def root_pem(self) -> str:
        """The development root, to be trusted on this machine only."""
        return self._root_pem


def load_development_identity(
    directory: Path, *, environment: str, now: datetime | None = None
) -> UnsafeDevelopmentIdentity:
    """Load the development identity, making its CA at first use and a new leaf when the old one nears its end.

    A leaf is never thrown away: a clock that is wrong for an hour would throw it away for good. The root's key is, once
    it has signed the intermediate.

    Args:
        directory: where the keys lie; made with mode 0700.
        environment: name of the deployment's environment.
        now: the time to judge validity by.

    Raises:
        ConfigurationError: the environment is production, or the files cannot be used.
    """
    if environment == PRODUCTION:
        raise ConfigurationError(_REFUSAL)
    moment = now or datetime.now(UTC)
    files = SecretDirectory(directory)
    if files.read(AUTHORITY_FILE) is None and any(name.startswith(_LEAF_STEM) for name in files.names()):
        raise MissingKeyError(
            f"{AUTHORITY_FILE} is missing, and this site was signed under it: restore it from a backup of the site; "
            f"if it is lost for good, {_RENEW}, and what the lost one signed is trusted no more"
        )
    authority = _parse_authority(files.read_or_make(AUTHORITY_FILE, lambda: _make_authority(moment)))
    problem = _find_problem(authority[1], moment)
    if problem:
        raise ConfigurationError(f"the development CA {problem}: {_RENEW}; what this one signed stays trusted here")
    issuer = authority[1:]
    leaf = _current_leaf(files, issuer, moment)
    if leaf is None:
        with files.locked():
            leaf = _current_leaf(files, issuer, moment) or _replace_leaf(files, issuer, moment)
    return _build_development_identity(authority, leaf, environment, moment)


def renew_development_identity(
    directory: Path, *, environment: str, now: datetime | None = None
) -> UnsafeDevelopmentIdentity:
    """Make a new leaf, and a new development CA where the old one cannot be used; the old ones are kept.

    Raises:
        ConfigurationError: the environment is production, or the files cannot be used.
    """
    if environment == PRODUCTION:
        raise ConfigurationError(_REFUSAL)
    moment = now or datetime.now(UTC)
    files = SecretDirectory(directory)
    with files.locked():
        data = files.read(AUTHORITY_FILE)
        if data is not None and _find_problem(_parse_authority(data)[1], moment):
            files.rename(AUTHORITY_FILE, _name_kept(_AUTHORITY_STEM, data))
            data = None
        if data is None:
            data = _make_authority(moment)
            files.write(AUTHORITY_FILE, data)
        authority = _parse_authority(data)
        leaf = _replace_leaf(files, authority[1:], moment)
    return _build_development_identity(authority, leaf, environment, moment)


def load_development_root(directory: Path) -> str:
    """Return the development roots as PEM, newest first, or "" when none was made; makes nothing.

    Raises:
        ConfigurationError: a file cannot be used.
    """
    files = SecretDirectory(directory)
    kept = [name for name in files.names() if name.startswith(f"{_AUTHORITY_STEM}-")]
    found = [data for name in (AUTHORITY_FILE, *kept) if (data := files.read(name)) is not None]
    return "".join(certificates.to_pem(_parse_authority(data)[0]) for data in found)


def load_local_identity(chain_path: Path, key_path: Path, *, environment: str) -> LocalIdentity:
    """Load a signer from a PEM chain and an unencrypted PEM key.

    Raises:
        ConfigurationError: a file is missing or malformed, others can read the key, or both do not fit.
    """
    try:
        key = serialization.load_pem_private_key(read_owner_only(key_path), password=None)
    except FileNotFoundError as exc:
        raise ConfigurationError(
            f"key file {key_path.name} cannot be read: there is none in {key_path.parent}; restore it from a backup, "
            "or set signing.private_key to where it is"
        ) from exc
    except (ValueError, TypeError) as exc:
        raise ConfigurationError(f"key file {key_path.name} is not an unencrypted PEM private key") from exc
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise ConfigurationError(f"key file {key_path.name} holds a kind of key that C2PA does not take")
    return LocalIdentity(_read_chain(chain_path), key, environment=environment)


def load_command_identity(
    chain_path: Path, argv: Sequence[str], *, environment: str, deadline_s: float = COMMAND_DEADLINE_S
) -> CommandIdentity:
    """Load a signer that runs `argv` for each signature.

    Raises:
        ConfigurationError: the chain is missing or malformed, or `argv` is empty.
    """
    return CommandIdentity(_read_chain(chain_path), argv, environment=environment, deadline_s=deadline_s)


def _read_chain(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"certificate chain {path.name} cannot be read as text") from exc


def _make_authority(now: datetime) -> bytes:
    root = certificates.build_authority("Chopmark development root", now=now, days=certificates.ROOT_DAYS, issuer=None)
    certificate, key = certificates.build_authority(
        "Chopmark development intermediate", now=now, days=certificates.INTERMEDIATE_DAYS, issuer=root
    )
    return certificates.to_pem(root[0], certificate).encode() + _key_pem(key)


def _parse_authority(data: bytes) -> tuple[x509.Certificate, *_Issuer]:
    try:
        root, intermediate = x509.load_pem_x509_certificates(data)
        return root, intermediate, _parse_key(data)
    except ValueError as exc:
        raise ConfigurationError(f"{AUTHORITY_FILE} is damaged: remove it to have a new development CA made") from exc


def _find_problem(authority: x509.Certificate, now: datetime) -> str:
    """Return why a development CA cannot sign leaves now, or ""."""
    if authority.not_valid_before_utc > now:
        begins = f"{authority.not_valid_before_utc:%Y-%m-%d}"
        return f"begins on {begins}, and it is {now:%Y-%m-%d} here: if that is wrong, set the clock; else"
    return "ends" if authority.not_valid_after_utc - now < RENEW_BEFORE else ""


def _current_leaf(files: SecretDirectory, issuer: _Issuer, now: datetime) -> _Issuer | None:
    """Return the leaf that can sign longest from now on; the ones kept count, for a clock may have been wrong."""
    fit = []
    for name in files.names():
        data = files.read(name) if name.startswith(_LEAF_STEM) else None
        if data is None:
            continue
        try:
            certificate, key = x509.load_pem_x509_certificate(data), _parse_key(data)
        except ValueError as exc:
            raise ConfigurationError(f"{name} is damaged: remove it to have a new development leaf made") from exc
        is_ours = certificate.issuer == issuer[0].subject and _authority_key_id(certificate) == _key_id(issuer[1])
        has_begun = certificate.not_valid_before_utc <= now
        if is_ours and has_begun and certificate.not_valid_after_utc - now >= RENEW_BEFORE:
            # Certificates count whole seconds: of two made within one, the current file is the newer.
            fit.append(((certificate.not_valid_after_utc, name == LEAF_FILE), (certificate, key)))
    return max(fit, key=lambda one: one[0])[1] if fit else None


def _replace_leaf(files: SecretDirectory, issuer: _Issuer, now: datetime) -> _Issuer:
    """Make a leaf; the old one is kept under another name. Call inside `locked`."""
    old = files.read(LEAF_FILE)
    if old is not None:
        files.rename(LEAF_FILE, _name_kept(_LEAF_STEM, old))
    leaf = certificates.build_leaf("Chopmark development signer", now=now, issuer=issuer)
    files.write(LEAF_FILE, certificates.to_pem(leaf[0]).encode() + _key_pem(leaf[1]))
    return leaf


def _name_kept(stem: str, data: bytes) -> str:
    return f"{stem}-{sha256_hex(data)[:12]}.pem"


def _build_development_identity(
    authority: tuple[x509.Certificate, *_Issuer], leaf: _Issuer, environment: str, now: datetime
) -> UnsafeDevelopmentIdentity:
    return UnsafeDevelopmentIdentity(
        certificates.to_pem(leaf[0], authority[1]),
        leaf[1],
        root_pem=certificates.to_pem(authority[0]),
        environment=environment,
        now=now,
    )


def _authority_key_id(certificate: x509.Certificate) -> bytes | None:
    return certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier


def _key_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _parse_key(data: bytes) -> ec.EllipticCurvePrivateKey:
    start = data.find(b"-----BEGIN PRIVATE KEY-----")
    if start < 0:
        raise ValueError("no private key")
    key = serialization.load_pem_private_key(data[start:], password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an elliptic-curve key")  # noqa: TRY004 - both callers turn it into one error
    return key
