import pytest

from policies.review.judgement import decide
from policies.review.note import NOTE_LIMIT, list_notes, spell_handle, write_note
from provenance.errors import PolicyError
from tests.policies.review.people import MIA, NO, NOA, SAM, held


def texts(here, asset_id, who):
    return [note.text for note in list_notes(here, asset_id, who)]


def test_a_note_is_for_its_author_and_who_it_mentions_until_the_job_is_decided(here):
    asset_id = held(here)
    write_note(here, asset_id, NOA, "looks staged")
    write_note(here, asset_id, NOA, "what do you think, @MiaChen? not @, not mail@sam")
    assert texts(here, asset_id, NOA) == ["looks staged", "what do you think, @MiaChen? not @, not mail@sam"]
    assert texts(here, asset_id, MIA) == ["what do you think, @MiaChen? not @, not mail@sam"]
    assert texts(here, asset_id, SAM) == []
    decide(here, asset_id, NOA, NO)
    assert texts(here, asset_id, SAM) == texts(here, asset_id, NOA)


@pytest.mark.parametrize("text", [" ", "x" * (NOTE_LIMIT + 1), "nul\0"])
def test_a_note_says_something_bounded(here, text):
    with pytest.raises(PolicyError, match="a note has 1 to"):
        write_note(here, held(here), MIA, text)


def test_names_are_mentioned_by_their_letters():
    assert spell_handle("Dr. Mía O'Chen-Li") == "drmíaochenli"
    assert spell_handle("王 小明") == "王小明"
