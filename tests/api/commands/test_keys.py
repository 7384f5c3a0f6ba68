import stat


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
