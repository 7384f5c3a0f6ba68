import pytest

from api.access.key import find_good_key
from api.access.link import find_link
from api.settings import load_settings
from api.wiring import open_database


@pytest.fixture
def database(home):
    database = open_database(load_settings())
    yield database
    database.close()


def test_a_key_is_shown_once_listed_and_revoked(run, database):
    done = run("access", "key", "create", "nightly", "--role", "submitter", "--days", 30)
    token = done.out.strip()
    assert find_good_key(database, token).name == "nightly"
    assert "not shown again" in done.err
    listed = run("access", "key", "list")
    assert "nightly" in listed.out
    prefix = token.split("_")[1]
    assert token not in listed.out + listed.err
    assert run("access", "key", "revoke", prefix).code == 0
    assert find_good_key(database, token) is None
    (key,) = run("access", "key", "list", "--json").document["keys"]
    assert (key["prefix"], key["good"], key["made_by"], key["roles"]) == (prefix, False, "operator", ["submitter"])
    assert "revoked" in run("access", "key", "list").out


def test_a_key_may_be_made_for_less(run, database):
    made = run("access", "key", "create", "m", "--role", "admin", "--permission", "operate", "--json").document
    assert (made["permissions"], find_good_key(database, made["key"]).permissions) == (["operate"], {"operate"})
    refused = run("access", "key", "create", "m", "--role", "submitter", "--permission", "operate", "--json")
    assert (refused.code, refused.document["error"]["code"]) == (2, "access.refused")


def test_a_person_comes_with_a_link(run, database):
    added = run(
        "access", "person", "add", "Ada Lovelace", "--role", "moderator", "--email", "ada@example.org", "--json"
    )
    link = added.document["link"]
    assert link.startswith("http://127.0.0.1:8600/sign-in/link/")
    assert find_link(database, link.rpartition("/")[2]).person_id == added.document["id"]
    another = run("access", "person", "link", "ada@example.org").out.strip()
    assert find_link(database, link.rpartition("/")[2]) is None
    assert find_link(database, another.rpartition("/")[2])
    assert "Ada Lovelace ada@example.org moderator invited never" in run("access", "person", "list").words
    assert "auditor" in run("access", "person", "roles", "Ada Lovelace", "--role", "auditor").out
    assert "no more" in run("access", "person", "disable", "Ada Lovelace").out
    assert find_link(database, another.rpartition("/")[2]) is None
    assert run("access", "person", "enable", "Ada Lovelace", "--json").document["state"] == "invited"
    assert run("access", "person", "disable", "Nobody").code == 2


def test_another_link_for_an_admin_can_be_made(run, database):
    link = run("access", "link", "--json").document["link"]
    assert find_link(database, link.rpartition("/")[2]).roles == {"admin"}
    assert "once, within a day" in run("access", "link").err


def test_tenants_have_people_and_keys_of_their_own(run, home, monkeypatch):
    (home / "chopmark.toml").write_text("[tenants.acme]\n")
    run("access", "key", "create", "ours", "--role", "submitter")
    monkeypatch.setenv("CHOPMARK_TENANT", "acme")
    assert run("access", "key", "list", "--json").document["keys"] == []
    run("access", "key", "create", "theirs", "--role", "submitter")
    (key,) = run("access", "key", "list", "--json").document["keys"]
    assert key["name"] == "theirs"


def test_whoever_mistypes_the_home_is_told(run, tmp_path, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "nowhere"))
    assert run("access", "key", "list").code == 2


def test_sessions_end_for_one_and_for_everybody(run, database):
    from api.access.session import open_session

    ids = [run("access", "person", "add", name, "--role", "auditor", "--json").document["id"] for name in ("A", "B")]
    with database.write() as connection:
        tokens = [open_session(connection, one, method="link", agent="", lasts_s=600) for one in ids]
    assert run("access", "person", "sign-out").code == 2
    assert run("access", "person", "sign-out", "A", "--everybody").code == 2
    assert run("access", "person", "sign-out", "A", "--json").document == {"ended": 1}
    assert run("access", "person", "sign-out", "--everybody").out.startswith("1 sessions")
    assert tokens


def test_a_person_is_forgotten_once_that_is_confirmed(run, database):
    run("access", "person", "add", "Ada", "--role", "moderator", "--email", "ada@example.org")
    done = run("access", "person", "forget", "Ada", "--yes", "--uploads", "--json")
    assert (done.document["person"]["state"], done.document["decisions"]) == ("forgotten", 0)
    assert done.document["uploads"] == {"refused": 0, "deleted": 0, "released": 0, "waiting": 0}
    assert run("access", "person", "forget", "Ada", "--yes").code == 2
    run("access", "person", "add", "Ada", "--role", "moderator")
    assert run("access", "person", "forget", "Ada").code == 130  # nobody said yes
    assert "forgotten: 0 decisions now name reviewer-" in run("access", "person", "forget", "Ada", "--yes").out
    listed = run("access", "person", "list").words
    assert "Ada" not in listed
    assert "forgotten" in listed
