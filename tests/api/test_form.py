"""Forms as they come: by any split, hostile ones, and long ones."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bounds import StalledUploadError
from api.form import MOST_FIELD_BYTES, MOST_FIELDS, find_boundary, receive_form
from api.refusals import MalformedRequestError
from provenance.errors import AssetTooLargeError

TYPE = "multipart/form-data; boundary=XX"


def part(name, data, more=b""):
    return b'--XX\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + data + b"\r\n"


WHOLE = (
    part(b"prompt", "a café".encode())
    + part(b"packs", b"one")
    + part(b"packs", b"two")
    + part(b"file", b"\x00\r\n--X" * 50, b'; filename="..\\a b.jpg"\r\nContent-Type: image/jpeg')
    + b"--XX--\r\n"
)


def take(data, *, step=10_000, content_type=TYPE, most_bytes=1 << 20, idle_s=5.0, pause_s=0.0):
    async def parts():
        for start in range(0, len(data), step):
            await asyncio.sleep(pause_s)
            yield data[start : start + step]

    async def run():
        async with receive_form(content_type, parts(), most_bytes=most_bytes, idle_s=idle_s, total_s=5.0) as form:
            file = None if form.file is None else form.file.read()
            return form.fields, file, form.file_name, form.file_type

    return asyncio.run(run())


@given(st.integers(1, len(WHOLE)))
def test_a_form_is_the_same_however_it_is_split(step):
    fields, file, name, kind = take(WHOLE, step=step)
    assert fields == {"prompt": ["a café"], "packs": ["one", "two"]}
    assert (file, name, kind) == (b"\x00\r\n--X" * 50, "..\\a b.jpg", "image/jpeg")


@given(st.binary(max_size=200))
def test_anything_else_is_refused_and_nothing_worse(data):
    with pytest.raises(MalformedRequestError):
        take(b"x" + data)


@pytest.mark.parametrize(("data", "word"), [
    (WHOLE[:-8], "broke off"),
    (part(b"file", b"1") + part(b"file", b"2") + b"--XX--\r\n", "one part file"),
    (part(b"a", b"x") * (MOST_FIELDS + 1) + b"--XX--\r\n", "at most 64 parts"),
    (b"--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--\r\n", "have a name"),
    (part(b"a", b"\xff\xfe") + b"--XX--\r\n", "UTF-8"),
    (part(b"a" * 9000, b"x") + b"--XX--\r\n", "headers of a part|multipart form"),
])  # fmt: skip
def test_forms_that_are_none_of_ours(data, word):
    with pytest.raises(MalformedRequestError, match=word):
        take(data)


def test_what_is_too_long_is_refused_while_it_comes():
    with pytest.raises(AssetTooLargeError, match="at most 100 bytes"):
        take(part(b"file", b"x" * 200) + b"--XX--\r\n", most_bytes=100)
    with pytest.raises(AssetTooLargeError, match="field"):
        take(part(b"prompt", b"x" * (MOST_FIELD_BYTES + 1)) + b"--XX--\r\n")


def test_what_stalls_is_ended():
    with pytest.raises(StalledUploadError):
        take(WHOLE, step=10, idle_s=0.01, pause_s=0.1)


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 71, "multipart/form-data; boundary="]
)
def test_a_form_without_a_boundary_is_none(kind):
    with pytest.raises(MalformedRequestError, match="boundary"):
        find_boundary(kind)
