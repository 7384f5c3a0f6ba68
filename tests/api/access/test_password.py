import pytest

from api.access.password import find_password, hash_password, is_password, set_password
from api.access.person import add_person
from api.access.refusals import WeakPasswordError

GOOD = "four unconnected words"


@pytest.mark.parametrize("password", [
    "", "short", "fourteen chars", "a" * 40, "chopmark password 1", "ada lovelace ada lovelace", "x" * 300,
])  # fmt: skip
def test_what_is_easily_thought_of_is_refused(password):
    with pytest.raises(WeakPasswordError):
        hash_password(password, whose="Ada Lovelace")


@pytest.mark.parametrize("password", [GOOD, "密码可以是任何一种文字写成的十五个字", "ﬁve unconnected words"])
def test_what_is_long_is_taken_in_any_script(password):
    hashed = hash_password(password, whose="Ada")
    assert password not in hashed
    assert is_password(hashed, password)
    assert not is_password(hashed, f"{password} ")


def test_the_same_text_spelled_otherwise_is_the_same_password():
    assert is_password(hash_password("cafe\u0301 and other words", whose="Ada"), "caf\u00e9 and other words")


def test_where_there_is_none_no_password_is_right():
    for tried in ("", GOOD, "\ud800", "x" * 10_000):
        assert not is_password(None, tried)
    assert not is_password("no hash at all", GOOD)


def test_a_new_one_takes_the_place_of_the_old(place):
    ada = add_person(place, name="Ada", roles=["admin"])
    with place.database.write() as connection:
        assert find_password(connection, ada) is None
        for password in (GOOD, f"other {GOOD}"):
            set_password(connection, ada, hash_password(password, whose="Ada"))
        hashed = find_password(connection, ada)
    assert is_password(hashed, f"other {GOOD}")
    assert not is_password(hashed, GOOD)


def test_the_true_cost_is_the_one_of_the_rfc():
    """RFC 9106 s4, the second choice: 64 MiB, three passes, four lanes; other tests hash at less."""
    import subprocess
    import sys

    code = "from api.access.password import hash_password; print(hash_password('four unconnected words', whose='x'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
