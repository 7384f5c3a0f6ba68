import pytest

from policies.rules.patterns import compile_pattern, measure_pattern


def test_a_pattern_is_compiled_once_and_found_in_a_text():
    assert compile_pattern("b+") is compile_pattern("b+")
    assert compile_pattern("b+").search("abbc") is not None


@pytest.mark.parametrize("pattern", ["(", "(?=a)b", r"(a)\1", r"\pL{900}{900}"])
def test_what_re2_does_not_take_is_told(pattern):
    with pytest.raises(ValueError, match=r"\w"):
        measure_pattern(pattern)


def test_repetitions_count_as_often_as_they_repeat():
    assert measure_pattern("a") < 10
    assert measure_pattern("(.{0,9}){9}" * 20) > 1_000 > measure_pattern("(?i)gun|knife|bomb")
