import pytest

from api.spelling import parse_list, parse_origin


@pytest.mark.parametrize(("value", "items"), [
    ("", []), ("a", ["a"]), ("a, b,,", ["a", "b"]), ('["a", "b"]', ["a", "b"]), (("a",), ("a",)),
])  # fmt: skip
def test_lists_are_json_or_comma_separated(value, items):
    assert parse_list(value) == items


@pytest.mark.parametrize(("value", "origin"), [
    ("https://Gate.example.org/", "https://gate.example.org"), ("http://127.0.0.1:8600", "http://127.0.0.1:8600"),
    ("http://[::1]:8600", "http://[::1]:8600"),
])  # fmt: skip
def test_an_origin_is_scheme_host_and_port(value, origin):
    assert parse_origin(value) == origin


@pytest.mark.parametrize("value", [
    "", "gate.example.org", "ftp://gate", "https://", "https://u:p@gate", "https://gate/path", "https://gate?x", "https://gate#x",
])  # fmt: skip
def test_what_is_more_or_less_than_an_origin_is_refused(value):
    with pytest.raises(ValueError, match="expected a scheme and a host"):
        parse_origin(value)
