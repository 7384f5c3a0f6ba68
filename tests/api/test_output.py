import os

import pytest

from api.console import CommandUsageError, FileAccessError
from api.output import NOWHERE, parse_output, telling_os_errors
from provenance.asset import MediaType
from provenance.storage.blob import Blob


def chosen(asked, name="in.png", media_type=MediaType.PNG, **how):
    return parse_output(str(asked), **how).choose(name, media_type).path


@pytest.mark.parametrize(("asked", "expected"), [
    ("out", "out/in.png"), ("out/", "out/in.png"), ("v1.2/", "v1.2/in.png"), ("art.png", "art.png"),
    ("art.PNG", "art.PNG"), ("there/../b.png", "there/../b.png"), (".", "in.png"), (".hidden", ".hidden/in.png"),
])  # fmt: skip
def test_a_path_is_what_was_asked_for(tmp_path, monkeypatch, asked, expected):
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    assert str(chosen(asked)) == expected


def test_a_way_over_a_folder_that_is_not_there_is_where_it_will_lead(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path.parent)
    assert chosen("new/../b.png") == tmp_path / "b.png"
    assert chosen("link/new/../b.png") == tmp_path.parent / "b.png"


def test_a_folder_that_is_there_is_a_folder(tmp_path):
    (tmp_path / "x.png").mkdir()
    assert chosen(tmp_path / "x.png") == tmp_path / "x.png" / "in.png"


@pytest.mark.parametrize(("asked", "media_type", "right"), [
    ("a.png", MediaType.JPEG, "-o a.jpg"), ("v1.2", MediaType.PNG, "-o v1.2.png for a file, v1.2/ for a folder"),
    ("a.jpeg", MediaType.WEBP, "-o a.webp"),
])  # fmt: skip
def test_an_ending_has_to_fit(asked, media_type, right):
    with pytest.raises(CommandUsageError, match=right):
        chosen(asked, media_type=media_type)
    place = parse_output(asked).choose("x", None)
    with pytest.raises(CommandUsageError, match=right):
        place.verify_type(media_type)


@pytest.mark.parametrize("asked", ["a.jpg", "a.JPEG", "a.jfif", "a.jpe"])
def test_a_type_has_several_endings(asked):
    assert str(chosen(asked, media_type=MediaType.JPEG)) == asked


@pytest.mark.parametrize(("asked", "how", "said"), [
    ("", {}, "got nothing"), ("-", {"several": True}, "takes one file"), ("a.png", {"several": True}, "-o a/"),
    ("/dev/null", {}, "no folder"), ("/dev/null", {"several": True}, "need a folder"), ("/dev/null/", {}, "no folder"),
])  # fmt: skip
def test_what_is_no_output_teaches(asked, how, said):
    with pytest.raises(CommandUsageError, match=said):
        parse_output(asked, **how)


def test_names_in_a_folder_are_told_apart_even_where_case_and_accents_are_not():
    output = parse_output("out/", several=True)
    names = ["x.png", "X.png", "x.jpg", "é.png", "e\u0301.png", "", "a/b/y.png", "../z.png"]
    kinds = [MediaType.PNG, MediaType.PNG, MediaType.JPEG, *[MediaType.PNG] * 5]
    places = [output.choose(name, kind) for name, kind in zip(names, kinds, strict=True)]
    assert [os.path.relpath(place.path, "out") for place in places] == [
        "x.png", "X-2.png", "x.jpg", "é.png", "e\u0301-2.png", "picture.png", "y.png", "z.png",
    ]  # fmt: skip


def test_nowhere_is_nowhere():
    assert parse_output(None).choose("x", MediaType.PNG) is NOWHERE
    assert not NOWHERE.is_wanted
    NOWHERE.verify(10**12)
    assert NOWHERE.write(b"x") == ""
    assert not NOWHERE.holds(Blob.from_bytes(b"x"))


def test_a_copy_that_is_there_is_known(tmp_path):
    place = parse_output(str(tmp_path / "x.png"), force=False).choose("x", MediaType.PNG)
    assert not place.holds(Blob.from_bytes(b"one"))
    assert place.write(b"one") == str(tmp_path / "x.png")
    assert place.holds(Blob.from_bytes(b"one"))
    assert not place.holds(Blob.from_bytes(b"two"))
    with pytest.raises(FileAccessError, match="--force"):
        place.write(b"two")


def test_other_files_have_any_ending(tmp_path):
    assert parse_output(str(tmp_path / "proof"), any_ending=True).choose("7").path == tmp_path / "proof"
    (tmp_path / "there").mkdir()
    assert parse_output(str(tmp_path / "there"), any_ending=True).choose("7", suffix=".p").path.name == "7.p"


def test_what_a_library_cannot_write_is_told_alike(tmp_path):
    with pytest.raises(FileAccessError, match="cannot write .*: is a directory"), telling_os_errors(tmp_path):
        tmp_path.write_text("x")
