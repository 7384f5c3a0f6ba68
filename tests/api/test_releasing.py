import os

import pytest

from api.console import CommandUsageError, FileAccessError
from api.output import parse_output
from api.releasing import Making, find_shipping_type, plan_sources, read_prompt
from provenance.asset import MediaType, sha256_hex
from provenance.media.media import Media
from provenance.media.picture.medium import PictureMedium
from tests.sites import encode, photograph


def test_a_prompt_is_typed_or_read_from_a_file(tmp_path):
    (tmp_path / "p.txt").write_bytes("\ufeff a boat\n".encode())
    assert read_prompt(" a boat ") == read_prompt(None, file=str(tmp_path / "p.txt")) == "a boat"
    assert read_prompt(None) is None


MEDIA = Media([PictureMedium(None, {}, ())])


@pytest.mark.parametrize(("text", "said"), [
    ("", "at least one word"), (" \n\t", "at least one word"), ("\u200b\u2060", "at least one word"),
    ("\udce9", "UTF-8"),
])  # fmt: skip
def test_what_is_no_prompt_teaches(text, said, tmp_path):
    with pytest.raises(CommandUsageError, match=said):
        read_prompt(text)
    (tmp_path / "p.txt").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CommandUsageError, match=said):
        read_prompt(None, file=str(tmp_path / "p.txt"))


def test_there_is_one_prompt(tmp_path):
    with pytest.raises(CommandUsageError, match="got both"):
        read_prompt("x", file="y")
    with pytest.raises(FileAccessError, match="cannot read"):
        read_prompt(None, file=str(tmp_path / "absent"))


def test_what_is_said_of_the_making_is_a_recipe_without_the_prompt():
    assert Making().build_recipe() == {}
    assert Making("a boat", 0, "some-model").build_recipe() == {
        "digital_source_type": "trainedAlgorithmicMedia", "model_name": "some-model", "seed": 0,
        "prompt_sha256": sha256_hex(b"a boat"),
    }  # fmt: skip
    assert "seed" not in Making("a boat").build_recipe()


@pytest.mark.parametrize(("kind", "ships"), [
    ("PNG", MediaType.PNG), ("GIF", MediaType.PNG), ("JPEG", MediaType.JPEG), ("AVIF", MediaType.AVIF),
])  # fmt: skip
def test_what_ships_is_known_from_the_first_bytes(kind, ships):
    assert find_shipping_type(MEDIA, encode(photograph(side=64), kind)[:4096]) is ships
    assert find_shipping_type(MEDIA, b"") is None
    assert find_shipping_type(MEDIA, b"hello") is None


def test_every_file_has_its_place_or_says_why_not(tmp_path):
    names = ("x.gif", "x.png", b"\xff.png")
    for name in names:
        path = os.path.join(os.fsencode(tmp_path), os.fsencode(name))
        with open(path, "wb") as file:
            file.write(encode(photograph(side=64), "GIF" if name == "x.gif" else "PNG"))
    paths = [*(os.fsdecode(os.path.join(os.fsencode(tmp_path), os.fsencode(name))) for name in names), "absent"]
    sources = plan_sources(paths, parse_output(f"{tmp_path}/out/", several=True), MEDIA, most_bytes=1 << 20)
    assert [source.place.path.name for source in sources] == ["x.png", "x-2.png", "\udcff.png", "absent"]
