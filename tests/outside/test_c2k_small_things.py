"""Secrets in errors, wrong clocks, homes that cannot be written, and odd bytes in small files."""

from datetime import UTC, datetime, timedelta

import pytest

from provenance.manifests.identity import load_development_identity


@pytest.mark.parametrize(("name", "value"), [
    ("DATABASE_URL", "postgresql://ann:hunter22@127.0.0.1:1/db"),
    ("DATABASE_URL", "postgresql://ann:hunter22@host:port/db"),
    ("DATABASE_URL", "postgresql://ann:hunter22@127.0.0.1:99999/db?token=hunter22"),
    ("DATABASE_URL", "mysql://ann:hunter22@host/db"),
    ("PUBLIC_URL", "s3://hunter22:hunter22@bucket:99999/x?token=hunter22"),
    ("PUBLIC_URL", "nosuch://ann:hunter22@host/x?sig=hunter22"),
    ("SIGNING__TIMESTAMP_URL", "https://ann:hunter22@tsa.example/"),
    ("SIGNING__TIMESTAMP_URL", "https://tsa.example:99999/?key=hunter22"),
])  # fmt: skip
def test_no_error_quotes_a_secret(run, light, coffee, monkeypatch, name, value):
    monkeypatch.setenv(f"CHOPMARK_{name}", value)
    for verb in (("release", coffee), ("doctor",), ("-v", "release", coffee), ("release", coffee, "--json")):
        done = run(*verb)
        assert done.code == 2, verb
        assert "hunter22" not in done.out + done.err
        assert "a defect of chopmark" not in done.out + done.err


def test_a_clock_that_was_years_ahead_leaves_the_old_leaf(tmp_path):
    now = datetime.now(UTC)
    first = load_development_identity(tmp_path, environment="development")
    ahead = load_development_identity(tmp_path, environment="development", now=now + timedelta(days=5 * 365))
    again = load_development_identity(tmp_path, environment="development")
    assert ahead.describe().sha256 != first.describe().sha256
    assert again.describe().sha256 == first.describe().sha256
    assert again.sign(b"x")


@pytest.mark.parametrize(
    "name", ["last-checkpoint.txt", "chopmark.toml", "keys/ledger.key", "keys/watermark-keys.json"]
)
@pytest.mark.parametrize("data", [b"\xff\xfe\x00\x01", b"", b"\x00" * 5000, b"text\n"])
def test_odd_bytes_in_a_small_file_are_told_with_its_name(run, stock, coffee, tmp_path, name, data):
    path = tmp_path / "home" / name
    path.touch(mode=0o600)
    path.write_bytes(data)
    done = run("release", coffee)
    if (name, data) == ("chopmark.toml", b""):
        assert done.code == 0
        return
    assert done.code == 2
    assert path.name in done.err
    assert "a defect of chopmark" not in done.err
    assert path.read_bytes() == data


def test_odd_bytes_in_the_lock_file_do_no_harm(run, light, tmp_path):
    (light / "at-work.lock").write_bytes(b"\xff\x00")
    assert run("works", "list").code == 0
    (light / "at-work.lock").unlink()
    (light / "at-work.lock").mkdir()
    done = run("works", "define-bank", "b", "--action", "hold")
    assert done.code == 2
    assert "at-work.lock" in done.err
