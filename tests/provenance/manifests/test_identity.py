import multiprocessing
import stat
import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519

from provenance.asset import MediaType
from provenance.errors import ConfigurationError, SigningError
from provenance.manifests import certificates
from provenance.manifests.identity import (
    AUTHORITY_FILE,
    LEAF_FILE,
    CommandIdentity,
    LocalIdentity,
    load_command_identity,
    load_development_identity,
    load_development_root,
    load_local_identity,
    renew_development_identity,
)
from provenance.manifests.report import Integrity, Trust
from provenance.manifests.signing import sign_manifest
from provenance.manifests.trust import TrustAnchors
from tests.provenance.manifests.samples import define, photograph

NOW = datetime.now(UTC)


def key_pem(key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A chain and key as a real CA would give them: of another organisation than the development CA's."""
    monkeypatch.setattr(certificates, "DEVELOPMENT_ORGANISATION", "Example Media Ltd")
    root = certificates.build_authority("root", now=NOW, days=1000, issuer=None)
    middle = certificates.build_authority("issuing", now=NOW, days=900, issuer=root)
    leaf = certificates.build_leaf("signer", now=NOW, issuer=middle)
    monkeypatch.undo()
    (tmp_path / "chain.pem").write_text(certificates.to_pem(leaf[0], middle[0], root[0]))
    (tmp_path / "key.pem").write_bytes(key_pem(leaf[1]))
    (tmp_path / "key.pem").chmod(0o600)
    (tmp_path / "root.pem").write_text(certificates.to_pem(root[0]))
    return tmp_path


def test_the_development_ca_is_made_at_first_use_for_its_owner_only(tmp_path):
    identity = load_development_identity(tmp_path / "keys", environment="development")
    assert identity.is_development
    assert identity.algorithm == "es256"
    assert identity.certificate_chain_pem.count("BEGIN CERTIFICATE") == 2
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    for name in (AUTHORITY_FILE, LEAF_FILE):
        assert stat.S_IMODE((tmp_path / "keys" / name).stat().st_mode) == 0o600
    assert load_development_root(tmp_path / "keys") == identity.root_pem


def test_the_root_key_is_thrown_away(tmp_path):
    identity = load_development_identity(tmp_path, environment="development")
    (root,) = certificates.parse_chain(identity.root_pem)
    for path in (tmp_path / AUTHORITY_FILE, tmp_path / LEAF_FILE):
        data = path.read_bytes()
        assert data.count(b"BEGIN PRIVATE KEY") == 1
        key = serialization.load_pem_private_key(data[data.find(b"-----BEGIN PRIVATE") :], None)
        assert key.public_key() != root.public_key()


def test_the_same_identity_is_loaded_again(tmp_path):
    first = load_development_identity(tmp_path, environment="development")
    second = load_development_identity(tmp_path, environment="development")
    assert first.describe() == second.describe()


def test_no_root_before_first_use(tmp_path):
    assert load_development_root(tmp_path / "absent") == ""
    assert not (tmp_path / "absent").exists()


def test_a_leaf_renewed_within_the_same_second_is_the_one_that_signs(tmp_path):
    for _ in range(4):
        load_development_identity(tmp_path, environment="development", now=NOW)
        made = renew_development_identity(tmp_path, environment="development", now=NOW)
        loaded = load_development_identity(tmp_path, environment="development", now=NOW)
        assert loaded.describe().sha256 == made.describe().sha256


def test_the_leaf_is_renewed_when_less_than_thirty_days_are_left(tmp_path):
    first = load_development_identity(tmp_path, environment="development", now=NOW)
    authority = (tmp_path / AUTHORITY_FILE).read_bytes()
    kept = load_development_identity(tmp_path, environment="development", now=NOW + timedelta(days=334))
    assert kept.describe().sha256 == first.describe().sha256
    renewed = load_development_identity(tmp_path, environment="development", now=NOW + timedelta(days=336))
    assert renewed.describe().sha256 != first.describe().sha256
    assert renewed.describe().not_after == first.describe().not_after + timedelta(days=336)
    assert (tmp_path / AUTHORITY_FILE).read_bytes() == authority
    assert renewed.root_pem == first.root_pem


def test_a_leaf_of_another_authority_is_replaced(tmp_path):
    load_development_identity(tmp_path / "a", environment="development")
    other = load_development_identity(tmp_path / "b", environment="development")
    stolen = tmp_path / "b" / LEAF_FILE
    stolen.write_bytes((tmp_path / "a" / LEAF_FILE).read_bytes())
    again = load_development_identity(tmp_path / "b", environment="development")
    assert again.root_pem == other.root_pem
    assert again.sign(b"x")


def test_an_authority_near_its_end_is_an_error_that_says_what_to_do(tmp_path):
    load_development_identity(tmp_path, environment="development", now=NOW)
    with pytest.raises(ConfigurationError, match="the development CA ends: chopmark keys renew"):
        load_development_identity(tmp_path, environment="development", now=NOW + timedelta(days=3640))


@pytest.mark.parametrize("name", [AUTHORITY_FILE, LEAF_FILE])
def test_damaged_development_files_are_refused(tmp_path, name):
    load_development_identity(tmp_path, environment="development")
    (tmp_path / name).write_bytes(b"nonsense")
    with pytest.raises(ConfigurationError, match=f"{name} is damaged"):
        load_development_identity(tmp_path, environment="development")


def _load(path, queue, barrier):
    barrier.wait()
    queue.put(load_development_identity(path, environment="development").describe().sha256)


def test_two_processes_that_race_share_one_ca(tmp_path):
    context = multiprocessing.get_context("spawn")
    queue, barrier = context.Queue(), context.Barrier(2)
    workers = [context.Process(target=_load, args=(tmp_path / "keys", queue, barrier)) for _ in range(2)]
    for worker in workers:
        worker.start()
    seen = [queue.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert len(set(seen)) == 1


def test_production_refuses_the_development_ca_and_makes_nothing(tmp_path):
    with pytest.raises(ConfigurationError, match="may not sign in production"):
        load_development_identity(tmp_path / "keys", environment="production")
    assert not (tmp_path / "keys").exists()


def test_production_refuses_the_development_ca_in_disguise(tmp_path):
    development = load_development_identity(tmp_path, environment="development")
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "chain.pem").write_text(development.certificate_chain_pem)
    (tmp_path / "key.pem").write_bytes(key_pem(key))
    (tmp_path / "key.pem").chmod(0o600)
    with pytest.raises(ConfigurationError, match="may not sign in production"):
        load_local_identity(tmp_path / "chain.pem", tmp_path / "key.pem", environment="production")
    with pytest.raises(ConfigurationError, match="may not sign in production"):
        load_command_identity(tmp_path / "chain.pem", ["sign"], environment="production")


def test_a_local_identity_signs_in_production(files):
    identity = load_local_identity(files / "chain.pem", files / "key.pem", environment="production")
    assert not identity.is_development
    assert identity.certificate_chain_pem.count("BEGIN CERTIFICATE") == 2, "the root stays out of the chain"
    anchors = TrustAnchors(manifest_pem=(files / "root.pem").read_text())
    signed = sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, define(), identity, trust=anchors)
    assert (signed.report.integrity, signed.report.trust) == (Integrity.OK, Trust.TRUSTED)
    assert signed.report.issuer == "Example Media Ltd"


@pytest.mark.parametrize("mode", [0o640, 0o644, 0o604])
def test_a_key_that_others_can_read_is_refused(files, mode):
    (files / "key.pem").chmod(mode)
    with pytest.raises(ConfigurationError, match="others on this machine can read it"):
        load_local_identity(files / "chain.pem", files / "key.pem", environment="production")


def test_key_files_that_do_not_fit_are_refused(files):
    def load():
        return load_local_identity(files / "chain.pem", files / "key.pem", environment="production")

    (files / "key.pem").write_bytes(key_pem(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(ConfigurationError, match="do not belong together"):
        load()
    (files / "key.pem").write_bytes(key_pem(x25519.X25519PrivateKey.generate()))
    with pytest.raises(ConfigurationError, match="kind of key"):
        load()
    (files / "key.pem").write_bytes(b"nonsense")
    with pytest.raises(ConfigurationError, match="not an unencrypted PEM"):
        load()
    (files / "key.pem").unlink()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load()


def test_a_missing_chain_is_refused(files):
    with pytest.raises(ConfigurationError, match=r"absent\.pem cannot be read"):
        load_local_identity(files / "absent.pem", files / "key.pem", environment="production")


def test_identities_do_not_show_their_keys(files):
    identity = load_local_identity(files / "chain.pem", files / "key.pem", environment="production")
    secret = (files / "key.pem").read_text().splitlines()[1]
    assert secret not in repr(identity)
    assert secret not in repr(vars(identity))
    assert repr(identity).startswith("LocalIdentity('CN=signer")


SIGNER = """
import sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
key = serialization.load_pem_private_key(open(sys.argv[1], "rb").read(), None)
der = key.sign(sys.stdin.buffer.read(), ec.ECDSA(hashes.SHA256()))
r, s = utils.decode_dss_signature(der)
raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
sys.stdout.buffer.write(raw if sys.argv[2] == "raw" else der)
"""


def command(files, code, *arguments, deadline_s=20.0) -> CommandIdentity:
    argv = [sys.executable, "-c", code, *map(str, arguments)]
    return load_command_identity(files / "chain.pem", argv, environment="production", deadline_s=deadline_s)


@pytest.mark.parametrize("form", ["raw", "der"])
def test_a_command_signs(files, form):
    identity = command(files, SIGNER, files / "key.pem", form)
    assert len(identity.sign(b"a claim")) == 64
    anchors = TrustAnchors(manifest_pem=(files / "root.pem").read_text())
    signed = sign_manifest(photograph(MediaType.PNG), MediaType.PNG, define(MediaType.PNG), identity, trust=anchors)
    assert (signed.report.integrity, signed.report.trust) == (Integrity.OK, Trust.TRUSTED)
    assert identity.describe().source == f"command {sys.executable}"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit(3)", "ended with status 3"),
        ("import sys; sys.stdout.buffer.write(b'x' * 64)", "64 bytes does not verify"),
        ("import sys; sys.stdout.buffer.write(b'0' * 100000)", "does not verify"),
        ("pass", "0 bytes does not verify"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended with status -9"),
    ],
)
def test_a_command_that_fails_or_returns_garbage_signs_nothing(files, code, message):
    identity = command(files, code)
    with pytest.raises(SigningError, match=message):
        identity.sign(b"a claim")
    with pytest.raises(SigningError, match=message):
        sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, define(), identity)


def test_a_command_with_another_key_signs_nothing(files):
    other = ec.generate_private_key(ec.SECP256R1())
    (files / "other.pem").write_bytes(key_pem(other))
    with pytest.raises(SigningError, match="holds another key"):
        command(files, SIGNER, files / "other.pem", "raw").sign(b"a claim")


def test_a_command_that_hangs_is_stopped(files):
    identity = command(files, "import time; time.sleep(60)", deadline_s=0.3)
    with pytest.raises(SigningError, match=r"no signature within 0\.3 s"):
        identity.sign(b"a claim")


def test_a_command_that_does_not_exist_says_so(files):
    identity = load_command_identity(files / "chain.pem", ["/nowhere/sign"], environment="production")
    with pytest.raises(SigningError, match="cannot be run"):
        identity.sign(b"a claim")
    with pytest.raises(ConfigurationError, match="signing command is empty"):
        load_command_identity(files / "chain.pem", [], environment="production")


def test_what_a_failing_command_says_stays_out_of_the_message(files):
    identity = command(files, "import sys; print('token=hunter2', file=sys.stderr); sys.exit(1)")
    with pytest.raises(SigningError) as caught:
        identity.sign(b"a claim")
    assert "hunter2" not in str(caught.value)
    assert any("hunter2" in note for note in caught.value.__notes__)


def test_an_expired_chain_is_refused_at_start(files):
    key = serialization.load_pem_private_key((files / "key.pem").read_bytes(), None)
    with pytest.raises(ConfigurationError, match="does not include today"):
        LocalIdentity((files / "chain.pem").read_text(), key, environment="production", now=NOW + timedelta(days=400))
