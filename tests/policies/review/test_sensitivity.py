import pytest

from policies.review.sensitivity import SENSITIVE, is_sensitive


@pytest.mark.parametrize("word", ["sexual", "prompt.meaning.minors", "written.gore", "sexual_minors_picture"])
def test_what_hurts_to_see_is_sensitive(word):
    assert is_sensitive(["copyright_hold", word], SENSITIVE)


def test_other_things_are_not():
    assert not is_sensitive(["copyright_hold", "prompt.gambling", ""], SENSITIVE)
    assert not is_sensitive(["sexual"], ())
