"""What the demo says of a chain; that it makes one is shown by the demo's own test."""

from api.commands.demo_clips import CLIP, LONGER, take_clips, tell_chain
from api.settings import build_default_settings


def branch(relationship, state, *ingredients):
    return {"relationship": relationship, "state": state, "ingredients": list(ingredients)}


MUSIC = branch("componentOf", "unsigned")


def test_a_whole_chain_is_told_and_no_other():
    picture = branch("inputTo", "intact")
    assert "drawn picture" in tell_chain([MUSIC, branch("parentOf", "intact", MUSIC, picture)])
    assert tell_chain([MUSIC, branch("parentOf", "intact", MUSIC, branch("inputTo", "broken"))]) == ""
    assert tell_chain([MUSIC, branch("parentOf", "unsigned")]) == ""
    assert tell_chain([]) == ""


def test_its_site_takes_clips_and_its_files_have_names_of_their_own(tmp_path):
    assert take_clips(build_default_settings(tmp_path)).media == ("picture", "video")
    assert (CLIP, LONGER) == ("drawn-cat.mp4", "drawn-cat-extended.mp4")
