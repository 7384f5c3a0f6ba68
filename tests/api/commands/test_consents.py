"""`chopmark consents`: recorded, listed, shown and revoked; mistakes teach."""

from datetime import UTC, datetime, timedelta

TODAY = datetime.now(UTC).date()


def test_a_consent_is_recorded_listed_shown_and_revoked(run, light, tmp_path):
    (tmp_path / "me.jpg").write_bytes(b"a photograph")
    made = run(
        "consents", "add", "Li Wei", "--for", "avatar", "--until", TODAY + timedelta(days=3), "--photo",
        tmp_path / "me.jpg", "--note", "by mail", "--by", "Ada", "--json",
    ).document["consent"]  # fmt: skip
    assert (made["state"], made["recorded_by"], made["note"]) == ("stands", "Ada", "by mail")
    assert len(made["photo_sha256"]) == 64
    assert made["id"] in run("consents", "list").words
    listed = run("consents", "list", "--person", "Li Wei", "--json").document
    assert [one["id"] for one in listed["consents"]] == [made["id"]]
    assert run("consents", "list", "--person", "Nobody").words == "no consent is recorded"
    assert "by mail" in run("consents", "show", made["id"]).words
    gone = run("consents", "revoke", made["id"], "--reason", "she asked", "--json").document["consent"]
    assert (gone["state"], gone["assets"]) == ("revoked", [])


def test_it_lasts_a_year_and_says_how_it_is_used(run, light):
    done = run("consents", "add", "Ada", "--for", "any")
    assert str(TODAY + timedelta(days=365)) in done.words
    assert "--consent" in done.err


def test_mistakes_teach(run, light):
    assert "consents add" in run("consents", "add", "Ada").err.replace("\n", " ")
    for arguments, code in (
        (("add", "Ada", "--for", "avatar", "--until", "June"), "policy"),
        (("add", "Ada", "--for", "Not This"), "policy.choice"),
        (("add", " ", "--for", "avatar"), "policy.incomplete"),
    ):
        assert run("consents", *arguments, "--json").document["error"]["code"] == code
    run("consents", "add", "Ada", "--for", "any")
    assert run("consents", "show", "none", "--json").document["error"]["code"] == "consent.not_found"
