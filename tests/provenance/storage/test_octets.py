import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.storage import octets
from provenance.storage.octets import Window, cut, search, strip


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Everything crosses the ends of blocks."""
    monkeypatch.setattr(octets, "BLOCK_BYTES", 7)
    monkeypatch.setattr(octets, "_SEARCH_BYTES", 5)


def window(data):
    return Window(lambda start, size: data[start : start + size], len(data))


data = st.binary(max_size=60)
place = st.integers(-70, 70)


@given(data, place, place)
def test_it_slices_as_bytes_do(data, start, stop):
    seen = window(data)
    for _ in range(2):
        assert seen[start:stop] == data[start:stop]
    assert seen[start:] == data[start:]
    assert len(seen) == len(data)


@given(data, place)
def test_it_gives_single_bytes_as_bytes_do(data, at):
    seen = window(data)
    if -len(data) <= at < len(data):
        assert seen[at] == data[at]
    else:
        with pytest.raises(IndexError):
            _ = seen[at]


@given(data, st.integers(0, 70), place)
def test_what_is_cut_off_is_not_there(data, end, start):
    for seen in (data, window(data)):
        part = cut(seen, end)
        assert len(part) == len(data[:end])
        assert part[start:] == data[:end][start:]
        assert part.find(data[-1:]) == data[:end].find(data[-1:])


letters = st.text("ab", max_size=40).map(str.encode)


@given(letters, st.text("ab", min_size=1, max_size=4).map(str.encode), st.integers(0, 50), st.integers(0, 50))
def test_it_finds_as_bytes_do(data, sub, start, end):
    assert window(data).find(sub, start, end) == data.find(sub, start, end)
    assert window(data).find(sub, start) == data.find(sub, start)


@given(letters, st.integers(0, 50))
def test_a_search_is_the_same_everywhere(data, start):
    pattern = re.compile(rb"a[^a]")
    assert search(pattern, window(data), start, longest=2) == search(pattern, data, start, longest=2)


@given(st.text("ab \n", max_size=40).map(str.encode), st.integers(0, 40))
def test_padding_is_taken_from_both_sides(data, start):
    for seen in (data, window(data)):
        first, stop = strip(seen, min(start, len(data)), b" \n")
        assert data[first:stop] == data[start:].strip(b" \n")
