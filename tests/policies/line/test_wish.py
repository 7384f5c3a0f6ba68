"""Prompts that are to be drawn: kept once for a key, apart for each tenant, and forgotten when nothing comes of them."""

import pytest

from policies.line import wish
from policies.line.intake import intake
from policies.line.sweeping import find_leftovers
from policies.line.wish import (
    FileWish,
    Wish,
    blank_names,
    find_wish,
    keep_wish,
    load_wish,
    settle_drawn,
    settle_failed,
    source_key,
    verify_no_wish,
    waiting_wishes,
    words_key,
)
from provenance.errors import (
    AssetError,
    BlobNotFoundError,
    ConfigurationError,
    DamagedRecordError,
    KeyReusedError,
    PackInvalidError,
)
from provenance.storage.blob import Blob
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


def clip_of(data=b"a picture", *lines):
    return Wish("a cup", of_file=FileWish("animate", Blob.from_bytes(data), "cup.mp4", {"seconds": 2.0}, lines))


def test_a_clips_file_and_words_lie_in_quarantine_alone_until_it_is_made(here):
    wish_id = keep_wish(here, clip_of(b"a picture", "a secret line"))
    loaded = load_wish(here, wish_id)
    assert (loaded.prompt, loaded.of_file.lines, loaded.of_file.source.read(99)) == (
        "a cup",
        ("a secret line",),
        b"a picture",
    )
    assert (loaded.of_file.kind, loaded.of_file.name, loaded.of_file.options) == (
        "animate",
        "cup.mp4",
        {"seconds": 2.0},
    )
    assert "secret" not in repr(dict(find_wish(here, wish_id)))
    settle_failed(here, wish_id, AssetError("no"))
    assert not list(here.blobs.quarantine.keys(f"{wish_id}/"))


def test_a_key_is_one_clip_and_another_file_under_it_takes_nobodys_place(here):
    wish_id = keep_wish(here, clip_of(), key="clip")
    assert keep_wish(here, clip_of(), key="clip") == wish_id
    for other in (clip_of(b"another"), clip_of(b"a picture", "a line")):
        with pytest.raises(KeyReusedError):
            keep_wish(here, other, key="clip")
    assert load_wish(here, wish_id).of_file.source.read(99) == b"a picture"


@pytest.mark.parametrize("damaged", ["source", "words"])
def test_a_clip_is_never_made_of_what_was_not_handed_in(here, damaged):
    wish_id = keep_wish(here, clip_of())
    sha256 = Blob.from_bytes(b"a picture").sha256
    here.blobs.quarantine.put(source_key(wish_id, sha256) if damaged == "source" else words_key(wish_id), b'["x"]')
    with pytest.raises(DamagedRecordError):
        load_wish(here, wish_id)


def test_what_waits_to_become_a_clip_is_no_orphan(here):
    wish_id = keep_wish(here, clip_of())
    assert not [key for key in find_leftovers(here, grace_s=0).orphans if key.startswith(wish_id)]
    settle_drawn(here, wish_id)
    assert not list(here.blobs.quarantine.keys(f"{wish_id}/"))


def test_a_clips_name_goes_by_rule_and_its_key_stays_its_own(here):
    wish_id, waiting = keep_wish(here, clip_of(), key="named"), keep_wish(here, clip_of())
    settle_failed(here, wish_id, AssetError("no"))
    with here.database.write() as connection:
        assert blank_names(here, connection, "2000") == 0
        assert blank_names(here, connection, "9999") >= 1
    assert find_wish(here, wish_id)["body"]["of_file"]["name"] == ""
    assert find_wish(here, waiting)["body"]["of_file"]["name"] == "cup.mp4"
    assert keep_wish(here, clip_of(), key="named") == wish_id
    with pytest.raises(KeyReusedError):
        keep_wish(here, clip_of(b"another"), key="named")
