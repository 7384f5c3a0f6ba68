"""Notes last as long as a walk, and never fill the memory."""

from policies.line.handover import MOST_ASSETS, Handover
from provenance.asset import AssetId


def test_notes_are_kept_until_the_walk_ends():
    handover = Handover()
    handover.notes(AssetId("a")).signals = ("said",)
    assert handover.notes(AssetId("a")).signals == ("said",)
    assert handover.notes(AssetId("b")).signals == ()
    with handover.walking(AssetId("a")):
        assert handover.notes(AssetId("a")).signals == ("said",)
    assert handover.notes(AssetId("a")).signals == ()
    with handover.walking(AssetId("never seen")):
        pass


def test_of_too_many_the_one_that_was_not_used_for_longest_goes():
    handover = Handover()
    kept = handover.notes(AssetId("kept"))
    for number in range(MOST_ASSETS - 1):
        handover.notes(AssetId(str(number)))
    handover.notes(AssetId("kept"))
    handover.notes(AssetId("one more"))
    assert handover.notes(AssetId("kept")) is kept
    assert len(handover._notes) == MOST_ASSETS


def test_what_was_made_is_noted_in_a_walk_only():
    handover = Handover()
    handover.notes(AssetId("a")).note_grant("licence")
    assert handover.notes(AssetId("a")).grant is None
    with handover.walking(AssetId("a")):
        handover.notes(AssetId("a")).note_sealed("file")
        assert handover.notes(AssetId("a")).sealed == "file"
    assert handover.notes(AssetId("a")).sealed is None


def test_what_intake_wrote_is_believed_in_the_walk_that_follows_it_alone():
    handover, row = Handover(), {"id": "a"}
    handover.notes(AssetId("a")).row = row
    assert handover.notes(AssetId("a")).own_row is None, "nobody holds the lease yet"
    with handover.walking(AssetId("a"), is_new=True):
        assert handover.notes(AssetId("a")).own_row is row
    handover.notes(AssetId("a")).row = row
    with handover.walking(AssetId("a")):  # somebody else may have been at work meanwhile
        assert handover.notes(AssetId("a")).own_row is None


def test_a_decision_and_its_packs_are_noted_in_a_walk_only():
    handover = Handover()
    handover.notes(AssetId("a")).note_decision("decision")
    handover.notes(AssetId("a")).note_packs(("pack",))
    assert (handover.notes(AssetId("a")).decision, handover.notes(AssetId("a")).packs) == (None, ())
    with handover.walking(AssetId("a")):
        handover.notes(AssetId("a")).note_decision("decision")
        handover.notes(AssetId("a")).note_packs(("pack",))
        assert (handover.notes(AssetId("a")).decision, handover.notes(AssetId("a")).packs) == ("decision", ("pack",))
