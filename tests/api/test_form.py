"""What pages bring, with many files in a folder, and what uploads bring, with one that is hashed as it comes."""

import asyncio

import pytest

from api.bounds import StalledUploadError
from api.form import Bounds, FormError, receive_form, receive_upload
from api.multipart import MOST_FIELD_BYTES, MOST_FIELDS
from api.refusals import MalformedRequestError
from provenance.errors import AssetTooLargeError

BOUNDARY = "multipart/form-data; boundary=abc"


def build(*parts, end=b"--abc--\r\n"):
    """Bytes of a form: (headers of Content-Disposition, body) each."""
    return (
        b"".join(
            b"--abc\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + body + b"\r\n" for head, body in parts
        )
        + end
    )


async def each(data, size):
    for start in range(0, len(data), size):
        yield data[start : start + size]


def receive(data, kind=BOUNDARY, *, size=7, **bounds):
    """What came, and what lay in each file while it lay there, and where."""

    async def run():
        async with receive_form(kind, each(data, size), Bounds(**{"most_bytes": 10_000_000, **bounds})) as form:
            return form, [one.open().read() for one in form.files], [one.path for one in form.files]

    return asyncio.run(run())


def test_fields_and_files_come_whole_however_they_are_cut():
    data = build(
        (b'name="title"', "Käse \r\n--ab".encode()),
        (b'name="file"; filename="C:\\\\a.PNG"\r\nContent-Type: image/png', b"\r\n--abd\0" * 40),
        (b'name="title"', b"second"),
        (b'name="none"; filename=""', b""),
    )
    for size in (1, 7, 4096):
        form, contents, paths = receive(data, size=size)
        assert form.text("title") == "Käse \r\n--ab"
        assert (form.text("none"), form.text("nothing", "else")) == ("", "else")
        assert [(one.field, one.size_bytes) for one in form.files] == [("file", 320)]
        assert contents == [b"\r\n--abd\0" * 40]
        assert paths[0].suffix == ".png"
        assert not paths[0].parent.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\0b", "x" * 3000, ".png/..", "a.p/g"])
def test_the_name_of_a_file_is_never_where_it_lies(name):
    data = build((b'name="file"; filename="' + name.encode() + b'"', b"x"))
    _, contents, paths = receive(data)
    assert contents == [b"x"]
    assert paths[0].stem == "00001"
    assert len(paths[0].name) <= 10


def test_urlencoded_forms_are_read_too():
    form, _, _ = receive(b"url=https%3A%2F%2Fa.example%2F&lang=zh&lang=en", "application/x-www-form-urlencoded")
    assert dict(form.fields) == {"url": "https://a.example/", "lang": "zh"}
    with pytest.raises(FormError, match="a file in the field file"):
        form.file()


@pytest.mark.parametrize(("data", "kind", "said"), [
    (b"x", "image/png", "got image/png"),
    (b"x", "", "no content type"),
    (b"x", "multipart/form-data", "boundary"),
    (b"nonsense", BOUNDARY, "something else"),
    (build((b'name="a"', b"x"), end=b""), BOUNDARY, "broke off"),
    (build((b'name="a"; filename="b"', b"x"), end=b"--ab"), BOUNDARY, "broke off"),
    (build((b"x=1", b"x")), BOUNDARY, "have a name"),
    (build((b'name="a"', b"\xff")), BOUNDARY, "UTF-8"),
    (build(*[(b'name="a"; filename="b"', b"x")] * 2), BOUNDARY, "at most 1 files"),
    (build(*[(b'name="a"', b"x")] * (MOST_FIELDS + 2)), BOUNDARY, "got more"),
    (b"&".join([b"a=1"] * (MOST_FIELDS + 1)), "application/x-www-form-urlencoded", "at most"),
    (b"a=%ff", "application/x-www-form-urlencoded", "UTF-8"),
])  # fmt: skip
def test_what_is_no_such_form_is_told(data, kind, said):
    with pytest.raises(MalformedRequestError, match=said):
        receive(data, kind)


def test_bounds_hold_while_it_comes():
    with pytest.raises(AssetTooLargeError, match="at most 100 bytes"):
        receive(build((b'name="a"; filename="b"', bytes(200))), most_bytes=100)
    with pytest.raises(AssetTooLargeError, match="a field"):
        receive(build((b'name="a"', b"x" * (MOST_FIELD_BYTES + 1))), size=65536)
    with pytest.raises(AssetTooLargeError, match="a form"):
        receive(b"a=" + b"x" * (3 * MOST_FIELD_BYTES), "application/x-www-form-urlencoded", size=65536)


def test_a_form_that_stalls_is_ended():
    async def stall():
        yield b"--abc\r\n"
        await asyncio.sleep(60)
        yield b""

    async def run():
        async with receive_form(BOUNDARY, stall(), Bounds(1000, idle_s=0.02)):
            raise AssertionError

    with pytest.raises(StalledUploadError, match="a part of it every 0.02 s"):
        asyncio.run(run())


UPLOAD = build(
    (b'name="packs"', b"one"),
    (b'name="recipe"; filename="recipe.json"', b"{}"),
    (b'name="packs"', b"two"),
    (b'name="file"; filename="..\\\\a b.jpg"\r\nContent-Type: image/JPEG; q=1', b"\x00\r\n--ab" * 50),
)


def upload(data, *, most_bytes=1 << 20, idle_s=5.0, pause_s=0.0, size=10_000):
    async def slowly():
        async for one in each(data, size):
            await asyncio.sleep(pause_s)
            yield one

    async def run():
        async with receive_upload(BOUNDARY, slowly(), most_bytes=most_bytes, idle_s=idle_s, total_s=5.0) as came:
            return came, None if came.file is None else came.file.read()

    return asyncio.run(run())


def test_an_upload_is_one_file_beside_texts_whatever_they_say_of_themselves():
    came, data = upload(UPLOAD)
    assert came.fields == {"packs": ["one", "two"], "recipe": ["{}"]}
    assert (data, came.file_name, came.file_type) == (b"\x00\r\n--ab" * 50, "..\\a b.jpg", "image/jpeg")
    came, data = upload(build((b'name="prompt"', b"x")))
    assert (came.file, came.file_name, came.file_type) == (None, "", "")


def test_an_upload_has_its_own_bounds():
    with pytest.raises(AssetTooLargeError, match="at most 100 bytes"):
        upload(UPLOAD, most_bytes=100)
    with pytest.raises(MalformedRequestError, match="one part file"):
        upload(build((b'name="file"', b"1"), (b'name="file"', b"2")))
    with pytest.raises(StalledUploadError):
        upload(UPLOAD, size=10, idle_s=0.01, pause_s=0.1)
