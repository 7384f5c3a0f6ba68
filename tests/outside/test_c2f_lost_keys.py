"""A lost key is named and missed, never replaced in silence."""

import pytest


@pytest.mark.parametrize("name", ["watermark-keys.json", "ledger.key"])
def test_a_lost_key_stops_the_site_until_it_is_back(run, stock, coffee, tmp_path, name):
    key = tmp_path / "home" / "keys" / name
    key.rename(tmp_path / name)
    (tmp_path / "out.jpg").write_bytes(stock.file)
    for verb in (
        ("verify", tmp_path / "out.jpg"), ("release", coffee), ("works", "list"), ("keys", "list"), ("doctor",),
        ("watermark", "extract", coffee), ("watermark", "embed", coffee, "-o", tmp_path / "marked.jpg"), ("init",),
    ):  # fmt: skip
        done = run(*verb)
        assert done.code == 2, verb
        said = " ".join((done.out + done.err).split())
        assert name in said
        assert "restore" in said
        assert not key.exists(), verb
    (tmp_path / name).rename(key)
    assert run("verify", tmp_path / "out.jpg").code == 0


def test_a_key_that_is_lost_for_good_can_be_given_up(run, stock, coffee, tmp_path):
    (lost,) = run("keys", "list", "--json").document["watermark"]
    (tmp_path / "home" / "keys" / "watermark-keys.json").unlink()
    assert f"chopmark keys give-up {lost}" in run("release", coffee).err
    assert run("keys", "give-up", lost).code == 0
    assert run("keys", "add-watermark").code == 0
    assert run("release", coffee, "-o", tmp_path / "new.jpg").code == 0
    (new,) = run("keys", "list", "--json").document["watermark"]
    assert new != lost


def test_a_lost_development_ca_is_not_replaced(run, stock, coffee, tmp_path):
    keys = tmp_path / "home" / "keys"
    (keys / "development-ca.pem").unlink()
    done = run("release", coffee)
    assert done.code == 2
    assert "development-ca.pem is missing, and this site was signed under it" in done.err
    assert not (keys / "development-ca.pem").exists()
    assert run("keys", "renew").code == 0
    assert run("release", coffee, "-o", tmp_path / "new.jpg").code == 0
