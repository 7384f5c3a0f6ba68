"""A site is made by who means it; who asks is told where was looked."""

import pytest

from tests.sites import encode, photograph

ASKING = [
    ("match", "x.png"), ("works", "list"), ("works", "banks"), ("review", "list"), ("audit", "check"), ("keys", "list"),
    ("audit", "checkpoint"), ("policies", "explain", "01a22547-7008-7db1-9972-6af87c5bd556"), ("watermark", "extract", "x"),
    ("works", "withdraw", "w", "--reason", "r"), ("review", "refuse", "a", "--reviewer", "r", "--reason", "r"),
    ("sweep",), ("fetch", "--last"), ("keys", "renew"), ("keys", "add-watermark"), ("doctor",),
]  # fmt: skip


@pytest.mark.parametrize("verb", ASKING, ids=" ".join)
def test_asking_makes_no_site(run, light, tmp_path, monkeypatch, verb):
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "mistyped"))
    done = run(*verb)
    assert done.code == 2
    said = " ".join((done.out + done.err).split())
    assert "there is no site in" in said
    assert "mistyped" in said
    assert "chopmark init" in said
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize(
    "verb", [("works", "list"), ("init",), ("doctor",), ("works", "define-bank", "b", "--action", "hold")]
)
def test_an_empty_home_is_refused(run, light, tmp_path, monkeypatch, verb):
    monkeypatch.setenv("CHOPMARK_HOME", "")
    monkeypatch.chdir(tmp_path / "home")
    before = sorted(path.name for path in (tmp_path / "home").iterdir())
    done = run(*verb)
    assert done.code == 2
    assert "CHOPMARK_HOME is set, but empty" in done.err
    assert sorted(path.name for path in (tmp_path / "home").iterdir()) == before


def test_what_makes_a_site_says_so_once(run, light, tmp_path, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "new"))
    for said in (True, False):
        done = run("works", "define-bank", "b", "--action", "hold")
        assert done.code == 0
        assert (f"a new site was made in {tmp_path / 'new'}" in done.err) is said


def test_verify_answers_where_there_is_no_site(run, light, tmp_path, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "nowhere"))
    (tmp_path / "plain.jpg").write_bytes(encode(photograph()))
    done = run("verify", tmp_path / "plain.jpg", "--json")
    assert done.code == 1
    (result,) = done.document["results"]
    statuses = {layer["name"]: layer["status"] for layer in result["layers"]}
    assert {statuses[name] for name in ("watermark", "fingerprint", "ledger")} == {"not_checked"}
    assert statuses["manifest_integrity"] == "absent"
    assert "not checked" in run("verify", tmp_path / "plain.jpg").err
    assert not (tmp_path / "nowhere").exists()


def test_doctor_fails_with_a_store_that_cannot_be_reached_or_entered(run, light, monkeypatch):
    monkeypatch.setenv("CHOPMARK_PUBLIC_URL", "s3://bucket/x")
    for name, value in {
        "AWS_ENDPOINT": "http://127.0.0.1:1", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "x",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIwJalr",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    done = run("doctor")
    assert done.code == 2
    assert "not fit to release" in done.out
    assert "written, read and deleted" in done.words
    assert "wJalr" not in done.out
    assert "Debug source" not in done.out
