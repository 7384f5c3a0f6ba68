"""Labels of clips are found in every container that ships."""

import pytest

from provenance.asset import AssetId
from provenance.errors import LabelError
from provenance.labels.aigc import AigcItem
from provenance.labels.containers.clip import build_tags, find_in_matroska, find_in_movie
from provenance.labels.implicit import read_labels
from provenance.media.containers.matroska import MKV
from provenance.media.containers.movie import MOV, MP4
from tests.clips import clip

ITEM = AigcItem(content_producer="somebody", produce_id=AssetId("a-1"))
FLAGS = (("movflags", "use_metadata_tags"),)


@pytest.mark.parametrize(("kind", "media_type"), [("mp4", MP4), ("mov", MOV), ("matroska", MKV)])
def test_an_item_is_read_back_from_what_the_muxer_wrote(kind, media_type):
    data = clip(
        count=2,
        kind=kind,
        tags=tuple(build_tags(ITEM).items()),
        options=FLAGS if kind[0] == "m" and kind != "matroska" else (),
    )
    found = read_labels(data, media_type)
    assert found.item == ITEM
    assert len(found.aigc) == 1
    assert found.says_ai
    assert not found.problems


def test_without_labels_nothing_is_found():
    assert build_tags(None) == {}
    assert read_labels(clip(count=2), MP4).aigc == ()
    assert find_in_matroska(clip(count=2, kind="matroska")).texts == ()


def test_damage_is_a_problem_of_labels():
    with pytest.raises(LabelError):
        find_in_movie(clip(count=2)[:-5])
    assert read_labels(clip(count=2)[:-5], MP4).problems
