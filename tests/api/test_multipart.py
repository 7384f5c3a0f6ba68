"""Forms as they come: by any split, hostile ones, and long ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.multipart import MOST_FIELD_BYTES, MOST_FIELDS, MultipartReader, find_boundary
from api.refusals import MalformedRequestError
from provenance.errors import AssetTooLargeError

TYPE = "multipart/form-data; boundary=XX"


class Kept:
    """A file that keeps what it is given."""

    def __init__(self, head):
        self.head, self.data, self.ended = head, b"", 0

    def write(self, data):
        self.data += data

    def end(self):
        self.ended += 1


def part(name, data, more=b""):
    return b'--XX\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + data + b"\r\n"


WHOLE = (
    part(b"prompt", "a café".encode())
    + part(b"packs", b"one")
    + part(b"packs", b"two")
    + part(b"file", b"\x00\r\n--X" * 50, b'; filename="..\\\\a b.jpg"\r\nContent-Type: image/jpeg')
    + b"--XX--\r\n"
)


def take(data, *, step=10_000):
    files = []

    def open_file(head):
        if head.file_name is None:
            return None
        files.append(Kept(head))
        return files[-1]

    reader = MultipartReader(TYPE, open_file)
    for start in range(0, len(data), step):
        reader.write(data[start : start + step])
    reader.finish()
    return reader.fields, files


@given(st.integers(1, len(WHOLE)))
def test_a_form_is_the_same_however_it_is_split(step):
    fields, (file,) = take(WHOLE, step=step)
    assert fields == {"prompt": ["a café"], "packs": ["one", "two"]}
    assert (file.data, file.ended) == (b"\x00\r\n--X" * 50, 1)
    assert (file.head.number, file.head.field) == (4, "file")
    assert (file.head.file_name, file.head.media_type) == ("..\\a b.jpg", "image/jpeg")


@given(st.binary(max_size=200))
def test_anything_else_is_refused_and_nothing_worse(data):
    with pytest.raises(MalformedRequestError):
        take(b"x" + data)


@pytest.mark.parametrize(("data", "word"), [
    (WHOLE[:-8], "broke off"),
    (b"", "broke off"),
    (part(b"a", b"x") * (MOST_FIELDS + 2) + b"--XX--\r\n", "at most 65 parts"),
    (b"--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--\r\n", "have a name"),
    (part(b"", b"x") + b"--XX--\r\n", "have a name"),
    (part(b"a", b"\xff\xfe") + b"--XX--\r\n", "UTF-8"),
    (part(b"a" * 9000, b"x") + b"--XX--\r\n", "headers of a part|multipart form"),
])  # fmt: skip
def test_forms_that_are_none_of_ours(data, word):
    with pytest.raises(MalformedRequestError, match=word):
        take(data)


def test_a_field_that_is_too_long_is_refused_while_it_comes():
    with pytest.raises(AssetTooLargeError, match="field"):
        take(part(b"prompt", b"x" * (MOST_FIELD_BYTES + 1)))


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 71, "multipart/form-data; boundary="]
)
def test_a_form_without_a_boundary_is_none(kind):
    with pytest.raises(MalformedRequestError, match="boundary"):
        find_boundary(kind)
