"""Only what signs needs a signer."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization

from provenance.manifests.certificates import build_authority, build_leaf, to_pem


def write_signer(folder, *, begins, days):
    """Write a chain and its key; the leaf is valid from `begins`, in days from now, for `days`."""
    issuer = build_authority("Test root", now=datetime.now(UTC) + timedelta(days=begins), days=days, issuer=None)
    leaf, key = build_leaf("Test signer", now=datetime.now(UTC) + timedelta(days=begins), issuer=issuer)
    (folder / "chain.pem").write_text(to_pem(leaf))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "key.pem").chmod(0o600)


def expire(folder, monkeypatch):
    write_signer(folder, begins=-30, days=10)
    name(folder, monkeypatch)


def not_yet(folder, monkeypatch):
    write_signer(folder, begins=10, days=30)
    name(folder, monkeypatch)


def lose_key(folder, monkeypatch):
    write_signer(folder, begins=-1, days=30)
    (folder / "key.pem").unlink()
    name(folder, monkeypatch)


def name(folder, monkeypatch):
    monkeypatch.setenv("CHOPMARK_SIGNING__CERTIFICATE_CHAIN", str(folder / "chain.pem"))
    monkeypatch.setenv("CHOPMARK_SIGNING__PRIVATE_KEY", str(folder / "key.pem"))


def go_to_production(_, monkeypatch):
    monkeypatch.setenv("CHOPMARK_ENVIRONMENT", "production")


@pytest.mark.parametrize(("lose", "said"), [
    (expire, "does not include today"), (not_yet, "does not include today"),
    (lose_key, "key file key.pem cannot be read"), (go_to_production, "may not sign in production"),
])  # fmt: skip
def test_without_a_signer_all_works_but_signing(run, stock, coffee, tmp_path, monkeypatch, lose, said):
    (tmp_path / "out.jpg").write_bytes(stock.file)
    lose(tmp_path, monkeypatch)
    for verb in (
        ("verify", tmp_path / "out.jpg"), ("match", coffee), ("works", "list"), ("review", "list"), ("audit", "check"),
        ("policies", "explain", stock.held_id), ("register", coffee, "--owner", "Ann"), ("watermark", "extract", coffee),
    ):  # fmt: skip
        done = run(*verb)
        assert done.code in {0, 1, 3}, (verb, done.err)
        assert "error" not in done.err, verb
    for verb in (
        ("release", coffee, "-o", tmp_path / "new.jpg"),
        ("review", "approve", stock.held_id, "--reviewer", "Ann", "--reason", "fine"),
    ):
        done = run(*verb)
        assert done.code == 2, verb
        assert said in done.err
    assert stock.held_id in run("review", "list", "--json").out
    assert len(run("review", "list", "--json").document["held"]) == 1
    done = run("doctor", "--json")
    assert done.code == 2
    (signer,) = [check for check in done.document["checks"] if check["what"] == "signer"]
    assert said in signer["text"]


def test_near_the_end_doctor_warns_and_keys_say_what_to_do(run, home, tmp_path, monkeypatch):
    write_signer(tmp_path, begins=-1, days=20)
    name(tmp_path, monkeypatch)
    (signer,) = [check for check in run("doctor", "--json").document["checks"] if check["what"] == "signer"]
    assert signer["level"] == "note"
    assert "renew it now" in signer["text"]
    assert "ends soon: chopmark keys renew" in run("keys", "list").out
    done = run("keys", "renew")
    assert done.code == 0
    assert "ask its issuer for a new one" in done.out


def test_the_development_leaf_is_renewed_and_the_old_one_kept(run, home):
    before = run("keys", "list", "--json").document["signing"]["certificate_sha256"]
    after = run("keys", "renew", "--json").document["signing"]["certificate_sha256"]
    assert before != after
    assert run("keys", "list", "--json").document["signing"]["certificate_sha256"] == after
    assert len(list((home / "keys").glob("development-leaf-*.pem"))) == 1
