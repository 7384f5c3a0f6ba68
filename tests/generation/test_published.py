"""What can be pulled by name: pinned whole, and digests that look like digests."""

import re

import pytest

from generation.backends.diffusers_local import DiffusersLocal
from generation.published import PUBLISHED, find_published
from generation.weights import check_pin


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.hub_id)
def test_each_is_pinned_and_its_options_are_some(one, tmp_path):
    check_pin(one.hub_id, one.revision)
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in one.digests.values())
    assert DiffusersLocal({"model": str(tmp_path), **one.options}).name == "diffusers_local"


def test_a_commit_need_not_be_given_and_another_one_is_not_known():
    assert find_published("stabilityai/sd-turbo").revision.startswith("b261bac6")
    assert find_published("stabilityai/sd-turbo", "0" * 40) is None
    assert find_published("nobody/nothing") is None
