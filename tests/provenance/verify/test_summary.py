"""What is said in a sentence, by the name of the medium, and how much of a release a file is."""

import pytest

from provenance.asset import AssetId
from provenance.errors import UnsupportedMediaError
from provenance.media.medium import Look
from provenance.verify.state import Grade, JointState, Layer, LayerStatus
from provenance.verify.summary import choose_grade, describe_grade, summarise
from provenance.verify.tracing import Mark

MARK = Mark(Layer("watermark", "x", LayerStatus.ABSENT, ""), agrees=True)


def test_a_text_is_called_a_text():
    said = summarise(JointState.LOOKS_LIKE_RELEASE, MARK, Look("text/plain"), None, "text")
    assert said.startswith("This text looks like one")
    assert "picture" in summarise(JointState.LOOKS_LIKE_RELEASE, MARK, Look("image/png"), None, "picture")
    unseen = Look("", problem=UnsupportedMediaError("no"), kind="a PDF")
    assert "a PDF" in summarise(JointState.NONE_FOUND, MARK, unseen, None, "")


@pytest.mark.parametrize(("asset_id", "is_exact", "is_same", "expected"), [
    (AssetId("a"), True, True, Grade.EXACT), (AssetId("a"), False, True, Grade.CANONICAL),
    (AssetId("a"), False, False, Grade.RECOVERED), (None, True, True, Grade.NONE),
])  # fmt: skip
def test_the_strongest_grade_counts(asset_id, is_exact, is_same, expected):
    assert choose_grade(asset_id, is_exact=is_exact, is_same=is_same) is expected
    assert describe_grade(expected)[0].startswith(f"grade {expected}: ")
    assert describe_grade(None) == ()
