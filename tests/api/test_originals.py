import os

import pytest

from api.console import CommandUsageError
from api.originals import Original, list_originals

STATED = Original("", owner="Everybody", bank="works")


def listed(tmp_path, content, name="works.csv"):
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return list_originals([str(tmp_path / name)], STATED)


def test_files_are_as_they_come_and_titled_by_their_name():
    found = list_originals(["a/b.png", "-", "c\nd.jpg"], STATED).originals
    assert [(one.path, one.title, one.owner) for one in found] == [
        ("a/b.png", "b", "Everybody"), ("-", "untitled", "Everybody"), ("c\nd.jpg", "c d", "Everybody"),
    ]  # fmt: skip


def test_a_folder_is_walked_by_name_and_what_is_no_picture_is_passed_over(tmp_path):
    for name in ("b.png", "a/z.JPG", "a/notes.txt", ".hidden/x.png", "._c.png", "c.tiff"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    found = list_originals([str(tmp_path)], STATED)
    assert [os.path.relpath(one.path, tmp_path) for one in found.originals] == ["b.png", "c.tiff", "a/z.JPG"]
    assert found.notes == (f"{tmp_path}: 2 other files were passed over",)


def test_a_pipe_in_a_folder_is_not_waited_for_and_a_broken_link_is_told(tmp_path):
    (tmp_path / "a.png").touch()
    os.mkfifo(tmp_path / "b.png")
    (tmp_path / "c.png").symlink_to("nowhere.png")
    found = list_originals([str(tmp_path)], STATED)
    assert [os.path.basename(one.path) for one in found.originals] == ["a.png", "c.png"]
    assert "1 other file was passed over" in found.notes[0]


def test_a_folder_without_pictures_is_an_error_of_its_own(tmp_path):
    (one,) = list_originals([str(tmp_path)], STATED).originals
    assert "no picture" in str(one.error)


@pytest.mark.parametrize("encode", [
    str.encode, lambda text: text.encode("utf-8-sig"), lambda text: text.encode("utf-16"),
    lambda text: text.replace(",", ";").encode(), lambda text: text.replace(",", "\t").replace("\n", "\r\n").encode(),
])  # fmt: skip
def test_a_list_is_read_as_spreadsheets_write_it(tmp_path, encode):
    content = "File,Title,OWNER,bank,id\na.png,Der Schrei,山田　太郎,works,W-1\nsub/b.png,,,,\n\n"
    first, second = listed(tmp_path, encode(content)).originals
    assert first == Original(str(tmp_path / "a.png"), "Der Schrei", "山田　太郎", "works", "W-1")
    assert second == Original(str(tmp_path / "sub" / "b.png"), "b", "Everybody", "works", "")


def test_quoted_cells_hold_what_separates_them(tmp_path):
    (one,) = listed(tmp_path, 'file,title\na.png,"one, two ""three"""\n').originals
    assert one.title == 'one, two "three"'


def test_a_row_that_is_wrong_stops_no_other(tmp_path):
    found = listed(tmp_path, "file,owner\n,A\na.png,A,too much\nb.png,B\n").originals
    assert [bool(one.error) for one in found] == [True, True, False]
    assert "line 2: no file" in str(found[0].error)
    assert "line 3: more cells" in str(found[1].error)


@pytest.mark.parametrize(("content", "said"), [
    ("", "expected a header"), ("path,owner\n", "expected a header"), ("file,onwer\n", "did you mean 'owner'"),
    ("file,file\n", "comes twice"), (b"file\n\xe9.png\n", "line 2: expected UTF-8"), ('file\n"a.png\n', "not CSV"),
])  # fmt: skip
def test_what_is_no_list_teaches(tmp_path, content, said):
    with pytest.raises(CommandUsageError, match=said):
        listed(tmp_path, content)


def test_other_columns_are_passed_over_and_said(tmp_path):
    assert listed(tmp_path, "file,price\na.png,3\n").notes == (f"{tmp_path}/works.csv: columns passed over: price",)
