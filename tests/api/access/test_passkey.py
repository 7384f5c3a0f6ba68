"""What is no answer of a passkey; tests/api/desk/test_passkey.py has a browser make and use true ones."""

import pytest

from api.access.identity import Role
from api.access.passkey import begin_registration, begin_sign_in, enter_by_passkey, find_host, finish_registration
from api.access.reception import Reception, Visit
from api.access.refusals import SignInError
from api.access.vault import Vault
from api.settings import load_settings
from tests.api.signing_in import make_person

FORGED = [
    {}, {"id": 7}, {"id": "AAAA"}, {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}},
    {"id": "AAAA", "rawId": "BBBB", "type": "public-key", "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}},
    {"id": "A" * 10_000}, {"id": "\u0000"},
]  # fmt: skip


@pytest.fixture
def reception(small, tmp_path):
    settings = load_settings(home=tmp_path, http={"origin": "https://gate.example.org"})
    return Reception(small.database, settings, Vault(bytes(32)), small.of)


@pytest.mark.parametrize(("origin", "host"), [
    ("https://gate.example.org", "gate.example.org"), ("http://localhost:8600", "localhost"),
    ("http://127.0.0.1:8600", ""), ("http://[::1]:8600", ""),
])  # fmt: skip
def test_passkeys_belong_to_a_name(origin, host):
    assert find_host(origin) == host


@pytest.mark.parametrize("forged", FORGED, ids=range(len(FORGED)))
def test_what_is_no_answer_is_refused_and_the_challenge_is_spent(reception, small, forged):
    flow = begin_sign_in(reception)["flow"]
    for _ in range(2):
        with pytest.raises(SignInError):
            enter_by_passkey(reception, flow=flow, unverified=forged, visit=Visit("", ""))
    ada = make_person(small, Role.MODERATOR)
    flow = begin_registration(reception, ada)["flow"]
    for _ in range(2):
        with pytest.raises(SignInError):
            finish_registration(reception, small, ada, flow=flow, unverified=forged, label="")


def test_a_device_has_to_be_unlocked_and_no_challenge_is_the_same(reception, small):
    ada = make_person(small, Role.MODERATOR)
    first, second = begin_registration(reception, ada)["options"], begin_registration(reception, ada)["options"]
    assert first["challenge"] != second["challenge"]
    assert first["authenticatorSelection"]["userVerification"] == "required"
    assert begin_sign_in(reception)["options"]["userVerification"] == "required"
    assert first["rp"] == {"name": "Chopmark", "id": "gate.example.org"}


def test_what_was_begun_for_another_is_not_finished_here(reception, small):
    ada, eve = make_person(small, Role.MODERATOR), make_person(small, Role.MODERATOR, name="Eve")
    flow = begin_registration(reception, ada)["flow"]
    with pytest.raises(SignInError, match="too long"):
        finish_registration(reception, small, eve, flow=flow, unverified={}, label="")
