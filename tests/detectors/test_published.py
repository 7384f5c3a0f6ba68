"""What can be pulled by name: pinned whole, and digests that look like digests."""

import re

import pytest

from detectors._clip_net import find_preset, open_clip
from detectors.published import PUBLISHED, find_published


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.architecture)
def test_each_is_pinned_and_is_where_open_clip_says(one):
    assert re.fullmatch("[0-9a-f]{40}", one.revision)
    assert re.fullmatch("|[0-9a-f]{64}", one.sha256)
    assert find_preset(one.architecture, one.tag)["hf_hub"].rstrip("/") == one.hub_id
    needs_tokenizer = bool(open_clip.get_model_config(one.architecture)["text_cfg"].get("hf_tokenizer_name"))
    assert ("tokenizer.json" in one.companions) == needs_tokenizer


def test_a_tag_need_not_be_given_and_another_one_is_not_known():
    assert find_published("ViT-B-32").tag == "laion2b_s34b_b79k"
    assert find_published("ViT-B-32", "openai") is None
    assert find_published("nonesuch") is None
