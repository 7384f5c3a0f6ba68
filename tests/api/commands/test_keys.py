import stat

import pytest


def test_keys_are_shown_and_no_secret(run, home):
    done = run("keys", "list")
    assert done.code == 0
    assert "development only: nobody else trusts it" in done.out
    document = run("keys", "list", "--json").document
    assert document["signing"]["development"] is True
    assert document["ledger"]["vkey"] in done.out
    for path in (home / "keys").iterdir():
        if path.is_file() and path.stat().st_size:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            for line in path.read_text().splitlines():
                assert len(line) < 30 or line not in done.out


def test_a_new_watermark_key_embeds_and_the_old_one_still_reads(run, stock, tmp_path):
    (old,) = run("keys", "list", "--json").document["watermark"]
    new = run("keys", "add-watermark", "--json").document["watermark"]
    assert run("keys", "list", "--json").document["watermark"] == [new, old]
    assert f"{new} embeds and reads {old} reads" in run("keys", "list").words
    path = tmp_path / "old.jpg"
    path.write_bytes(stock.file)
    assert run("verify", path).code == 0
    assert "it embeds from now on" in run("keys", "add-watermark").out


def test_production_refuses_the_development_identity(run, home, monkeypatch):
    monkeypatch.setenv("CHOPMARK_ENVIRONMENT", "production")
    for verb in (("keys", "list"), ("release", "x.png"), ("doctor",)):
        done = run(*verb)
        assert done.code == 2
        assert "may not sign in production" in " ".join((done.out + done.err).split())


def test_secrets_that_were_sealed_still_open(run, home):
    from provenance.storage.secretbox import load_box

    sealed = load_box(home / "keys").seal(b"secret", "webhook:1")
    assert run("keys", "renew-secrets").code == 0
    assert load_box(home / "keys").open(sealed, "webhook:1") == b"secret"


def test_the_ledger_goes_on_under_a_new_key_and_auditors_with_the_old_one_are_led_to_it(run, home, tmp_path):
    old = run("keys", "list", "--json").document["ledger"]["vkey"]
    prepared = run("keys", "rotate-ledger", "--prepare", "--json").document
    assert prepared["ledger_index"] is None
    assert run("keys", "list", "--json").document["ledger"]["vkey"] == old
    new = run("keys", "rotate-ledger", "--json").document
    assert new["vkey"] == run("keys", "list", "--json").document["ledger"]["vkey"] == prepared["vkey"]
    assert run("audit", "export", "-o", tmp_path / "audit").code == 0
    for key in (old, new["vkey"]):
        assert run("audit", "verify", tmp_path / "audit", "--vkey", key).code == 0
    history = tmp_path / "history.json"
    history.write_text(run("keys", "history", "--json").out)
    assert "up to" in run("keys", "history").out
    assert run("audit", "check").code == 0
    assert run("audit", "verify", tmp_path / "audit", "--vkey", old, "--keys", history).code == 0
    forged = history.read_text().replace(new["vkey"], old)
    history.write_text(forged)
    assert run("audit", "verify", tmp_path / "audit", "--vkey", old, "--keys", history).code == 2
    assert {path.name for path in (home / "keys").glob("ledger*")} > {"ledger.key"}


def test_the_key_of_access_is_renewed(run, home):
    before = (home / "keys" / "access.key").read_bytes() if (home / "keys" / "access.key").exists() else b""
    assert run("keys", "renew-access", "--json").document == {"renewed": True, "sealed_anew": 0}
    assert "0 authenticators" in run("keys", "renew-access").words
    after = (home / "keys" / "access.key").read_bytes()
    assert after.endswith(before)
    assert len(after.split()) >= 3


def test_links_by_the_key_before_work_on_unless_none_is_kept(run, home):
    import time

    from api.link import LinkError, Links

    links, until = Links(home / "keys"), int(time.time()) + 60
    signature = links.build_query("a", expires_at_s=until).rpartition("=")[2]
    assert run("keys", "renew-links").code == 0
    links.verify("a", expires_at_s=until, unverified_signature=signature)
    assert run("keys", "renew-links", "--keep", "0", "--json").document == {"renewed": True, "kept": 0}
    with pytest.raises(LinkError):
        links.verify("a", expires_at_s=until, unverified_signature=signature)
