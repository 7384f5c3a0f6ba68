"""Prompts that are to be drawn: kept once for a key, apart for each tenant, and forgotten when nothing comes of them."""

import pytest

from policies.line.intake import intake
from policies.line.wish import Wish, find_wish, keep_wish, load_wish, settle_drawn, settle_failed, waiting_wishes
from provenance.asset import new_asset_id
from provenance.errors import AssetError, BlobNotFoundError, ConfigurationError, PackInvalidError
from tests.sites import submission


def test_a_wish_is_kept_without_its_words_and_found_again(here):
    wish = Wish("a secret boat", seed=3, size=(256, 320), packs=(), context={"jurisdictions": ["eu"]}, submitter="s")
    wish_id = keep_wish(here, wish)
    assert load_wish(here, wish_id) == wish
    assert waiting_wishes(here) == ((wish_id, here.tenant),)
    assert "secret" not in repr(dict(find_wish(here, wish_id)))
    settle_drawn(here, wish_id)
    assert load_wish(here, wish_id) is None
    assert waiting_wishes(here) == ()


def test_the_same_id_is_one_wish(here):
    wish_id = new_asset_id()
    assert keep_wish(here, Wish("a boat"), wish_id) == keep_wish(here, Wish("a boat"), wish_id) == wish_id
    with pytest.raises(AssetError, match="something else"):
        keep_wish(here, Wish("a car"), wish_id)
    asset_id = intake(here, submission(side=128))
    with pytest.raises(AssetError, match="something else"):
        keep_wish(here, Wish("a boat"), asset_id)


def test_words_of_what_failed_are_gone(here):
    wish_id = keep_wish(here, Wish("a boat"))
    settle_failed(here, wish_id, PackInvalidError(()))
    with pytest.raises(BlobNotFoundError):
        here.blobs.quarantine.get(f"{wish_id}/prompt")


def test_an_unknown_pack_is_refused(here):
    with pytest.raises(ConfigurationError, match="nonesuch"):
        keep_wish(here, Wish("a boat", packs=("nonesuch",)))
