"""Prompts that are to be drawn: kept once for a key, apart for each tenant, and forgotten when nothing comes of them."""

import pytest

from policies.line import wish
from policies.line.intake import intake
from policies.line.wish import (
    Wish,
    find_wish,
    keep_wish,
    load_wish,
    settle_drawn,
    settle_failed,
    verify_no_wish,
    waiting_wishes,
)
from provenance.errors import AssetError, BlobNotFoundError, ConfigurationError, KeyReusedError, PackInvalidError
from tests.sites import submission


def test_a_wish_is_kept_without_its_words_and_found_again(here):
    secret = Wish("a secret boat", seed=3, size=(256, 320), packs=(), context={"jurisdictions": ["eu"]}, submitter="s")
    wish_id = keep_wish(here, secret)
    assert load_wish(here, wish_id) == secret
    assert (wish_id, here.tenant) in waiting_wishes(here)
    assert "secret" not in repr(dict(find_wish(here, wish_id)))
    settle_drawn(here, wish_id)
    assert load_wish(here, wish_id) is None
    assert (wish_id, here.tenant) not in waiting_wishes(here)


def test_the_same_key_is_one_wish_and_no_file(here):
    assert keep_wish(here, Wish("a boat"), key="k") == keep_wish(here, Wish("a boat"), key="k")
    with pytest.raises(KeyReusedError, match="another prompt"):
        keep_wish(here, Wish("a car"), key="k")
    with pytest.raises(KeyReusedError, match="to be drawn"):
        verify_no_wish(here, "k")
    verify_no_wish(here, "f")
    intake(here, submission(side=128, key="f"))
    with pytest.raises(KeyReusedError, match="for a file"):
        keep_wish(here, Wish("a boat"), key="f")
    with pytest.raises(AssetError, match="printable"):
        keep_wish(here, Wish("a boat"), key=" ")


def test_words_of_what_failed_are_gone(here):
    wish_id = keep_wish(here, Wish("a boat"))
    settle_failed(here, wish_id, PackInvalidError(()))
    with pytest.raises(BlobNotFoundError):
        here.blobs.quarantine.get(f"{wish_id}/prompt")


def test_an_unknown_pack_is_refused(here):
    with pytest.raises(ConfigurationError, match="nonesuch"):
        keep_wish(here, Wish("a boat", packs=("nonesuch",)))


def test_of_two_prompts_at_once_under_one_key_the_first_keeps_its_words(here, monkeypatch):
    wish_id = keep_wish(here, Wish("a boat"), key="race")
    verify, seen = wish._verify_same, []

    def look(*given):
        seen.append(given)
        return len(seen) > 1 and verify(*given)  # the first time, the other was not in yet

    monkeypatch.setattr(wish, "_verify_same", look)
    with pytest.raises(KeyReusedError, match="another prompt"):
        keep_wish(here, Wish("a car"), key="race")
    assert here.blobs.quarantine.get(f"{wish_id}/prompt") == b"a boat"
