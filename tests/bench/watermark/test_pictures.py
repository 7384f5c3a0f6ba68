import struct
import tomllib

import numpy as np
import pytest
from PIL import Image

from bench.watermark import pictures
from tests.bench.watermark.pictures import photograph, write_sets


def test_the_list_names_known_packages_and_keeps_splits_apart():
    listed = pictures.load_list()
    whole = tomllib.loads(pictures.LIST.read_text("utf-8"))
    packages = whole["packages"]
    assert {source.package for source in listed} | {row[0] for row in whole["special"].values()} == packages.keys()
    assert {source.split for source in listed} == set(pictures.SPLITS)
    files = [(source.package, source.file) for source in listed]
    assert len(set(files)) == len(files)
    heldout = [source for source in listed if source.split == "heldout"]
    assert len(heldout) >= 60
    for package in packages.values():
        assert package.keys() == {"registry", "version", "licence"}


def resource_file(version):
    """Return a Qt resource file that holds a/b with some bytes."""
    payload = struct.pack(">I", 5) + b"bytes"
    names = b"".join(struct.pack(">HI", 1, 0) + letter.encode("utf-16-be") for letter in "ab")
    time = b"\0" * 8 if version >= 2 else b""
    folder = struct.pack(">IHII", 0, 2, 1, 1) + time
    inner = struct.pack(">IHII", 0, 2, 1, 2) + time
    file = struct.pack(">IHHHI", 8, 0, 0, 1, 0) + time
    tree = folder + inner + file
    start = 24
    head = b"qres" + struct.pack(">IIII", version, start, start + len(tree), start + len(tree) + len(payload))
    return head.ljust(start, b"\0") + tree + payload + names


@pytest.mark.parametrize("version", [1, 2, 3])
def test_resources_are_read(version):
    assert list(pictures.resources(resource_file(version))) == [("a/b", b"bytes")]


def test_sets_have_their_sizes_and_nothing_grows():
    image = Image.fromarray(photograph(width=1200, height=800))
    assert pictures.to_set(image, "2048") is None
    assert pictures.to_set(image, "1024").size == (1024, 683)
    assert pictures.to_set(image, "768").size == (768, 512)
    assert pictures.to_set(image.transpose(Image.Transpose.ROTATE_90), "500").size == (375, 500)
    assert pictures.to_set(image.resize((700, 300)), "768") is None


def test_pictures_are_built_and_read_back(tmp_path, monkeypatch):
    package = tmp_path / "unpacked" / "one"
    package.mkdir(parents=True)
    Image.fromarray(photograph(width=1100, height=700)).save(package / "first.png")
    source = pictures.Source("first", "one", "first.png", "heldout")
    monkeypatch.setattr(pictures, "load_list", lambda: (source,))
    pictures.build(tmp_path / "unpacked", tmp_path / "sets", None)
    (picture,) = pictures.load_set(tmp_path / "sets", "heldout/1024")
    assert picture.load().shape == (652, 1024, 3)
    assert picture.name.endswith("-first")
    assert not (tmp_path / "sets" / "heldout" / "2048").exists()


def test_a_limit_takes_the_first_and_absence_is_said(tmp_path, monkeypatch):
    root = write_sets(tmp_path)
    assert [picture.name for picture in pictures.load_set(root, "heldout/500", 1)] == ["00-astronaut"]
    assert [picture.name for picture in pictures.load_set(root, "heldout/500", None, 1)] == ["01-coffee"]
    assert np.array_equal(pictures.load_set(root, "heldout/500")[0].load(), photograph())
    monkeypatch.setenv(pictures.ENVIRONMENT, str(root))
    assert pictures.pictures_root(None) == root
    monkeypatch.delenv(pictures.ENVIRONMENT)
    with pytest.raises(SystemExit, match="expected a folder of pictures"):
        pictures.pictures_root(None)
    with pytest.raises(SystemExit, match="expected pictures in"):
        pictures.load_set(root, "heldout/2048")
