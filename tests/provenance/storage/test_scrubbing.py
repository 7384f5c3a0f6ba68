"""Secrets of URLs and of foreign errors do not reach a message or a log."""

import pytest

from provenance.storage.scrubbing import redact


@pytest.mark.parametrize(("text", "shown"), [
    ("postgresql://ann:hunter22@host:5432/db", "postgresql://***@host:5432/db"),
    ("postgresql+psycopg://ann:hun%40ter@host/db?sslpassword=x", "postgresql+psycopg://***@host/db?***"),
    ("postgresql://ann:pa/ss@host/db", "postgresql://***@host/db"),
    ("postgresql://ann:p@ss@host/db", "postgresql://***@host/db"),
    ("see 'https://host/path?token=abc&x=1', then", "see 'https://host/path?***', then"),
    ("https://host/path#sig=abc end", "https://host/path#*** end"),
    ("s3://KEY:SECRET@bucket/prefix", "s3://***@bucket/prefix"),
    ("s3://bucket/prefix", "s3://bucket/prefix"),
    ("sqlite:////home/a@b/x.db", "sqlite:////home/a@b/x.db"),
    ("host=h user=u password=hunter22 port=1", "host=h user=u password=*** port=1"),
    ('{"aws_secret_access_key": "wJalr/XUtn"}', '{"aws_secret_access_key": ***}'),
    ("Authorization: Bearer abc.def", "Authorization: ***"),
    ("X-Amz-Signature=0123abc", "X-Amz-Signature=***"),
    ("key AKIAIOSFODNN7EXAMPLE was refused", "key *** was refused"),
    ("the signature of example.com does not match the note", "the signature of example.com does not match the note"),
    ("watermark key wk-1234 is missing: restore it", "watermark key wk-1234 is missing: restore it"),
    ("signing.private_key to where it is", "signing.private_key to where it is"),
])  # fmt: skip
def test_what_is_secret_is_hidden_and_the_rest_stays(text, shown):
    assert redact(text) == shown


def test_secrets_of_the_environment_are_known(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    monkeypatch.setenv("SOME_TOKEN", "abc")
    assert redact("got wJalrXUtnFEMI back, abc") == "got *** back, abc"


def test_keys_and_links_of_ours_are_known_wherever_they_stand():
    secret = "Fj_NQW5F9cNF7UzkCHbNC7LZFE7-SEoHG1LaiN73qPT"
    text = redact(f"got chopmark_22uxndnw_{secret} at GET /sign-in/link/{secret} HTTP/1.1")
    assert text == "got chopmark_22uxndnw_*** at GET /sign-in/link/*** HTTP/1.1"
